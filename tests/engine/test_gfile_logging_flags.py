"""What scripts call around their graphs: files, messages, flags, the version."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import engine as tf
from engine import flags as flags_module

Start = Callable[..., "subprocess.Popen[str]"]

# Files


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    path = str(tmp_path / "a.txt")
    with tf.gfile.GFile(path, "w") as file:
        file.write("größe\n")
        file.write(b"two\n")
    with tf.gfile.FastGFile(path, "rb") as file:
        assert file.read() == "größe\ntwo\n".encode()
    with tf.gfile.Open(path) as file:
        assert file.size() == len("größe\ntwo\n".encode())
        assert file.read(2) == "gr"
        file.seek(0)
        assert file.readline() == "größe\n"
        assert list(file) == ["two\n"]
    with tf.gfile.GFile(path, "a") as file:
        file.write("three")
    assert tf.gfile.GFile(path).readlines() == ["größe\n", "two\n", "three"]


def test_a_file_that_is_missing_is_told_at_its_first_use(tmp_path: Path) -> None:
    file = tf.gfile.GFile(str(tmp_path / "none"))
    with pytest.raises(tf.errors.NotFoundError, match="none; No such file or directory"):
        file.read()
    with pytest.raises(tf.errors.UnknownError, match="mode is not"):
        tf.gfile.GFile("x", "z")


def test_a_file_is_read_or_written_as_its_mode_says(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    with pytest.raises(tf.errors.PermissionDeniedError, match="isn't open for writing"):
        tf.gfile.GFile(str(path), "r").write("y")
    with pytest.raises(tf.errors.PermissionDeniedError, match="isn't open for reading"):
        tf.gfile.GFile(str(path), "w").read()
    assert path.read_text() == "x"


def test_directories_are_made_listed_walked_and_deleted(tmp_path: Path) -> None:
    top = str(tmp_path / "top")
    tf.gfile.MakeDirs(top + "/b/c")
    tf.gfile.MakeDirs(top + "/b/c")
    tf.gfile.MkDir(top + "/a")
    (tmp_path / "top" / "z.txt").write_text("12345")
    assert tf.gfile.ListDirectory(top) == ["a", "b", "z.txt"]
    assert tf.gfile.IsDirectory(top) and not tf.gfile.IsDirectory(top + "/z.txt")
    assert next(iter(tf.gfile.Walk(top))) == (top, ["a", "b"], ["z.txt"])
    assert [place[0] for place in tf.gfile.Walk(top, in_order=False)][-1] == top
    assert tf.gfile.Glob(top + "/*.txt") == [top + "/z.txt"]
    assert tf.gfile.Glob([top + "/a", top + "/b"]) == [top + "/a", top + "/b"]
    assert tf.gfile.Stat(top + "/z.txt").length == 5
    assert tf.gfile.Stat(top).is_directory
    with pytest.raises(tf.errors.AlreadyExistsError):
        tf.gfile.MkDir(top + "/a")
    tf.gfile.DeleteRecursively(top)
    assert not tf.gfile.Exists(top)


def test_copies_and_renames_replace_only_when_told(tmp_path: Path) -> None:
    one, two = str(tmp_path / "1"), str(tmp_path / "2")
    Path(one).write_text("one")
    Path(two).write_text("two")
    for move in (tf.gfile.Copy, tf.gfile.Rename):
        with pytest.raises(tf.errors.AlreadyExistsError, match="file already exists"):
            move(one, two)
    tf.gfile.Copy(one, two, overwrite=True)
    assert Path(two).read_text() == "one"
    tf.gfile.Rename(two, str(tmp_path / "3"))
    assert tf.gfile.ListDirectory(tmp_path) == ["1", "3"]


@pytest.mark.parametrize("name", ["Remove", "DeleteRecursively", "ListDirectory", "Stat"])
def test_what_is_not_there_is_not_found(name: str, tmp_path: Path) -> None:
    with pytest.raises(tf.errors.NotFoundError):
        getattr(tf.gfile, name)(str(tmp_path / "none"))


# Messages


@pytest.fixture
def level() -> Any:
    before = tf.logging.get_verbosity()
    yield
    tf.logging.set_verbosity(before)


@pytest.mark.usefixtures("level")
def test_messages_below_the_verbosity_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    tf.logging.set_verbosity(tf.logging.WARN)
    tf.logging.info("quiet")
    tf.logging.warn("loud %d", 3)
    tf.logging.set_verbosity(tf.logging.INFO)
    tf.logging.info("said %s", "now")
    tf.logging.debug("not this")
    tf.logging.error("bad")
    tf.logging.fatal("worse")
    assert capsys.readouterr().err.splitlines() == [
        "WARNING:tensorflow:loud 3",
        "INFO:tensorflow:said now",
        "ERROR:tensorflow:bad",
        "CRITICAL:tensorflow:worse",
    ]


@pytest.mark.usefixtures("level")
def test_every_nth_and_the_first_n(capsys: pytest.CaptureFixture[str]) -> None:
    tf.logging.set_verbosity(tf.logging.INFO)
    for number in range(5):
        tf.logging.log_every_n(tf.logging.INFO, "every %d", 2, number)
        tf.logging.log_first_n(tf.logging.INFO, "first %d", 2, number)
        tf.logging.log_if(tf.logging.INFO, "if %d", number == 3, number)
    lines = [line.removeprefix("INFO:tensorflow:") for line in capsys.readouterr().err.splitlines()]
    assert lines == ["every 0", "first 0", "first 1", "every 2", "if 3", "every 4"]


# Flags


@pytest.fixture
def flags(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Flags of this test's own, behind the same functions."""
    fresh = flags_module.FlagValues()
    monkeypatch.setattr(flags_module, "FLAGS", fresh)
    monkeypatch.setattr(sys, "argv", ["script.py"])
    define = flags_module
    define.DEFINE_string("name", "x", "A name.")
    define.DEFINE_integer("n", 3, "A number.")
    define.DEFINE_float("rate", None, "A rate of 5%.")
    define.DEFINE_boolean("train", False, "Whether to train.")
    define.DEFINE_enum("mode", "fast", ["fast", "slow"], "How.")
    define.DEFINE_list("parts", "a,b", "Which.")
    define.DEFINE_multi_integer("size", [1], "Sizes.")
    return fresh


