"""The scripts people wrote for TensorFlow 0.x and 1.x run with only their import line changed."""

import random
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import engine as tf

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))
IMPORT = re.compile(r"^(\s*(?:import|from)\s+)tensorflow\b", re.MULTILINE)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_runs_and_reaches_what_it_asserts(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / script.name
    copy.write_text(IMPORT.sub(r"\1engine", script.read_text()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [script.name])
    random.seed(0)
    np.random.seed(0)
    tf.reset_default_graph()
    try:
        runpy.run_path(str(copy), run_name="__main__")
    except SystemExit as left:
        # tf.app.run and tf.test.main leave the interpreter with their result.
        assert not left.code
    finally:
        tf.reset_default_graph()
