"""What is looked at or listened to: images, figures, video, audio, text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from summaries.kinds import audio as audio_kind
from summaries.kinds import image as image_kind
from summaries.kinds import text as text_kind
from summaries.kinds import video as video_kind
from summaries.methods.base import Methods

File = bytes | str | Path
"""An encoded file's bytes, or where it lies."""


def content_of(file: File) -> bytes:
    """The file's bytes."""
    return file if isinstance(file, bytes) else Path(file).read_bytes()


class MediaMethods(Methods):
    """The methods of a writer for images, figures, video, audio and text."""

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Log an image, stored as PNG.

        Args:
            tag: the series' name.
            img_tensor: floats in 0 to 1 or integers in 0 to 255, 1, 3 or 4 channels; or a PIL
                image.
            global_step: as in `add_scalar`.
            walltime: as in `add_scalar`.
            dataformats: what each axis is: "CHW" (default), "HWC" or "HW"; "NCHW" or "NHWC" for
                several in one picture.

        Raises:
            TypeError, ValueError: no such image.
        """
        name, step, wall_time = self._place("add_image", tag, global_step, walltime)
        self._log_event(image_kind.event(name, img_tensor, step, wall_time, dataformats))

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Log a batch as one picture, eight in a line; a list of images with "CHW" or "HWC" too.

        Raises:
            TypeError, ValueError: no such images.
        """
        name, step, wall_time = self._place("add_images", tag, global_step, walltime)
        if isinstance(img_tensor, (list, tuple)):
            img_tensor = image_kind.stacked(name, img_tensor)
            dataformats = dataformats if "N" in dataformats.upper() else f"N{dataformats}"
        self._log_event(image_kind.event(name, img_tensor, step, wall_time, dataformats))

    def add_image_with_boxes(
        self,
        tag: str,
        img_tensor: Any,
        box_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        rescale: float = 1,
        dataformats: str = "CHW",
        labels: Sequence[str] | str | None = None,
    ) -> None:
        """Log an image with boxes drawn on it.

        Args:
            tag: the series' name.
            img_tensor: as in `add_image`.
            box_tensor: [n, 4], xmin, ymin, xmax and ymax of each box in pixels.
            global_step: as in `add_scalar`.
            walltime: as in `add_scalar`.
            rescale: factor of the image's size, after the boxes are drawn.
            dataformats: as in `add_image`.
            labels: n texts that are written beside the boxes.

        Raises:
            TypeError, ValueError: no such image or boxes, or not n labels.
        """
        from summaries.boxes import with_boxes

        name, step, wall_time = self._place("add_image_with_boxes", tag, global_step, walltime)
        pixels = image_kind.as_height_width_channels(name, img_tensor, dataformats)
        drawn = with_boxes(name, pixels, box_tensor, labels, rescale)
        self._log_event(image_kind.event_of_pixels(name, drawn, step, wall_time))

    def add_image_file(
        self, tag: str, content: File, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Log an encoded image (PNG, JPEG, GIF, WebP), given as bytes or a path, kept as it is.

        Raises:
            ValueError: the bytes are no such image.
        """
        name, step, wall_time = self._place("add_image_file", tag, global_step, walltime)
        self._log_event(image_kind.event_of_file(name, content_of(content), step, wall_time))

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: Any = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """Log a matplotlib figure, or a list of figures as one picture.

        Args:
            tag: the series' name.
            figure: the figure, or several of one size.
            global_step: as in `add_scalar`.
            close: whether to close it afterwards.
            walltime: as in `add_scalar`.

        Raises:
            TypeError: no figure.
            ValueError: figures of several sizes.
        """
        from summaries.figures import pixels_of

        name, step, wall_time = self._place("add_figure", tag, global_step, walltime)
        pixels = pixels_of(name, figure, close)
        self._log_event(image_kind.event(name, pixels, step, wall_time, "NHWC"))

    def add_video(
        self,
        tag: str,
        vid_tensor: Any,
        global_step: Any = None,
        fps: float = 4,
        walltime: float | None = None,
        dataformats: str = "NTCHW",
    ) -> None:
        """Log a video, stored as a GIF that repeats.

        Args:
            tag: the series' name.
            vid_tensor: [clips, frames, channels, height, width], floats in 0 to 1 or integers in 0
                to 255; several clips are shown side by side.
            global_step: as in `add_scalar`.
            fps: frames a second.
            walltime: as in `add_scalar`.
            dataformats: what each axis is.

        Raises:
            TypeError, ValueError: no such video.
        """
        name, step, wall_time = self._place("add_video", tag, global_step, walltime)
        self._log_event(video_kind.event(name, vid_tensor, step, wall_time, fps, dataformats))

    def add_video_file(
        self,
        tag: str,
        content: File,
        global_step: Any = None,
        walltime: float | None = None,
        fps: float = 0,
    ) -> None:
        """Log an encoded video (GIF, MP4, WebM), given as bytes or a path, kept as it is.

        Raises:
            ValueError: the bytes are no such video.
        """
        name, step, wall_time = self._place("add_video_file", tag, global_step, walltime)
        self._log_event(video_kind.event_of_file(name, content_of(content), step, wall_time, fps))

    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: Any = None,
        sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:
        """Log a sound, stored as 16-bit WAV.

        Args:
            tag: the series' name.
            snd_tensor: [frames], [1, frames] or [frames, channels]; floats in -1 to 1, or int16.
            global_step: as in `add_scalar`.
            sample_rate: frames a second.
            walltime: as in `add_scalar`.

        Raises:
            TypeError, ValueError: no such sound.
        """
        name, step, wall_time = self._place("add_audio", tag, global_step, walltime)
        self._log_event(audio_kind.event(name, snd_tensor, step, wall_time, sample_rate))

    def add_audio_file(
        self,
        tag: str,
        content: File,
        global_step: Any = None,
        sample_rate: int = 0,
        walltime: float | None = None,
        n_frames: int = 0,
        channels: int = 0,
    ) -> None:
        """Log an encoded sound (WAV, MP3, Ogg, FLAC), given as bytes or a path, kept as it is.

        Args:
            tag: the series' name.
            content: the file.
            global_step: as in `add_scalar`.
            sample_rate: frames a second, for files that are not WAV, which tells it; 0 unknown.
            walltime: as in `add_scalar`.
            n_frames: likewise.
            channels: likewise.

        Raises:
            ValueError: the bytes are no such sound.
        """
        name, step, wall_time = self._place("add_audio_file", tag, global_step, walltime)
        made = audio_kind.event_of_file(
            name,
            content_of(content),
            step,
            wall_time,
            sample_rate=sample_rate,
            n_frames=n_frames,
            channels=channels,
        )
        self._log_event(made)

    def add_text(
        self, tag: str, text_string: str, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Log a text, which the dashboard shows as markdown.

        Raises:
            TypeError: it is not a str.
        """
        name, step, wall_time = self._place("add_text", tag, global_step, walltime)
        self._log_event(text_kind.event(name, text_string, step, wall_time))
