"""Numbers and files in one piece for a script in the browser: a JSON head that says where each part lies.

Layout, little-endian: ``PTP1``, length of the head (uint32), the head in UTF-8, padding; then the parts, each at a
multiple of four bytes from the start. The head's ``parts`` says of each ``{"type", "at", "count"}``; ``type`` is int8,
uint8, int16, uint16, int32, uint32, float32 or bytes. The other direction is ``static/js/lib/packed.js``.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

MAGIC = b"PTP1"
_TYPES = {"int8", "uint8", "int16", "uint16", "int32", "uint32", "float32"}
Part: TypeAlias = "NDArray[Any] | bytes"


def pack(head: Mapping[str, Any], parts: Mapping[str, Part]) -> bytes:
    """``head`` and the named ``parts`` in one piece. Raises ValueError for a type of number that is not listed."""
    described: dict[str, dict[str, Any]] = {}
    body = bytearray()
    for name, part in parts.items():
        body += bytes(-len(body) % 4)
        kind, content, count = _bytes_of(part)
        described[name] = {"type": kind, "at": len(body), "count": count}
        body += content
    words = json.dumps({**head, "parts": described}, separators=(",", ":"), allow_nan=False).encode()
    words += b" " * (-len(words) % 4)
    return MAGIC + struct.pack("<I", len(words)) + words + bytes(body)


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[str, Part]]:
    """What :func:`pack` was given. Raises ValueError for anything else."""
    if packed[:4] != MAGIC:
        raise ValueError("these are no packed numbers")
    (length,) = struct.unpack_from("<I", packed, 4)
    head: dict[str, Any] = json.loads(packed[8 : 8 + length])
    parts: dict[str, Part] = {}
    for name, one in head.pop("parts").items():
        begin = 8 + length + one["at"]
        if one["type"] == "bytes":
            parts[name] = packed[begin : begin + one["count"]]
        else:
            parts[name] = np.frombuffer(packed, np.dtype(one["type"]).newbyteorder("<"), one["count"], begin)
    return head, parts


def _bytes_of(part: Part) -> tuple[str, bytes, int]:
    if isinstance(part, bytes):
        return "bytes", part, len(part)
    if part.dtype.name not in _TYPES:
        raise ValueError(f"{part.dtype} is no type for a script")
    return part.dtype.name, part.astype(part.dtype.newbyteorder("<")).tobytes(), part.size
