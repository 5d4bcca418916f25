"""TensorBoard's messages: what TF-1 summary ops evaluate to, what event files hold.

Only a few messages of protocol buffers are needed, so they are written and read here, field by
field; the numbers beside them are the fields' numbers in the public .proto files.
"""

from __future__ import annotations

from summaries.wire.graphs import decode_graph, encode_graph
from summaries.wire.logged import add_summary
from summaries.wire.proto import (
    field_bytes,
    field_double,
    field_float,
    field_text,
    field_varint,
    fields,
    signed,
    varint,
)
from summaries.wire.values import (
    Sound,
    SummaryValue,
    audio_value,
    decode_summary,
    encode_summary,
    histogram_value,
    image_value,
    scalar_value,
    text_value,
)

__all__ = [
    "Sound",
    "SummaryValue",
    "add_summary",
    "audio_value",
    "decode_graph",
    "decode_summary",
    "encode_graph",
    "encode_summary",
    "field_bytes",
    "field_double",
    "field_float",
    "field_text",
    "field_varint",
    "fields",
    "histogram_value",
    "image_value",
    "scalar_value",
    "signed",
    "text_value",
    "varint",
]
