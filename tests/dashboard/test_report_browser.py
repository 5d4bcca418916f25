"""The exported HTML report in a real browser: it draws, answers the mouse, and asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from summaries import export_runs, init

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that may open files of this machine, which `open_page` refuses."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    yield context.new_page()
    context.close()


COLOURS = """canvas => {
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const seen = new Set();
    for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] > 200) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
    return seen.size;
}"""


def test_the_report_draws_a_chart_a_tag_and_tells_values_under_the_mouse(
    page: Page, tmp_path: Path
) -> None:
    for name, lr in (("a", 0.1), ("<b>b</b>", 0.2)):
        with init(tmp_path / "logs", name=name, config={"lr": lr, "epochs": 3}) as run:
            for step in range(3000):
                run.log({"train/loss": lr + step / 1000, "train/acc": step * lr}, step=step)
            run.log({"note": "<script>window.broken = 1</script>"}, step=0)
    (path,) = export_runs(tmp_path / "logs", tmp_path / "report.html")
    errors: list[str] = []
    requests: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    charts = page.locator("canvas")
    assert charts.count() == 2
    assert page.locator("#runs tbody tr").count() == 2
    assert "epochs = 3" in page.locator("#shared").inner_text()
    both = charts.first.evaluate(COLOURS)
    charts.first.hover(position={"x": 200, "y": 100})
    assert "<b>b</b>" in page.locator("#tip").inner_text()
    page.mouse.move(5, 5)
    page.locator("#runs tbody input").first.uncheck()
    page.wait_for_function("() => document.querySelector('#runs tbody tr').className === 'off'")
    page.wait_for_timeout(50)  # a frame
    assert 0 < charts.first.evaluate(COLOURS) < both
    page.locator("#filter").fill("acc")
    assert page.locator(".card:visible h3").all_inner_texts() == ["train/acc"]
    assert page.evaluate("window.broken") is None
    assert errors == []
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
