"""The lecture's code as it stands on its slides: found, mended, brought to Python 3, run as cells.

The text is read where it lies beside the repository; nothing of it is kept here but what reading
it from pictures got wrong.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

LECTURE = Path(__file__).parents[3] / "shared" / "reference" / "lecture.txt"

MENDED = (
    (r"\by pred\b", "y_pred"),
    (r"\btrain X\b", "train_X"),
    (r"\btrain Y\b", "train_Y"),
    (r"\bn samples\b", "n_samples"),
    (r"\btotal batch\b", "total_batch"),
    (r"\bnum examples\b", "num_examples"),
    (r"\bbatch size\b", "batch_size"),
    (r"\bdisplay step\b", "display_step"),
    (r"\btraining epochs\b", "training_epochs"),
    (r"(?m)^\s+J\(W,b\) = .*$", ""),  # A formula that stood beside the code.
    (r"(?m)^\d\) .*:$", ""),  # The headings of the three ways to use a session.
)
"""What is wrong in the text, as expressions, and what the slides say."""

_PROMPT = re.compile(r"(?m)^\s*In \[\d+\]:[ ]?")
_PRINTED = re.compile(r"\s*(Out\[\d+\]:|\[|\(\d|Tensor\(|\d+\s*$|Epoch: |Why )")


@dataclass(frozen=True)
class Cell:
    """What is typed at one prompt, in Python 3, and what the slide shows below it."""

    code: str
    printed: str


def blocks() -> list[str]:
    """The lecture's code blocks in order; none where the lecture is not there."""
    if not LECTURE.is_file():
        return []
    return re.findall(r"(?ms)^```\n(.*?)^```", LECTURE.read_text())


def block_with(text: str, number: int = 0) -> str:
    """The block in which `text` stands, the first of several unless told otherwise."""
    return [block for block in blocks() if text in block][number]


def cells(block: str) -> list[Cell]:
    """A block's cells; one that shows no prompts is a single cell."""
    for wrong, right in MENDED:
        block = re.sub(wrong, right, block)
    found = []
    for part in _PROMPT.split(block):
        lines = part.split("\n")
        printed = "\n".join(line for line in lines if _PRINTED.match(line))
        code = [line for line in lines if not _PRINTED.match(line)]
        if any(line.strip() for line in code):
            found.append(Cell(to_python_3(_dedented(code)), printed))
    return found


def _dedented(lines: list[str]) -> str:
    """The lines with the first, which stood behind a prompt, in one column with the others."""
    first, rest = lines[0], textwrap.dedent("\n".join(lines[1:]))
    if first.rstrip().endswith(":") and not first.lstrip().startswith("#"):
        rest = textwrap.indent(rest, "    ")
    return f"{first.strip()}\n{rest}"


def to_python_3(code: str) -> str:
    """Print statements as calls, and TensorFlow's name as the engine's.

    >>> print(to_python_3('print "a", 1'))
    print("a", 1)
    """
    code = re.sub(r"\\\n\s*", "", code)
    code = re.sub(r"(?m)^(\s*)print (?!\()(.*)$", r"\1print(\2)", code)
    return code.replace("import tensorflow as tf", "import engine as tf")


def run(code: str, names: dict[str, Any]) -> str:
    """What running a cell shows: its prints, and the value of an expression at its end."""
    tree = ast.parse(code)
    last = tree.body[-1] if tree.body else None
    shown = io.StringIO()
    # The slides were made with NumPy 1.
    with contextlib.redirect_stdout(shown), np.printoptions(legacy="1.13"):
        if isinstance(last, ast.Expr):
            exec(compile(ast.Module(tree.body[:-1], []), "<cell>", "exec"), names)
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
            if value is not None:
                print(repr(value))
        else:
            exec(compile(tree, "<cell>", "exec"), names)
    return shown.getvalue()


def spaced_alike(text: str) -> str:
    """The text with one blank for every gap, and none before a bracket: as reading left it.

    >>> spaced_alike("Out[8]: array([ 2.,  2.])")
    'array([2., 2.])'
    """
    text = re.sub(r"Out\[\d+\]:", "", text)
    return re.sub(r"([\[(])\s+", r"\1", " ".join(text.split()))


class Anything:
    """Stands in for matplotlib: takes every call."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **options: None
