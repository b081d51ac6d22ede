"""The line between a page's live preview and a live worker, over Redis, wherever the two run.

A session is asked for on a list that free workers take from; sound and frames then travel by publish and subscribe, so
that nothing of them is ever stored and what nobody is there to hear is gone. All numbers are little-endian.

    sound, page to worker: session (16 bytes), first sample (uint32), 16-bit samples at 16 kHz; without samples: the end
    frames, worker to page: for each the sample that it belongs to (uint32), then one float32 for each control

``first sample`` counts from the start of the session, so that what was dropped on the way leaves a gap and no shift.
Not in charge of who may have a session (``animator.services.live``) nor of what is done with the sound.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

from gpu_worker.schema import CONTROLS

#: What workers are present for, see ``animator.presence``.
SERVICE = "live"
#: Samples a second.
RATE = 16000
#: Frames a second that a worker sends.
FRAME_RATE = 50
#: Sessions that wait for a worker; a session is asked for no longer than this, seconds.
ASKED, PATIENCE_S = "picturetalk:live:asked", 2.0
#: One frame: its sample, and the controls.
FRAME = struct.Struct(f"<I{len(CONTROLS)}f")
#: What a worker sends when it has taken a session, and when it gives it up.
TAKEN, OVER = b"taken", b"over"
_FIRST = struct.Struct("<I")
_SOUND = "picturetalk:live:sound:"
_FRAMES = "picturetalk:live:frames:"


@dataclass(frozen=True)
class Piece:
    """Some sound of a session: ``samples`` are 16-bit numbers as they came, the first of them is number ``first``."""

    session: UUID
    first: int
    samples: bytes


def sound_channel(worker: str) -> str:
    """Where a worker hears the sound of all its sessions."""
    return _SOUND + worker


def frames_channel(session: UUID) -> str:
    """Where a session's page hears its worker."""
    return _FRAMES + session.hex


def pack_piece(session: UUID, from_page: bytes) -> bytes:
    """A page's message (first sample, samples) as it travels to the worker."""
    return session.bytes + from_page


def pack_end(session: UUID) -> bytes:
    return session.bytes + _FIRST.pack(0)


def unpack_piece(message: bytes) -> Piece:
    """Raises ValueError for what no page's session sends."""
    if len(message) < 20 or len(message) % 2:
        raise ValueError("this is no piece of sound")
    return Piece(UUID(bytes=message[:16]), _FIRST.unpack_from(message, 16)[0], message[20:])


def first_sample(from_page: bytes) -> int:
    """Raises ValueError for what is no whole piece of sound: at least one sample behind its number."""
    if len(from_page) < 6 or len(from_page) % 2:
        raise ValueError("this is no piece of sound")
    first: int = _FIRST.unpack_from(from_page)[0]
    return first


def taken_by(worker: str) -> bytes:
    """What says that ``worker`` has taken a session."""
    return TAKEN + worker.encode()
