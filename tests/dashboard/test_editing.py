"""The routes that change runs and views: what they do, and whom they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from dashboard.editing import READ_ONLY
from summaries import export_tfevents, init, open_logdir

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        with init(tmp_path / "logs", name=name) as run:
            run.log({"loss": 0.5}, step=0)
    return tmp_path / "logs"


def get(address: str) -> Any:
    with urlopen(address, timeout=10) as answer:
        return json.loads(answer.read())


def post(address: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    request = Request(address, json.dumps(body).encode(), {**JSON, **(headers or {})})
    with urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def refused(address: str, body: Any, headers: dict[str, str] | None = None) -> tuple[int, str]:
    with pytest.raises(HTTPError) as caught:
        post(address, body, headers)
    with caught.value as error:
        return error.code, json.loads(error.read())["error"]["message"]


def test_runs_are_edited_and_every_page_is_told(logdir: Path, serve: Any) -> None:
    url = serve(logdir)
    before = get(f"{url}/api/index")
    change = {"display_name": "First", "add_labels": ["best"], "colour": "#ff0000"}
    answer = post(f"{url}/api/edit", {"runs": ["a", "none"], "change": change})
    assert answer["changed"] == ["a"]
    assert list(answer["refused"]) == ["none"]
    news = get(f"{url}/api/index?since={before['version']}&epoch={before['epoch']}")
    (run,) = news["runs"]
    assert (run["name"], run["title"], run["color"]) == ("a", "First", "#ff0000")
    assert run["labels"] == ["best"]
    post(f"{url}/api/edit", {"runs": ["a"], "change": {"notes": "# n", "archived": True}})
    assert get(f"{url}/api/records")["records"]["a"]["notes"] == "# n"


def test_a_deleted_run_goes_to_the_trash_and_comes_back(logdir: Path, serve: Any) -> None:
    url = serve(logdir)
    get(f"{url}/api/index")
    post(f"{url}/api/edit", {"runs": ["a"], "change": {"deleted": True}})
    assert [run["name"] for run in get(f"{url}/api/index")["runs"]] == ["b"]
    assert list(get(f"{url}/api/index")["series"]["scalar"]["loss"]) != []
    assert [run["name"] for run in get(f"{url}/api/trash")["runs"]] == ["a"]
    post(f"{url}/api/edit", {"runs": ["a"], "change": {"deleted": False}})
    listing = get(f"{url}/api/index")
    assert sorted(run["name"] for run in listing["runs"]) == ["a", "b"]
    assert len(listing["series"]["scalar"]["loss"]) == 2
    post(f"{url}/api/edit", {"runs": ["a", "b"], "change": {"deleted": True}})
    assert post(f"{url}/api/trash/empty", {"runs": ["a"]}) == {"deleted": ["a"]}
    assert post(f"{url}/api/trash/empty", {"runs": None}) == {"deleted": ["b"]}
    with open_logdir(logdir) as reader:
        assert reader.runs() == reader.runs(deleted=True) == []


def test_what_cannot_be_edited_is_told_with_the_reason(logdir: Path, serve: Any) -> None:
    export_tfevents(logdir, logdir / "theirs")
    url = serve(logdir)
    ((why, names),) = get(f"{url}/api/editable")["runs"].items()
    assert "TensorBoard's event files" in why
    assert sorted(names) == ["theirs/a", "theirs/b"]
    answer = post(f"{url}/api/edit", {"runs": names, "change": {"notes": "x"}})
    assert answer["changed"] == []
    assert "never changed" in answer["refused"]["theirs/a"]


def test_a_read_only_dashboard_changes_nothing(logdir: Path, serve: Any) -> None:
    url = serve(logdir, read_only=True)
    assert get(f"{url}/api/editable") == {"runs": {READ_ONLY: ["a", "b"]}, "views": READ_ONLY}
    edit = {"runs": ["a"], "change": {"notes": "x"}}
    assert refused(f"{url}/api/edit", edit) == (403, READ_ONLY)
    assert refused(f"{url}/api/views/save", {"name": "v", "state": {}})[0] == 403
    assert refused(f"{url}/api/trash/empty", {"runs": None})[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_pages_of_others_change_nothing(logdir: Path, serve: Any, headers: dict[str, str]) -> None:
    url = serve(logdir)
    edit = {"runs": ["a"], "change": {"deleted": True}}
    status, message = refused(f"{url}/api/edit", edit, headers)
    assert status == 403
    assert "refused" in message
    with open_logdir(logdir) as reader:
        assert reader.runs(deleted=True) == []


def test_our_own_page_may_behind_a_proxy_too(logdir: Path, serve: Any) -> None:
    url = serve(logdir)
    edit = {"runs": ["a"], "change": {"notes": "x"}}
    for headers in (
        {"Origin": url},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://other.example"},
        {"Origin": "https://team.example", "X-Forwarded-Host": "team.example"},
    ):
        assert post(f"{url}/api/edit", edit, headers)["changed"] == ["a"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "no JSON object"),
        ({"runs": "a", "change": {"notes": "x"}}, "a list of names"),
        ({"runs": ["a"], "change": {}}, "give 'change'"),
        ({"runs": ["a"], "change": {"name": "x"}}, "give 'change'"),
        ({"runs": ["a"], "change": {"notes": 3}}, "'notes' is 3"),
        ({"runs": ["a"], "change": {"labels": [1]}}, "'labels' is"),
        ({"runs": ["a"], "change": {"colour": "red"}}, "colour 'red'"),
    ],
)
def test_what_makes_no_sense_is_refused(logdir: Path, serve: Any, body: Any, message: str) -> None:
    status, told = refused(f"{serve(logdir)}/api/edit", body)
    assert status == 400
    assert message in told


def test_views_are_saved_listed_and_deleted(logdir: Path, serve: Any) -> None:
    url = serve(logdir)
    assert get(f"{url}/api/views") == {"views": []}
    state = {"runs": "a|b", "smoothing": 0.5}
    assert post(f"{url}/api/views/save", {"name": " mine ", "state": state}) == {"saved": "mine"}
    (view,) = get(f"{url}/api/views")["views"]
    assert (view["name"], view["state"]) == ("mine", state)
    assert post(f"{url}/api/views/delete", {"name": "mine"}) == {"deleted": "mine"}
    status, told = refused(f"{url}/api/views/delete", {"name": "mine"})
    assert (status, "there is none" in told) == (404, True)
    assert refused(f"{url}/api/views/save", {"name": "", "state": {}})[0] == 400
