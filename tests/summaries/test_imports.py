"""Other trackers' databases and files: all points come in, once however often it is done."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from summaries import ImportSourceError, import_runs, init, open_logdir

DATA = Path(__file__).parent / "data"


def made_database(tmp_path: Path, dump: str, name: str) -> Path:
    path = tmp_path / name
    with sqlite3.connect(path) as connection:
        connection.executescript((DATA / dump).read_text(encoding="utf-8"))
    connection.close()
    return path


def test_mlflow_runs_come_with_their_parameters_tags_and_every_point(tmp_path: Path) -> None:
    source = made_database(tmp_path, "mlflow-3.17.2.sql", "mlflow.db")
    report = import_runs(source, tmp_path / "out")
    assert (report.files, report.runs) == (1, 5)
    with open_logdir(tmp_path / "out") as reader:
        infos = {info.name: info for info in reader.runs()}
        assert sorted(infos) == [
            "other/lr=0.1",
            "sweep/parent",
            "sweep/parent/lr=0.1",
            "sweep/parent/lr=0.2",
            "sweep/running",
        ]
        assert infos["sweep/parent"].notes == "A **sweep**."
        one = infos["sweep/parent/lr=0.1"]
        assert one.config == {"lr": 0.1, "layers": 2, "name": "mlp", "flag": True}
        assert (one.status, one.labels, one.group) == ("finished", ("team=vision",), "sweep/parent")
        assert one.environment["imported"]["artifacts"].startswith("file:///artifacts/1/")
        assert infos["sweep/parent/lr=0.2"].status == "failed"
        assert infos["sweep/running"].status == "crashed"
        # What the import notes for itself is nobody's series.
        assert set(one.tags) == {"scalar"}
        assert {series.kind for series in reader.series()} == {"scalar"}
        loss = reader.scalars("sweep/parent/lr=0.1", "loss")
        assert loss.value.tolist() == [1 / (step + 1) for step in range(20)]
        assert loss.wall_time.tolist() == [1_700_000_000.0 + step for step in range(20)]
        odd = reader.scalars("sweep/parent/lr=0.1", "odd").value
        np.testing.assert_array_equal(odd, [np.nan, np.inf, -np.inf])
        assert reader.scalars("sweep/parent/lr=0.1", "back").step.tolist() == [7, 3]


def test_what_is_imported_is_the_same_in_a_directory_and_on_a_server(
    tmp_path: Path, logdir: str | Path
) -> None:
    source = made_database(tmp_path, "trackio-0.43.0.sql", "digits.db")
    import_runs(source, logdir)
    assert import_runs(source, logdir).values == 0
    with open_logdir(logdir) as reader:
        loss = reader.scalars("digits/lr=0.1", "loss")
        assert loss.value.tolist() == [0.1 / (step + 1) for step in range(25)]


def test_a_second_import_of_mlflow_takes_what_was_logged_since(tmp_path: Path) -> None:
    source = made_database(tmp_path, "mlflow-3.17.2.sql", "mlflow.db")
    import_runs(source, tmp_path / "out")
    assert import_runs(source, tmp_path / "out").values == 0
    with sqlite3.connect(source) as connection:
        (uuid,) = connection.execute(
            "SELECT run_uuid FROM tags WHERE key = 'mlflow.runName' AND value = 'lr=0.2'"
        ).fetchone()
        connection.execute(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step) VALUES (?, ?, ?, ?, ?)",
            ("loss", 2.0, 1_700_000_001_000, uuid, 1),
        )
    connection.close()
    assert import_runs(source, tmp_path / "out").values == 1
    with open_logdir(tmp_path / "out") as reader:
        assert reader.scalars("sweep/parent/lr=0.2", "loss").value.tolist() == [2.5, 2.0]


def test_trackio_runs_come_with_configs_system_metrics_and_what_is_no_number(
    tmp_path: Path,
) -> None:
    source = made_database(tmp_path, "trackio-0.43.0.sql", "digits.db")
    picture = tmp_path / "media" / "digits" / "lr=0.1" / "28" / "black.png"
    picture.parent.mkdir(parents=True)
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    picture.write_bytes(buffer.getvalue())
    report = import_runs(source, tmp_path / "out")
    assert (report.runs, report.damaged) == (2, 0)
    assert import_runs(source, tmp_path / "out").values == 0
    with open_logdir(tmp_path / "out") as reader:
        infos = {info.name: info for info in reader.runs()}
        assert infos["digits/lr=0.1"].config == {"lr": 0.1, "model": {"layers": 2, "act": "relu"}}
        assert infos["digits/lr=0.01"].group == "sweep"
        run = "digits/lr=0.1"
        assert reader.scalars(run, "loss").value.tolist() == [0.1 / (s + 1) for s in range(25)]
        assert reader.scalars(run, "val/acc").step.tolist() == list(range(25))
        assert np.isnan(reader.scalars(run, "odd").value).all()
        assert reader.scalars(run, "top").value.tolist() == [np.inf]
        assert reader.scalars(run, "system/gpu/0/mem").value.tolist() == [1.5]
        assert reader.histograms(run, "w")[0].num == 100
        assert "| 1 | x |" in reader.texts(run, "rows")[0].text
        assert reader.texts(run, "alerts")[0].text.startswith("**WARN** Loss is odd")
        assert (reader.images(run, "im")[0].width, reader.images(run, "im")[0].height) == (4, 4)


def test_a_media_file_that_is_not_there_is_told_and_the_rest_comes(tmp_path: Path) -> None:
    source = made_database(tmp_path, "trackio-0.43.0.sql", "digits.db")
    report = import_runs(source, tmp_path / "out")
    assert report.damaged == 1
    assert any("image 'im' at step 28" in note for note in report.notes)


def test_lines_of_a_wandb_chart_become_a_run_each(tmp_path: Path) -> None:
    source = tmp_path / "chart.csv"
    source.write_text(
        '"Step","fine - sun - loss","fine - sun - loss__MIN","fine - sun - loss__MAX",'
        '"wild-moon-2 - loss","wild-moon-2 - loss__MIN","wild-moon-2 - loss__MAX"\n'
        '"0","0.5","0.5","0.5","1.5","1.25","1.75"\n'
        '"1","0.25","0.25","0.25","","",""\n'
    )
    report = import_runs(source, tmp_path / "out")
    assert report.runs == 2
    assert import_runs(source, tmp_path / "out").values == 0
    with open_logdir(tmp_path / "out") as reader:
        assert reader.scalars("fine - sun", "loss").value.tolist() == [0.5, 0.25]
        assert reader.scalars("wild-moon-2", "loss__MAX").value.tolist() == [1.75]
        assert {s.tag for s in reader.series("fine - sun", "scalar")} == {"loss"}


def test_a_wandb_table_of_runs_gives_configs_states_and_tags(tmp_path: Path) -> None:
    source = tmp_path / "runs.csv"
    source.write_text(
        '"Name","State","Notes","User","Tags","Created","Runtime","Sweep","lr","optimizer","loss"\n'
        '"fine-sun-1","finished","-","me","a, b","2024-05-01T10:00:00.000Z","60","",'
        '"0.1","adam","0.5"\n'
        '"wild-moon-2","crashed","bad","me","","2024-05-01T11:00:00.000Z","30","","0.01","sgd",""\n'
    )
    import_runs(source, tmp_path / "out")
    import_runs(source, tmp_path / "out")
    with open_logdir(tmp_path / "out") as reader:
        one, two = reader.runs()
        assert one.config == {"lr": 0.1, "optimizer": "adam", "loss": 0.5}
        assert (one.labels, one.notes, one.status) == (("a", "b"), "", "finished")
        assert one.updated - one.created == 60
        assert (two.status, two.notes) == ("crashed", "bad")


def test_the_table_that_wandbs_own_example_writes_tells_config_and_summary(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    source = tmp_path / "project.csv"
    rows = {
        "summary": [{"loss": float("nan"), "_timestamp": 1.7e9}],
        "config": [{"lr": 0.1, "model": {"act": "relu"}, "name": "nan"}],
        "name": ["fine-sun-1"],
    }
    pandas.DataFrame(rows).to_csv(source)
    import_runs(source, tmp_path / "out")
    with open_logdir(tmp_path / "out") as reader:
        (info,) = reader.runs()
        assert info.config == {"lr": 0.1, "model": {"act": "relu"}, "name": "nan"}
        assert info.summary["_timestamp"] == 1.7e9


def test_a_wandb_history_has_its_steps_and_times(tmp_path: Path) -> None:
    source = tmp_path / "history.csv"
    source.write_text(
        ",loss,_step,_runtime,_timestamp,val/acc\n"
        "0,0.5,0,1.5,1700000000.5,\n1,0.25,10,2.5,1700000001.5,0.75\n"
    )
    import_runs(source, tmp_path / "out")
    with open_logdir(tmp_path / "out") as reader:
        points = reader.scalars("history", "loss")
        assert points.step.tolist() == [0, 10]
        assert points.wall_time.tolist() == [1700000000.5, 1700000001.5]
        assert {s.tag for s in reader.series("history", "scalar")} == {"loss", "val/acc"}


def test_json_lines_are_flattened_and_a_bad_line_is_named_and_skipped(tmp_path: Path) -> None:
    source = tmp_path / "log.jsonl"
    lines = [
        json.dumps({"step": s, "time": 1.7e9 + s, "train": {"loss": 0.5 / (s + 1)}, "w": [1, 2, s]})
        for s in range(3)
    ]
    lines.insert(1, '{"step": ')
    lines.append('{"step": 3, "note": "done", "train": {"loss": NaN}}')
    source.write_text("\n".join(lines) + "\n")
    report = import_runs(source, tmp_path / "out")
    assert report.damaged == 1
    assert any(f"'{source}', line 2" in note for note in report.notes)
    with source.open("a") as file:
        file.write('{"step": 4, "train": {"loss": 0.125}}\n')
    assert import_runs(source, tmp_path / "out").values == 1
    with open_logdir(tmp_path / "out") as reader:
        points = reader.scalars("log", "train/loss")
        assert points.step.tolist() == [0, 1, 2, 3, 4]
        assert points.wall_time[:3].tolist() == [1.7e9, 1.7e9 + 1, 1.7e9 + 2]
        assert np.isnan(points.value[3])
        assert reader.texts("log", "note")[0].text == "done"
        assert reader.histograms("log", "w")[2].num == 3


def test_a_csv_that_was_changed_replaces_what_was_taken_of_it(tmp_path: Path) -> None:
    source = tmp_path / "first.csv"
    source.write_text("step,loss\n0,1\n1,2\n")
    import_runs(source, tmp_path / "out")
    source.write_text("step,loss\n0,5\n1,6\n2,7\n")
    assert import_runs(source, tmp_path / "out").values == 3
    with open_logdir(tmp_path / "out") as reader:
        assert reader.scalars("first", "loss").value.tolist() == [5, 6, 7]


def test_a_last_line_that_was_cut_is_read_anew_when_it_is_whole(tmp_path: Path) -> None:
    source = tmp_path / "first.csv"
    source.write_text("step,loss\n0,1\n1,2")
    import_runs(source, tmp_path / "out")
    source.write_text("step,loss\n0,1\n1,25\n")
    import_runs(source, tmp_path / "out")
    with open_logdir(tmp_path / "out") as reader:
        assert reader.scalars("first", "loss").value.tolist() == [1, 25]


def test_rows_without_steps_are_counted_and_that_is_told(tmp_path: Path) -> None:
    source = tmp_path / "first.csv"
    source.write_text("loss\n0.5\n0.25\n")
    report = import_runs(source, tmp_path / "out")
    assert any("no column of steps" in note for note in report.notes)
    with open_logdir(tmp_path / "out") as reader:
        assert reader.scalars("first", "loss").step.tolist() == [0, 1]


def test_tensorboards_own_csv_is_one_metric_of_the_files_name(tmp_path: Path) -> None:
    source = tmp_path / "train-loss.csv"
    source.write_text("Wall time,Step,Value\n1700000000.25,3,0.5\n")
    import_runs(source, tmp_path / "out")
    with open_logdir(tmp_path / "out") as reader:
        points = reader.scalars("train-loss", "train-loss")
        assert (points.step.tolist(), points.wall_time.tolist()) == ([3], [1700000000.25])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nothing.csv", "", "there is no header"),
        ("a.bin", "rubbish", "of no format that we know"),
        ("mlflow.db", "SQLite format 3\0 rubbish", "of no format that we know"),
    ],
)
def test_what_cannot_be_imported_is_refused_by_its_name(
    tmp_path: Path, name: str, content: str, words: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(ImportSourceError, match=words) as caught:
        import_runs(path, tmp_path / "out")
    assert str(path) in str(caught.value)
    with pytest.raises(FileNotFoundError, match="nothing of that name"):
        import_runs(tmp_path / "gone", tmp_path / "out")
    with pytest.raises(ImportSourceError, match="format 'x' is not known"):
        import_runs(path, tmp_path / "out", format="x")


def test_a_native_run_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    with init(tmp_path / "out", name="first") as run:
        run.log({"loss": 9.0}, step=0)
    source = tmp_path / "first.csv"
    source.write_text("step,loss\n0,1\n")
    import_runs(source, tmp_path / "out")
    with open_logdir(tmp_path / "out") as reader:
        assert reader.scalars("first", "loss").value.tolist() == [9.0]
        assert reader.scalars("first-2", "loss").value.tolist() == [1.0]
