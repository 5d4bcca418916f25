"""Every public method of tensorboardX's writers is there, with its parameters and defaults."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import tensorboardX
from peer_signatures import differences

from summaries import SummaryWriter
from summaries.global_writer import GlobalSummaryWriter
from summaries.methods.file_writer import FileWriter


def public_methods(owner: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(owner, callable) if not name.startswith("_")]


@pytest.mark.parametrize("name", public_methods(tensorboardX.SummaryWriter))
def test_a_method_of_tensorboardx_is_ours_as_well(name: str) -> None:
    theirs: Any = getattr(tensorboardX.SummaryWriter, name)
    assert differences(getattr(SummaryWriter, name), theirs, ordered=False) == []


@pytest.mark.parametrize("name", public_methods(tensorboardX.writer.FileWriter))
def test_a_method_of_its_file_writer_is_ours_as_well(name: str) -> None:
    theirs: Any = getattr(tensorboardX.writer.FileWriter, name)
    assert differences(getattr(FileWriter, name), theirs) == []


@pytest.mark.parametrize("name", public_methods(tensorboardX.GlobalSummaryWriter))
def test_a_method_of_its_global_writer_is_ours_as_well(name: str) -> None:
    theirs: Any = getattr(tensorboardX.GlobalSummaryWriter, name)
    assert differences(getattr(GlobalSummaryWriter, name), theirs) == []


@pytest.mark.parametrize("ours", [SummaryWriter, GlobalSummaryWriter])
def test_its_constructors_names_are_taken(ours: type) -> None:
    theirs = getattr(tensorboardX, ours.__name__)
    # Ours hold far more, and write twice a second; tensorboardX's two defaults stand for its queue.
    own = {"max_queue", "flush_secs", "comet_config"}
    assert differences(ours.__init__, theirs.__init__, ordered=False, own_defaults=own) == []
