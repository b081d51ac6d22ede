"""The code must carry an id through noise, and must not find one where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.provenance.watermark.code import CODED_BITS, decode, encode, watermark_id


@pytest.mark.parametrize("identifier", ["000000000000", "ffffffffffff", "0123456789ab", "5b1c3a529d6e"])
def test_a_clean_word_comes_back(identifier: str) -> None:
    decoded = decode(encode(identifier).astype(np.float32))
    assert decoded is not None
    assert decoded.id == identifier
    assert decoded.bit_errors == 0
    assert decoded.agreement == pytest.approx(1.0)


def test_any_two_words_differ_in_many_bits() -> None:
    """The free distance of the code is 29; a changed id changes its checksum as well."""
    words = [encode(f"{1 << bit:012x}") for bit in range(48)] + [encode("0" * 12)]
    distances = [int((first != second).sum()) for i, first in enumerate(words) for second in words[:i]]
    assert min(distances) >= 29


def test_a_sixth_of_the_bits_may_be_wrong() -> None:
    rng = np.random.default_rng(0)
    right = 0
    for _ in range(20):
        identifier = f"{rng.integers(0, 1 << 48):012x}"
        word = encode(identifier)
        decoded = decode((word + rng.normal(0, 1.0, CODED_BITS)).astype(np.float32))  # about 16 % wrong signs
        right += decoded is not None and decoded.id == identifier
    assert right >= 19


def test_noise_is_refused() -> None:
    rng = np.random.default_rng(1)
    assert all(decode(rng.normal(0, 1, CODED_BITS).astype(np.float32)) is None for _ in range(40))


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_soft_bits_without_meaning_are_refused(value: float) -> None:
    assert decode(np.full(CODED_BITS, value, dtype=np.float32)) is None


def test_the_id_is_the_beginning_of_a_uuid_however_it_is_written() -> None:
    assert watermark_id("5b1c3a52-9d6e-4f38-8f0a-112233445566") == "5b1c3a529d6e"
    assert watermark_id("5B1C3A529D6E4F388F0A112233445566") == "5b1c3a529d6e"
    assert len(watermark_id("nightly-7")) == 12
    assert watermark_id("nightly-7") != watermark_id("nightly-8")


@pytest.mark.parametrize("identifier", ["", "12", "5b1c3a529d6e0", "zzzzzzzzzzzz"])
def test_what_is_no_id_cannot_be_encoded(identifier: str) -> None:
    with pytest.raises(ValueError):
        encode(identifier)
