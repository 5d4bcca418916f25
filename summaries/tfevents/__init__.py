"""TensorBoard's event files: read fast, imported, and written.

| module | what lives there |
| --- | --- |
| `framing` | records in a file: lengths and checksums |
| `columns`, `decoding` | records to points: whole columns of scalars, and anything field by field |
| `reading` | a file in blocks, damage and restarts told |
| `importing`, `writing` | into a logdir, and out of one |
"""

from __future__ import annotations

from summaries.imports.report import ImportReport
from summaries.tfevents.framing import frame_records, masked_crc32c
from summaries.tfevents.importing import import_tfevents
from summaries.tfevents.writing import export_tfevents

__all__ = [
    "ImportReport",
    "export_tfevents",
    "frame_records",
    "import_tfevents",
    "masked_crc32c",
]
