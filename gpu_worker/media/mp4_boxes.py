"""The boxes of an ISO media file (ISO/IEC 14496-12): walking over them, and the clock that its tracks keep.

Nothing is decoded. What a box claims is checked against the box around it, so that a broken file ends the walk and
reads nothing outside of itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

#: More boxes side by side than any encoder writes; a file made of empty boxes ends here.
_MAX_BOXES = 4096
#: Largest index that is read: hours of video need a few megabytes.
_MAX_INDEX_BYTES = 1 << 26


@dataclass(frozen=True)
class Box:
    """One box: ``start`` and ``size`` in bytes, ``payload`` where its content begins."""

    kind: bytes
    start: int
    size: int
    payload: int

    @property
    def end(self) -> int:
        return self.start + self.size


@dataclass(frozen=True)
class TrackClock:
    """When a track's samples are shown. ``handler`` is ``vide`` or ``soun`` (or another), ``samples`` how many there
    are (frames, for a picture), ``units`` their length together in units of 1 / ``timescale`` s, ``start`` the time of
    the first in seconds."""

    handler: str
    samples: int
    units: int
    timescale: int
    start: float

    @property
    def duration(self) -> float:
        """Seconds from the first sample to the end of the last."""
        return self.units / self.timescale

    @property
    def rate(self) -> float:
        """Samples a second on average, 0 for an empty track."""
        return self.samples * self.timescale / self.units if self.units else 0.0


def boxes(stream: BinaryIO, length: int, start: int = 0) -> Iterator[Box]:
    """The boxes side by side between byte ``start`` and byte ``length`` (4.2); stops at the first that is broken."""
    position = start
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


def read_track_clocks(path: Path) -> list[TrackClock]:
    """The clock of every track of the mp4 at ``path``, in its order. Raises ValueError for a missing or broken index.

    The edit list says which moment of a track is the first that is shown (8.6.6): empty edits delay it, and a media
    time cuts what an encoder needs before its first sample (the priming of AAC) or the delay that reordered frames
    have.
    """
    index = _index(path)
    stream = io.BytesIO(index)
    movie = _payload(stream, len(index), b"mvhd")
    timescale = _timescale(movie)
    return [_clock(stream, box, timescale) for box in boxes(stream, len(index)) if box.kind == b"trak"]


def _index(path: Path) -> bytes:
    with path.open("rb") as file:
        length = file.seek(0, io.SEEK_END)
        for box in boxes(file, length):
            if box.kind == b"moov" and box.size <= _MAX_INDEX_BYTES:
                file.seek(box.payload)
                return file.read(box.end - box.payload)
    raise ValueError("no index")


def _clock(stream: BinaryIO, track: Box, movie_timescale: int) -> TrackClock:
    header = _descend(stream, track, b"mdia", b"mdhd")
    timescale = _timescale(header)
    handler = _descend(stream, track, b"mdia", b"hdlr")
    times = _descend(stream, track, b"mdia", b"minf", b"stbl", b"stts")
    runs = _pairs(times)
    offsets = _pairs(_descend(stream, track, b"mdia", b"minf", b"stbl", b"ctts", optional=True))
    first = int.from_bytes(offsets[0][1].to_bytes(4, "big"), "big", signed=True) if offsets else 0
    empty, media_time = _first_edit(_descend(stream, track, b"edts", b"elst", optional=True))
    return TrackClock(
        handler=handler[8:12].decode("latin-1"),
        samples=sum(count for count, _ in runs),
        units=sum(count * each for count, each in runs),
        timescale=timescale,
        start=empty / movie_timescale + max(0, first - media_time) / timescale,
    )


def _descend(stream: BinaryIO, box: Box, *path: bytes, optional: bool = False) -> bytes:
    """The content of the box that ``path`` leads to from ``box``; nothing, or ValueError, where there is none."""
    for kind in path:
        inner = next((each for each in boxes(stream, box.end, box.payload) if each.kind == kind), None)
        if inner is None:
            if optional:
                return b""
            raise ValueError(f"no {kind!r} box")
        box = inner
    stream.seek(box.payload)
    return stream.read(box.end - box.payload)


def _payload(stream: BinaryIO, length: int, kind: bytes) -> bytes:
    return _descend(stream, Box(b"moov", 0, length, 0), kind)


def _timescale(header: bytes) -> int:
    """Units a second of a ``mvhd`` or ``mdhd`` box; its two versions differ in the width of what comes before."""
    at = 20 if header[:1] == b"\x01" else 12
    timescale = int.from_bytes(header[at : at + 4], "big")
    if timescale <= 0:
        raise ValueError("no timescale")
    return timescale


def _pairs(table: bytes) -> list[tuple[int, int]]:
    """The rows of a ``stts`` or ``ctts`` box: a count and a time each."""
    count = min(int.from_bytes(table[4:8], "big"), max(0, len(table) - 8) // 8)
    rows = range(8, 8 + 8 * count, 8)
    return [(int.from_bytes(table[at : at + 4], "big"), int.from_bytes(table[at + 4 : at + 8], "big")) for at in rows]


def _first_edit(table: bytes) -> tuple[int, int]:
    """Length of the empty edits at the beginning (the movie's units), and where the media begin (the track's units)."""
    width = 8 if table[:1] == b"\x01" else 4
    row, empty = 2 * width + 4, 0
    count = min(int.from_bytes(table[4:8], "big"), max(0, len(table) - 8) // row)
    for at in range(8, 8 + row * count, row):
        media_time = int.from_bytes(table[at + width : at + 2 * width], "big", signed=True)
        if media_time >= 0:
            return empty, media_time
        empty += int.from_bytes(table[at : at + width], "big")
    return empty, 0
