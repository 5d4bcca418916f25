"""Whether a metric is better low or high, and which of a run's metrics stands for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Literal

Goal = Literal["min", "max"]

# Whole words of the name, as in components/metric_goals.js, so that "placc" tells nothing.
_LOW = re.compile(
    r"(?<![a-z])(loss(es)?|err(or)?s?|mse|mae|rmse|nll|bce|ce|kl|perplexity|ppl|wer|cer|fid|regret"
    r"|latency|cost|energy|residual|divergence)(?![a-z])",
    re.IGNORECASE,
)
_HIGH = re.compile(
    r"(?<![a-z])(acc(uracy)?\d*|top\d+|auc|auroc|auprc|ap|map|f1|precision|recall|bleu|rouge|meteor"
    r"|reward|return|score|r2|iou|miou|dice|psnr|ssim|success|wins?|throughput|likelihood|elo)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_HELD_OUT = re.compile(r"(?<![a-z])(val|valid|validation|eval|test|dev|held_?out)(?![a-z])", re.I)
MACHINE = "system/"


def goal_by_name(tag: str) -> Goal | None:
    """What the name tells: of its last part, or else of all of it; None if nothing or both.

    Example:
        >>> [goal_by_name(tag) for tag in ("val/loss", "loss/accuracy", "lr", "placc")]
        ['min', 'max', None, None]
    """
    for text in (tag.rpartition("/")[2], tag):
        low, high = bool(_LOW.search(text)), bool(_HIGH.search(text))
        if low != high:
            return "min" if low else "max"
    return None


def declared_goal(axes: Mapping[str, Mapping[str, Any]], tag: str) -> Goal | None:
    """What the script said by `define_metric`, None if nothing."""
    for name, rule in axes.items():
        if name != tag and not fnmatchcase(tag, name):
            continue
        goal = str(rule.get("goal") or "")
        if goal[:3] in ("min", "max"):
            return "min" if goal[:3] == "min" else "max"
        rules = str(rule.get("summary") or "").split(",")
        if ("min" in rules) != ("max" in rules):
            return "min" if "min" in rules else "max"
    return None


def weight(tag: str) -> int:
    """How much the metric tells of how a run does: the more, the better it stands for the run."""
    if tag.startswith(MACHINE):
        return -1
    known = goal_by_name(tag) is not None
    # What is held out tells more than what was trained on, and a loss moves more than an accuracy.
    return 4 * known + 2 * (known and bool(_HELD_OUT.search(tag))) + (goal_by_name(tag) == "min")


def main_metric(tags: Iterable[str]) -> str | None:
    """The tag that stands for a run that logged these; None if it logged nothing of its own.

    Example:
        >>> main_metric(["lr", "train/loss", "val/loss", "val/accuracy", "system/cpu_percent"])
        'val/loss'
    """
    own = [tag for tag in tags if not tag.startswith(MACHINE)]
    return min(own, key=lambda tag: (-weight(tag), len(tag), tag), default=None)
