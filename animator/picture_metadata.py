"""Taking the metadata out of an upload's bytes before they are stored: place, time, camera, comments, thumbnails.

Nothing is decoded: the containers' own parts are left out (JPEG segments, PNG and WebP chunks) or blanked where they
stand (boxes of HEIC and AVIF, in which other parts are found by their offsets). The picture itself stays bit for bit
the same. What is needed to show it right is kept: the colour profile, and the orientation as a new EXIF block that says
that alone. A file whose structure cannot be followed is damaged; the worker would refuse it too.

Formats: ITU-T T.81 Annex B (JPEG), PNG third edition, RFC 9649 (WebP), ISO/IEC 14496-12 and 23008-12 (HEIF).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

#: PNG chunks that are kept: the picture, its colours, transparency and animation.
_PNG_KEPT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"hIST",
    b"pHYs", b"cICP", b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
#: Flags of VP8X that say that EXIF and XMP follow.
_WEBP_FLAGS = 0x08 | 0x04
#: Item types of HEIF that hold metadata; the content type of a "mime" item is XMP or the like.
_HEIF_METADATA = {b"Exif", b"mime", b"uri "}
_ORIENTATION = 0x0112
#: An EXIF item of HEIF: the offset of the TIFF block, and such a block without a tag.
_EMPTY_EXIF = b"\x00\x00\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"
#: Boxes of HEIF that contain others; "meta" begins with four bytes of version and flags.
_HEIF_FOLDERS = {b"meta": 4, b"moov": 0, b"trak": 0, b"mdia": 0, b"minf": 0, b"udta": 0}


def without_metadata(data: bytes) -> bytes | None:
    """``data`` (JPEG, PNG, WebP, HEIC or AVIF) without its metadata; None where its structure cannot be followed."""
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data[4:8] == b"ftyp":
            return _heif(data)
    except (struct.error, IndexError, ValueError, OverflowError):
        return None
    return None


def _jpeg(data: bytes) -> bytes | None:
    """Segments up to the scan, the rest of the first picture; what follows its end (a second, a film) is dropped."""
    out, position, orientation = [b"\xff\xd8"], 2, 1
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker == 0xD9:
            break
        length = struct.unpack_from(">H", data, position + 2)[0]
        segment = data[position : position + 2 + length]
        if length < 2 or len(segment) != 2 + length:
            return None
        if marker == 0xE1 and segment[4:10] == b"Exif\x00\x00":
            orientation = _tiff_orientation(segment[10:])
        if marker == 0xDA:
            end = _end_of_scans(data, position + 2 + length)
            exif = _exif_segment(orientation) if orientation != 1 else b""
            # A picture that was cut off stays so: whoever decodes it shall see it.
            last = b"\xff\xd9" if end < len(data) else b""
            return b"".join([out[0], exif, *out[1:], data[position:end], last])
        if _jpeg_keeps(marker, segment):
            out.append(segment)
        position += 2 + length
    return None


def _jpeg_keeps(marker: int, segment: bytes) -> bool:
    """Tables and frame headers, JFIF without its thumbnail's neighbours, the ICC profile, Adobe's colour transform."""
    if marker == 0xFE:
        return False
    if not 0xE0 <= marker <= 0xEF:
        return True
    if marker == 0xE0:
        return segment[4:9] == b"JFIF\x00" and len(segment) == 18 and segment[16:18] == b"\x00\x00"
    return (marker == 0xE2 and segment[4:16] == b"ICC_PROFILE\x00") or (marker == 0xEE and segment[4:9] == b"Adobe")


def _end_of_scans(data: bytes, position: int) -> int:
    """Where the end-of-image marker stands; the end of the data where it is missing.

    Between the scans of a progressive picture there are tables, which are passed over as they are; application data
    and comments do not belong there, and make the search stop before them.
    """
    while True:
        position = data.find(b"\xff", position)
        if position < 0 or position + 1 >= len(data):
            return len(data)
        marker = data[position + 1]
        if marker == 0xD9 or 0xE0 <= marker <= 0xEF or marker == 0xFE:
            return position
        if marker == 0xFF:
            position += 1
        elif marker == 0x00 or 0xD0 <= marker <= 0xD7:
            position += 2
        else:
            position += 2 + int(struct.unpack_from(">H", data, position + 2)[0])


def _exif_segment(orientation: int) -> bytes:
    body = b"Exif\x00\x00" + _tiff(orientation)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _tiff(orientation: int) -> bytes:
    """A TIFF block of one tag."""
    return b"MM\x00\x2a" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)


def _tiff_orientation(tiff: bytes) -> int:
    """The orientation in a TIFF block, 1 where it says none or nonsense."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        start = struct.unpack_from(f"{order}I", tiff, 4)[0]
        for index in range(struct.unpack_from(f"{order}H", tiff, start)[0]):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * index)
            if tag == _ORIENTATION and kind == 3:
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _png(data: bytes) -> bytes | None:
    out, position, orientation = [data[:8]], 8, 1
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        chunk = data[position : position + 12 + length]
        if len(chunk) != 12 + length:
            # Cut off in the middle of the picture: whoever decodes it shall see it.
            return b"".join([*out, chunk]) if kind == b"IDAT" else None
        if kind == b"eXIf":
            orientation = _tiff_orientation(chunk[8:-4])
        elif kind in _PNG_KEPT:
            out.append(chunk)
        position += 12 + length
        if kind == b"IEND":
            if orientation != 1:
                out.insert(2, _png_chunk(b"eXIf", _tiff(orientation)))
            return b"".join(out)
    return None


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _webp(data: bytes) -> bytes | None:
    chunks: list[tuple[bytes, bytes]] = []
    position, orientation = 12, 1
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    while position + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, position)
        body = data[position + 8 : position + 8 + length]
        if len(body) != length:
            return None
        if kind == b"EXIF":
            orientation = _tiff_orientation(body.removeprefix(b"Exif\x00\x00"))
        elif kind in _WEBP_KEPT:
            chunks.append((kind, body))
        position += 8 + length + length % 2
    if not chunks:
        return None
    if chunks[0][0] == b"VP8X":
        flags = chunks[0][1][0] & ~_WEBP_FLAGS
        if orientation != 1:
            flags |= 0x08
            chunks.append((b"EXIF", _tiff(orientation)))
        chunks[0] = (b"VP8X", bytes([flags]) + chunks[0][1][1:])
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(part)) + part + b"\x00" * (len(part) % 2) for kind, part in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _heif(data: bytes) -> bytes | None:
    """The same length: metadata items, user data and free space are overwritten with zeros where they stand."""
    out = bytearray(data)
    found = dict(_boxes(data, 0, len(data)))
    for kind, spans in found.items():
        if kind in (b"free", b"skip", b"uuid", b"XMP_"):
            for start, end in spans:
                out[start:end] = bytes(end - start)
    for start, end in found.get(b"udta", []):
        out[start:end] = bytes(end - start)
    for start, end in found.get(b"meta", []):
        inside = dict(_boxes(data, start + 4, end))
        if b"iinf" not in inside or b"iloc" not in inside:
            continue
        wanted = _metadata_items(data, *inside[b"iinf"][0])
        base = inside.get(b"idat", [(0, 0)])[0][0]
        for first, last, kind in _extents(data, inside[b"iloc"][0], wanted, base):
            if last > len(data):
                return None
            # Readers want an EXIF block to be one: an empty one takes the place.
            filler = _EMPTY_EXIF if kind == b"Exif" and last - first >= len(_EMPTY_EXIF) else b""
            out[first:last] = filler.ljust(last - first, b"\x00")
    return bytes(out)


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, list[tuple[int, int]]]]:
    """Kinds of the boxes between ``start`` and ``end``, each with the spans of their bodies; folders are opened."""
    spans: dict[bytes, list[tuple[int, int]]] = {}
    stack = [(start, end)]
    while stack:
        position, last = stack.pop()
        while position + 8 <= last:
            size, kind = struct.unpack_from(">I4s", data, position)
            header = 8
            if size == 1:
                size, header = struct.unpack_from(">Q", data, position + 8)[0], 16
            elif size == 0:
                size = last - position
            if size < header or position + size > last:
                raise ValueError("a box is longer than what it lies in")
            spans.setdefault(kind, []).append((position + header, position + size))
            if kind in _HEIF_FOLDERS and kind != b"meta":
                stack.append((position + header + _HEIF_FOLDERS[kind], position + size))
            position += size
    yield from spans.items()


