"""Exports: every point in every format, exact, and a page that needs nothing but itself."""

from __future__ import annotations

import base64
import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from summaries import ExportError, Image, LogdirError, export_runs, import_runs, init, open_logdir

VALUES = [0.1, 1 / 3, 1e300, 5e-324, float("nan"), float("inf"), float("-inf"), -0.0]


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    for name in ("lr=0.1/seed=1", "lr=0.2/seed=1"):
        with init(
            tmp_path / "logs", name=name, config={"lr": 0.1, "model": {"act": "relu"}}
        ) as run:
            for step, value in enumerate(VALUES):
                run.log({"train/loss": value, "train_loss": 1.0}, step=step)
            run.log({"note": "</script><b>bold</b>", "w": np.arange(10.0)}, step=3)
            run.log({"im": Image(np.zeros((4, 4)))}, step=3)
    return tmp_path / "logs"


def assert_same(found: list[float], expected: list[float]) -> None:
    """Bit for bit, but for the many forms of NaN."""
    np.testing.assert_array_equal(found, expected)
    assert [str(value) for value in found] == [str(value) for value in expected]


def test_csv_holds_every_point_and_comes_back_bit_for_bit(logdir: Path, tmp_path: Path) -> None:
    (path,) = export_runs(logdir, tmp_path / "points.csv")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    own = [r for r in rows if r["run"] == "lr=0.1/seed=1" and r["tag"] == "train/loss"]
    assert_same([float(row["value"]) for row in own], VALUES)
    import_runs(path, tmp_path / "back")
    assert import_runs(path, tmp_path / "back").values == 0
    with open_logdir(logdir) as ours, open_logdir(tmp_path / "back") as back:
        first = ours.scalars("lr=0.1/seed=1", "train/loss")
        second = back.scalars("lr=0.1/seed=1", "train/loss")
        assert_same(second.value.tolist(), VALUES)
        assert second.step.tolist() == first.step.tolist()
        assert second.wall_time.tolist() == first.wall_time.tolist()


def test_wide_csv_has_a_file_a_tag_and_a_column_a_run(logdir: Path, tmp_path: Path) -> None:
    with init(logdir, name="late") as run:
        run.log({"train/loss": 7.0}, step=100)
        run.log({"train/loss": 8.0}, step=100)
    paths = export_runs(logdir, tmp_path / "wide", "csv-wide")
    assert [path.name for path in paths] == ["train_loss.csv", "train_loss-2.csv"]
    with paths[0].open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["step", "lr=0.1/seed=1", "lr=0.2/seed=1", "late"]
    assert rows[1] == ["1", repr(1 / 3), repr(1 / 3), ""]
    assert rows[-2:] == [["100", "", "", "7.0"], ["100", "", "", "8.0"]]


def test_json_lines_hold_all_kinds_with_their_files(logdir: Path, tmp_path: Path) -> None:
    (path,) = export_runs(logdir, tmp_path / "all.jsonl", runs="lr=0.1*")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["kind"] == "run"
    assert lines[0]["config"] == {"lr": 0.1, "model": {"act": "relu"}}
    values = [line for line in lines if line["kind"] == "scalar"]
    losses = [line for line in values if line["tag"] == "train/loss"]
    assert_same([line["value"] for line in losses], VALUES)
    (histogram,) = [line for line in lines if line["kind"] == "histogram"]
    assert sum(histogram["counts"]) == 10
    (image,) = [line for line in lines if line["kind"] == "image"]
    (blob,) = [line for line in lines if line["kind"] == "blob"]
    assert blob["sha256"] == image["sha256"]
    assert base64.b64decode(blob["base64"]).startswith(b"\x89PNG")
    assert {line["run"] for line in lines if "run" in line} == {"lr=0.1/seed=1"}


def test_parquet_holds_every_point(logdir: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    (path,) = export_runs(logdir, tmp_path / "points.parquet", tags="train/*")
    rows = parquet.read_table(path).to_pydict()
    own = [v for v, run in zip(rows["value"], rows["run"], strict=True) if run == "lr=0.1/seed=1"]
    assert_same(own, VALUES)
    assert set(rows["tag"]) == {"train/loss"}
    assert rows["wall_time"][0].tzinfo is not None


def test_without_pyarrow_the_line_that_installs_it_is_told(logdir: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from summaries import export_runs\n"
        "try: export_runs(sys.argv[1], sys.argv[2])\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(logdir), str(tmp_path / "x.parquet")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pip install trainboard[parquet]" in done.stdout


def test_what_cannot_be_exported_is_refused(logdir: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="tells no format"):
        export_runs(logdir, tmp_path / "out.xyz")
    with pytest.raises(ExportError, match="format 'x' is not known"):
        export_runs(logdir, tmp_path / "out.csv", "x")
    with pytest.raises(ExportError, match=r"no run fits 'nothing\*'"):
        export_runs(logdir, tmp_path / "out.csv", runs="nothing*")
    with pytest.raises(LogdirError):
        export_runs(tmp_path / "gone", tmp_path / "out.csv")


def test_the_report_refers_to_nothing_outside_and_text_cannot_become_markup(
    logdir: Path, tmp_path: Path
) -> None:
    (path,) = export_runs(logdir, tmp_path / "report.html")
    page = path.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:)""", page)
    assert not re.search(r"https?://|url\(|@import", page)
    assert page.count("</script>") == 2
    assert str(tmp_path) not in page
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert data["texts"][0]["text"] == "</script><b>bold</b>"
    assert "2 series of the kind histogram" in data["left_out"]
    (line, _) = next(c for c in data["charts"] if c["tag"] == "train/loss")["lines"]
    assert (line["n"], line["nonfinite"], line["mean"][4]) == (8, 3, None)


def test_a_spike_among_many_points_is_in_the_report(tmp_path: Path) -> None:
    with init(tmp_path / "logs", name="a") as run:
        for step in range(20_000):
            run.log({"loss": 100.0 if step == 12_345 else 1.0}, step=step)
    (path,) = export_runs(tmp_path / "logs", tmp_path / "report.html")
    assert re.search(r'"max": \[[^\]]*\b100\.0\b', path.read_text(encoding="utf-8"))
