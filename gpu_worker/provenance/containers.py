"""Which kind of media a file is, by its first bytes alone, and the walk over an mp4's outermost boxes.

Nothing is decoded here. Every later reader is given the format found here explicitly, so that a playlist, an archive
or a script with the name of a video never reaches a demuxer that would follow it to other files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from gpu_worker.errors import InputError

MediaKind = Literal["mp4", "webm", "jpeg", "png"]

MIME_TYPES: dict[MediaKind, str] = {
    "mp4": "video/mp4",
    "webm": "video/webm",
    "jpeg": "image/jpeg",
    "png": "image/png",
}

#: More outermost boxes than any encoder writes; a file made of empty boxes ends here.
_MAX_BOXES = 4096


@dataclass(frozen=True)
class Box:
    """One outermost box of an ISO media file: ``start`` and ``size`` in bytes, ``payload`` where its content begins."""

    kind: bytes
    start: int
    size: int
    payload: int


def sniff(path: Path) -> MediaKind:
    """The kind of the file at ``path``.

    Raises InputError ``no_such_file``, ``empty_file`` or ``not_a_media_file``.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise InputError("no_such_file", "The file cannot be read.", "Check the name and that it is a file.") from error
    if not head:
        raise InputError("empty_file", "The file is empty.", "Choose another file, or copy it again.")
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "webm"
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    raise InputError(
        "not_a_media_file",
        "This is not a video or picture that can be checked.",
        "MP4, MOV and WebM videos and JPEG and PNG pictures can be checked.",
    )


def boxes(stream: BinaryIO, length: int) -> Iterator[Box]:
    """The outermost boxes of an mp4 of ``length`` bytes (ISO/IEC 14496-12, 4.2); stops at the first that is broken."""
    position = 0
    for _ in range(_MAX_BOXES):
        if position + 8 > length:
            return
        stream.seek(position)
        header = stream.read(16)
        size, kind, payload = int.from_bytes(header[:4], "big"), header[4:8], position + 8
        if size == 1:
            size, payload = int.from_bytes(header[8:16], "big"), position + 16
        elif size == 0:
            size = length - position
        if size < payload - position or position + size > length:
            return
        yield Box(kind, position, size, payload)
        position += size