def _metadata_items(data: bytes, start: int, end: int) -> dict[int, bytes]:
    """Ids and types of the items that hold metadata, from the box "iinf"."""
    wide = data[start] > 0
    position = start + (8 if wide else 6)
    found = {}
    for kind, spans in _boxes(data, position, end):
        if kind != b"infe":
            continue
        for first, _ in spans:
            version = data[first]
            if version < 2:
                continue
            layout = ">H" if version == 2 else ">I"
            key = struct.unpack_from(layout, data, first + 4)[0]
            name = first + 4 + struct.calcsize(layout) + 2
            if data[name : name + 4] in _HEIF_METADATA:
                found[int(key)] = data[name : name + 4]
    return found


def _extents(
    data: bytes, box: tuple[int, int], wanted: dict[int, bytes], idat: int
) -> Iterator[tuple[int, int, bytes]]:
    """Where in the file the wanted items lie, with their types, from the box "iloc"."""
    position, end = box
    version, sizes, more = data[position], data[position + 4], data[position + 5]
    offset_size, length_size, base_size = sizes >> 4, sizes & 15, more >> 4
    index_size = more & 15 if version in (1, 2) else 0
    position += 6

    def number(size: int) -> int:
        nonlocal position
        if position + size > end:
            raise ValueError("the box ends too early")
        value = int.from_bytes(data[position : position + size], "big")
        position += size
        return value

    for _ in range(number(4 if version == 2 else 2)):
        key = number(4 if version == 2 else 2)
        method = number(2) & 15 if version in (1, 2) else 0
        number(2)
        base = number(base_size)
        for _ in range(number(2)):
            number(index_size)
            offset, length = number(offset_size), number(length_size)
            if key in wanted and method in (0, 1):
                first = base + offset + (idat if method == 1 else 0)
                yield first, first + length, wanted[key]
