"""Every public method of torch's SummaryWriter is there, in its order and with its defaults."""

from __future__ import annotations

import inspect

import pytest
from peer_signatures import differences

from summaries import SummaryWriter
from summaries.methods.file_writer import FileWriter

pytest.importorskip("torch", reason="torch is not installed")

from torch.utils import tensorboard as peer

METHODS = [n for n, _ in inspect.getmembers(peer.SummaryWriter, callable) if n[0] != "_"]
FILE_METHODS = [n for n, _ in inspect.getmembers(peer.FileWriter, callable) if n[0] != "_"]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_of_torch_is_ours_as_well(name: str) -> None:
    assert differences(getattr(SummaryWriter, name), getattr(peer.SummaryWriter, name)) == []


@pytest.mark.parametrize("name", FILE_METHODS)
def test_a_method_of_its_file_writer_is_ours_as_well(name: str) -> None:
    assert differences(getattr(FileWriter, name), getattr(peer.FileWriter, name)) == []


def test_its_constructor_is_ours_as_well() -> None:
    # Ours hold far more, and write twice a second; torch's two defaults stand for its queue.
    own = {"max_queue", "flush_secs"}
    ours, theirs = SummaryWriter.__init__, peer.SummaryWriter.__init__
    assert differences(ours, theirs, own_defaults=own) == []


def test_its_attributes_are_ours_as_well(tmp_path: object) -> None:
    with peer.SummaryWriter(f"{tmp_path}/a") as theirs, SummaryWriter(f"{tmp_path}/b") as ours:
        assert ours.default_bins == theirs.default_bins
        assert list(ours.all_writers) == [ours.log_dir]
        assert ours.file_writer.get_logdir() == ours.get_logdir() == ours.log_dir
