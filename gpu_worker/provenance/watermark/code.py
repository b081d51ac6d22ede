"""From a job's id to 256 coded bits and back: 48 bits of id, CRC-16, and a tail-biting convolutional code.

The code has rate 1/4 and constraint length 11 with the generators 2327, 2353, 2671, 3175 (octal; free distance 29;
Proakis, "Digital Communications", table 8.2-3). Tail biting (Ma and Wolf, 1986) makes the 64 bits a circle, so no
termination bits are spent. Decoding is the soft Viterbi algorithm run three times round the circle.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

ID_BITS = 48
CRC_BITS = 16
PAYLOAD_BITS = ID_BITS + CRC_BITS
CONSTRAINT_LENGTH = 11
GENERATORS: tuple[int, ...] = (0o2327, 0o2353, 0o2671, 0o3175)
CODED_BITS = PAYLOAD_BITS * len(GENERATORS)

_STATES = 1 << (CONSTRAINT_LENGTH - 1)
_ROUNDS = 3


@dataclass(frozen=True)
class Decoded:
    """A decoded payload. ``agreement`` is the normalised correlation of the soft bits with its code word, in [-1, 1];
    ``bit_errors`` counts soft bits of the wrong sign, before correction, of :data:`CODED_BITS`."""

    id: str
    agreement: float
    bit_errors: int


def watermark_id(job_id: str) -> str:
    """The 12 hex digits that stand for a job: the first 48 bits of its UUID, or of SHA-256 where it is no UUID.

    The first 48 bits of a version 4 UUID are all random, so the operator finds the job by the beginning of its id.
    """
    try:
        return uuid.UUID(job_id).hex[: ID_BITS // 4]
    except ValueError:
        return hashlib.sha256(job_id.encode()).hexdigest()[: ID_BITS // 4]


def encode(identifier: str) -> NDArray[np.int8]:
    """The code word of 12 hex digits as (256,) int8 of -1 and +1. Raises ValueError for anything else."""
    if len(identifier) != ID_BITS // 4:
        raise ValueError(f"a watermark id has {ID_BITS // 4} hex digits")
    value = int(identifier, 16)
    bits = _to_bits((value << CRC_BITS) | _crc16(value))
    registers = np.zeros(PAYLOAD_BITS, dtype=np.int64)
    for delay in range(CONSTRAINT_LENGTH):  # bit i and the ten before it on the circle, the newest highest
        registers |= np.roll(bits, delay) << (CONSTRAINT_LENGTH - 1 - delay)
    outputs = np.stack([_parity(registers & generator) for generator in GENERATORS], axis=1)
    return (1 - 2 * outputs.reshape(-1)).astype(np.int8)


def decode(soft: NDArray[np.float32]) -> Decoded | None:
    """The most likely payload of (256,) soft bits (+ for a coded 0), or None when its checksum does not hold."""
    scale = float(np.sqrt(np.mean(soft.astype(np.float64) ** 2)))
    if scale == 0 or not np.isfinite(scale):
        return None
    value = _from_bits(_viterbi(soft.astype(np.float32) / np.float32(scale)))
    identifier, checksum = value >> CRC_BITS, value & ((1 << CRC_BITS) - 1)
    if _crc16(identifier) != checksum:
        return None
    text = f"{identifier:0{ID_BITS // 4}x}"
    word = encode(text)
    return Decoded(text, float(np.mean(word * soft)) / scale, int(np.sum(word * soft <= 0)))


def _to_bits(value: int) -> NDArray[np.int64]:
    return np.array([(value >> (PAYLOAD_BITS - 1 - i)) & 1 for i in range(PAYLOAD_BITS)], dtype=np.int64)


def _from_bits(bits: NDArray[np.int64]) -> int:
    return int("".join(str(int(bit)) for bit in bits), 2)


def _parity(values: NDArray[np.int64]) -> NDArray[np.int64]:
    folded = values.copy()
    for shift in (8, 4, 2, 1):
        folded ^= folded >> shift
    return folded & 1


def _crc16(value: int) -> int:
    """CRC-16/CCITT-FALSE of the 48 bits (polynomial 1021, start FFFF: an all-zero payload is not its own checksum)."""
    crc = 0xFFFF
    for byte in value.to_bytes(ID_BITS // 8, "big"):
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


@lru_cache(maxsize=1)
def _trellis() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each state after a step, (states, 2): the two states before it and the 4-bit outputs of the two steps."""
    after = np.arange(_STATES)
    newest = after >> (CONSTRAINT_LENGTH - 2)
    before = np.stack([((after << 1) & (_STATES - 1)) | oldest for oldest in (0, 1)], axis=1)
    registers = (newest[:, None] << (CONSTRAINT_LENGTH - 1)) | before
    outputs = np.zeros_like(registers)
    for generator in GENERATORS:
        outputs = (outputs << 1) | _parity(registers & generator)
    return before, outputs


def _viterbi(soft: NDArray[np.float32]) -> NDArray[np.int64]:
    """The 64 bits of the best path, from the middle one of three rounds of the circle."""
    before, outputs = _trellis()
    width = len(GENERATORS)
    signs = np.array([[1 - 2 * ((o >> (width - 1 - k)) & 1) for o in range(1 << width)] for k in range(width)])
    branch = soft.reshape(PAYLOAD_BITS, width) @ signs.astype(np.float32)  # reward of every output, (64, 16)
    metric = np.zeros(_STATES, dtype=np.float32)
    choices = np.empty((_ROUNDS * PAYLOAD_BITS, _STATES), dtype=np.int8)
    for step in range(len(choices)):
        candidates = metric[before] + branch[step % PAYLOAD_BITS][outputs]
        choice = candidates.argmax(axis=1)
        choices[step] = choice
        metric = np.take_along_axis(candidates, choice[:, None], axis=1)[:, 0]
    state = int(metric.argmax())
    bits = np.empty(len(choices), dtype=np.int64)
    for step in range(len(choices) - 1, -1, -1):
        bits[step] = state >> (CONSTRAINT_LENGTH - 2)
        state = int(before[state, choices[step, state]])
    return bits[PAYLOAD_BITS : 2 * PAYLOAD_BITS]
