"""Numbers in one piece: what comes out is what went in, and nothing else is taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.packed import Part, pack, unpack


def test_what_comes_out_is_what_went_in() -> None:
    parts: dict[str, Part] = {
        "odd": b"abc",
        "small": np.array([-3, 4], np.int8),
        "exact": np.array([0.5, -1e9], np.float32),
        "none": np.zeros(0, np.uint16),
    }
    packed = pack({"name": "Ä", "list": [1, 2.5]}, parts)
    head, found = unpack(packed)
    assert head == {"name": "Ä", "list": [1, 2.5]}
    assert found["odd"] == b"abc"
    for name in ("small", "exact", "none"):
        np.testing.assert_array_equal(np.asarray(found[name]), np.asarray(parts[name]))


def test_parts_begin_where_a_script_can_read_them() -> None:
    """A typed array over a buffer has to begin at a multiple of its own size."""
    packed = pack({"x": "é"}, {"a": b"x", "b": np.arange(3, dtype=np.uint32), "c": b"yz", "d": np.ones(1, np.float32)})
    _, found = unpack(packed)
    for name in ("b", "d"):
        begin = packed.index(found[name].tobytes())  # type: ignore[union-attr]
        assert begin % 4 == 0


def test_other_numbers_and_other_files_are_refused() -> None:
    with pytest.raises(ValueError, match="no type"):
        pack({}, {"a": np.zeros(1, np.float64)})
    with pytest.raises(ValueError, match="no packed"):
        unpack(b"RIFF....")