def test_defaults_hold_without_a_command_line(flags: Any) -> None:
    assert (flags.name, flags.n, flags.rate, flags.train) == ("x", 3, None, False)
    assert (flags.mode, flags.parts, flags.size) == ("fast", ["a", "b"], [1])


def test_all_ways_to_write_a_flag(flags: Any) -> None:
    rest = flags(
        ["prog", "--name=y=z", "--n", "0x10", "-rate=1e-3", "--train", "left", "--mode", "slow",
         "--parts=c, d", "--size=4", "--size=5", "--", "--n=9"]
    )  # fmt: skip
    assert rest == ["prog", "left", "--n=9"]
    assert (flags.name, flags.n, flags.rate, flags.train) == ("y=z", 16, 0.001, True)
    assert (flags.mode, flags.parts, flags.size) == ("slow", ["c", "d"], [4, 5])


@pytest.mark.parametrize(
    ("arguments", "value"),
    [(["--train"], True), (["--train=false"], False), (["--train", "--notrain"], False),
     (["--train", "False"], False), (["--train=1"], True)],
)  # fmt: skip
def test_ways_to_write_a_truth(arguments: list[str], value: bool, flags: Any) -> None:
    assert flags(["prog", *arguments]) == ["prog"]
    assert flags.train is value


@pytest.mark.parametrize(
    ("argument", "message"),
    [("--n=many", "flag --n=many: invalid literal"), ("--mode=odd", "one of <fast|slow>"),
     ("--train=perhaps", "neither true nor false"), ("--name", "Missing value for flag --name")],
)  # fmt: skip
def test_values_that_do_not_fit(argument: str, message: str, flags: Any) -> None:
    with pytest.raises(flags_module.IllegalFlagValueError) as told:
        flags(["prog", argument])
    assert message in str(told.value)


