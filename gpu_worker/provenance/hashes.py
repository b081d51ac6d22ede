"""Comparing perceptual hashes, without the libraries that make them. Light: the site may import it."""

from __future__ import annotations

from collections.abc import Sequence

#: Bits of 64 within which two photos count as copies of one; distances measured are in docs/provenance.md.
COPY_DISTANCE = 10
#: Farther than any two hashes are.
NOTHING_ALIKE = 65


def hash_distance(first: str, second: str) -> int:
    """Bits in which two picture hashes (16 hex digits) differ, 0 to 64."""
    return (int(first, 16) ^ int(second, 16)).bit_count()


def family_distance(first: Sequence[str], second: Sequence[str]) -> int:
    """Bits between the nearest of the comparisons of two photos' families of hashes, the whole picture's first.

    The whole of either is compared with every member of the other. :data:`NOTHING_ALIKE` where a family is empty.
    """
    if not first or not second:
        return NOTHING_ALIKE
    forward = min(hash_distance(first[0], member) for member in second)
    return min(forward, *(hash_distance(second[0], member) for member in first))
