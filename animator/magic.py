"""A first look at an upload's first bytes, cheap enough for the request itself.

It turns away what plainly is something else (a text file called .jpg) before anything is stored or queued. What passes
is still hostile until the worker has decoded it.
"""

from __future__ import annotations

from gpu_worker.errors import InputError

#: Bytes that :func:`looks_like_photo` and :func:`looks_like_sound` want to see.
HEAD_BYTES = 64

_PHOTO = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_SOUND = (
    b"ID3",
    b"fLaC",
    b"OggS",
    b"\x1aE\xdf\xa3",
    b"#!AMR",
    b".snd",
    b"caff",
    b"MAC ",
    b"wvpk",
    b"\x30\x26\xb2\x75",
    b"FLV",
)
_RIFF_SOUND = (b"WAVE", b"AVI ")


def looks_like_photo(head: bytes) -> bool:
    """JPEG, PNG, WebP, or the family of HEIC and AVIF."""
    return head.startswith(_PHOTO) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or head[4:8] == b"ftyp"


def looks_like_sound(head: bytes) -> bool:
    """Any container that commonly carries sound."""
    if head.startswith(_SOUND) or head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return True
    if head[:4] in (b"RIFF", b"RF64", b"riff", b"FORM"):
        return head[:4] in (b"riff", b"FORM") or head[8:12] in _RIFF_SOUND
    # The sync word of MPEG audio and ADTS; also MPEG program and transport streams.
    return (
        (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)
        or head.startswith(b"\x00\x00\x01\xba")
        or head[:1] == b"G"
        or head.startswith(b"\x0bw")
    )


def not_a_photo() -> InputError:
    return InputError(
        "not_a_photo",
        "This file is not a picture that can be read.",
        "Please use a JPEG, PNG, WebP, HEIC or AVIF picture, as a phone or a scanner saves it.",
    )


def damaged_photo() -> InputError:
    return InputError(
        "damaged_photo",
        "The picture is damaged or cut off and cannot be read to its end.",
        "Please upload it again, or open it in a picture viewer and save it as a new JPEG.",
    )


def not_a_sound() -> InputError:
    return InputError(
        "unreadable_sound",
        "This file is not a sound that can be read.",
        "Use WAV, MP3, M4A, OGG, OPUS, WebM or FLAC, or record it here.",
    )