def test_unknown_flags_are_refused_or_passed_on(flags: Any) -> None:
    with pytest.raises(flags_module.UnrecognizedFlagError, match="Unknown command line flag 'f'"):
        flags(["prog", "-f", "kernel.json"])
    assert flags(["prog", "-f", "kernel.json"], known_only=True) == ["prog", "-f", "kernel.json"]
    with pytest.raises(AttributeError, match=r"no flag --nope is defined; there are: --mode"):
        flags.nope  # noqa: B018
    with pytest.raises(AttributeError, match="no flag --nope"):
        flags.nope = 3


def test_the_command_line_is_read_at_first_use(flags: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["script.py", "--n=5", "-f", "kernel.json"])
    assert flags.n == 5
    flags.n = 6
    assert flags.n == 6 and flags["n"].value == 6 and flags["n"].default == 3


def test_ways_of_older_scripts(flags: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["script.py", "--n=5"])
    flags._parse_flags()
    assert dict(getattr(flags, "__flags"))["n"] == 5
    assert flags.flag_values_dict()["name"] == "x"
    assert "n" in flags and "nope" not in flags and "rate" in list(flags)


def test_a_required_flag_must_be_given(flags: Any) -> None:
    flags_module.mark_flag_as_required("rate")
    with pytest.raises(flags_module.IllegalFlagValueError, match="must have a value other than"):
        flags(["prog"])
    flags(["prog", "--rate=2"])
    assert flags.rate == 2.0


def test_a_flag_defined_again_is_the_new_one(flags: Any) -> None:
    flags_module.DEFINE_integer("n", 7, "Again, as a notebook's cell is run again.")
    assert flags.n == 7


SCRIPT = """
import engine as tf
tf.app.flags.DEFINE_integer("n", 1, "A number.")
FLAGS = tf.flags.FLAGS
def main(argv):
    print(FLAGS.n, argv[1:])
    return 3
if __name__ == "__main__":
    tf.app.run()
"""


def run_script(start_script: Start, *arguments: str) -> tuple[int, str, str]:
    process = start_script(SCRIPT, *arguments)
    out, err = process.communicate()
    return process.returncode, out, err


def test_app_run_calls_main_with_the_rest_and_exits_with_its_result(start_script: Start) -> None:
    assert run_script(start_script, "--n=4", "file")[:2] == (3, "4 ['file']\n")


def test_app_run_tells_what_is_wrong_and_helps(start_script: Start) -> None:
    code, out, err = run_script(start_script, "--n=x")
    assert code == 1 and out == ""
    assert "FATAL Flags parsing error:\n  flag --n=x: invalid literal" in err
    code, out, _ = run_script(start_script, "--help")
    assert code == 1 and "--n: A number." in out and "(default: 1)" in out


# Texts and versions


def test_texts_and_bytes() -> None:
    assert tf.compat.as_bytes("ö") == "ö".encode() and tf.compat.as_bytes(b"x") == b"x"
    assert tf.compat.as_text(b"x") == tf.compat.as_str("x") == "x"
    assert tf.compat.as_str_any(3) == "3" and tf.compat.as_str_any(b"x") == "x"
    assert tf.compat.path_to_str(Path("a")) == "a"
    for function in (tf.compat.as_bytes, tf.compat.as_text):
        with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
            function(3)


def test_compat_v1_is_the_engine(tmp_path: Path) -> None:
    assert tf.compat.v1.Session is tf.Session
    script = tmp_path / "script.py"
    script.write_text(
        "import engine.compat.v1 as tf\n"
        "tf.disable_v2_behavior()\n"
        "with tf.Graph().as_default(), tf.Session() as sess:\n"
        "    result = sess.run(tf.constant(2) * 3)\n"
    )
    assert runpy.run_path(str(script))["result"] == 6
    with pytest.raises(AttributeError):
        tf.compat.v1.nothing  # noqa: B018


def test_graphs_are_all_there_is() -> None:
    assert tf.executing_eagerly() is False
    tf.disable_v2_behavior()
    tf.disable_eager_execution()
    for refused in (tf.enable_eager_execution, tf.enable_v2_behavior):
        with pytest.raises(RuntimeError, match="try: leave the call out"):
            refused()
    assert tf.__version__ == tf.VERSION and tf.VERSION.startswith("1.")
