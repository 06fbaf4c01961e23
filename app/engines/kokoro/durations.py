"""The model with a second output: how long it speaks each phoneme.

The model computes durations and its release keeps them to itself. A file of ONNX is a protobuf
message, and of two messages put together the fields are merged, lists appended
(https://protobuf.dev/programming-guides/encoding/#last-one-wins): so a few bytes behind the file
add a node that hands the durations out, under the name by which kokoro-onnx asks for them. The
sound stays the same to the byte.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TENSOR = b"/encoder/Clip_output_0"
"""Frames of each token, before they become sound. ``folder.check_model`` has seen that this is the
file that has it."""
_OUTPUT = b"duration"
# Numbers of fields in onnx.proto3: ModelProto.graph; GraphProto.node, .output; NodeProto.input,
# .output, .op_type; ValueInfoProto.name.
_GRAPH, _NODE, _GRAPH_OUTPUT, _INPUT, _NODE_OUTPUT, _OP_TYPE, _NAME = 7, 1, 12, 1, 2, 4, 1
_LENGTH_DELIMITED = 2


@contextmanager
def with_durations(model: Path) -> Iterator[str]:
    """Path of the model with that output, in memory, for as long as it takes to load it. Raises
    OSError."""
    descriptor = os.memfd_create("kokoro")
    try:
        with model.open("rb") as file:
            while os.sendfile(descriptor, file.fileno(), None, 1 << 30):
                pass
        os.write(descriptor, _addition())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _addition() -> bytes:
    node = _field(_INPUT, _TENSOR) + _field(_NODE_OUTPUT, _OUTPUT) + _field(_OP_TYPE, b"Identity")
    graph = _field(_NODE, node) + _field(_GRAPH_OUTPUT, _field(_NAME, _OUTPUT))
    return _field(_GRAPH, graph)


def _field(number: int, content: bytes) -> bytes:
    # Small numbers alone: tag and length are a byte each.
    assert number < 16 and len(content) < 128
    return bytes([number << 3 | _LENGTH_DELIMITED, len(content)]) + content
