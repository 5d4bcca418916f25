"""Summary messages logged: each value under its own kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from summaries.wire.values import SummaryValue, decode_summary

if TYPE_CHECKING:
    from summaries.writer import SummaryWriter


def add_summary(
    writer: SummaryWriter, summary: Any, step: Any, walltime: float | None = None
) -> None:
    """Log each value of a serialized summary under its own kind; see `SummaryWriter.add_summary`.

    Raises:
        TypeError: neither bytes nor a message.
        ValueError: the message is damaged.
    """
    if hasattr(summary, "SerializeToString"):
        summary = summary.SerializeToString()
    if not isinstance(summary, (bytes, bytearray, memoryview)):
        raise TypeError(
            "add_summary: expects a serialized Summary\n"
            f"  got {type(summary).__name__}\n"
            "  try: the bytes that session.run(merged_summary) returned"
        )
    for value in decode_summary(bytes(summary), writer.plugins):
        _log(writer, value, step, walltime)


def _log(writer: SummaryWriter, value: SummaryValue, step: Any, walltime: float | None) -> None:
    tag, at = value.tag, (step, walltime)
    if value.simple_value is not None:
        writer.add_scalar(tag, value.simple_value, *at)
    elif value.histogram is not None:
        writer.add_histogram_record(tag, value.histogram, *at)
    elif value.text is not None:
        writer.add_text(tag, value.text, *at)
    elif value.image is not None:
        writer.add_image_file(tag, value.image, *at)
    elif value.video is not None:
        writer.add_video_file(tag, value.video, *at)
    elif value.audio is not None:
        sound = value.audio
        writer.add_audio_file(
            tag, sound.content, step, sound.sample_rate, walltime, sound.n_frames, sound.channels
        )
    elif value.pr_curve is not None:
        curve = value.pr_curve
        writer.add_pr_curve_raw(
            tag,
            curve.true_positive_counts,
            curve.false_positive_counts,
            curve.true_negative_counts,
            curve.false_negative_counts,
            curve.precision,
            curve.recall,
            step,
            walltime=walltime,
        )
    elif value.mesh is not None:
        mesh = value.mesh
        writer.add_mesh(tag, mesh.vertices, mesh.colors, mesh.faces, mesh.config, *at)
    elif value.tensor is not None:
        writer.add_tensor(tag, value.tensor, *at)
    elif value.layout is not None:
        writer.add_custom_scalars(value.layout)
    elif value.hparams is not None:
        writer.merge_hparams(value.hparams)
