from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gpu_worker.schema import VISEMES
from gpu_worker.sound_motion.layout import EXPRESSION, MOUTH, PHONE, PHONES
from gpu_worker.sound_motion.model import Motion
from gpu_worker.sound_motion.phones import best_path, decoded
from gpu_worker.visemes.parameters import SHAPES


def heard(names: list[str], sureness: float = 0.9) -> Motion:
    """What a model says that hears these phones, one a row."""
    phones = np.full((len(names), len(PHONES)), (1 - sureness) / len(PHONES), np.float32)
    visemes = np.full((len(names), 15), (1 - sureness) / 15, np.float32)
    for row, name in enumerate(names):
        phones[row, PHONE[name]] += sureness
        visemes[row, VISEMES.index(SHAPES[name].viseme)] += sureness
    rows = len(names)
    still = [np.zeros((rows, len(names)), np.float32) for names in (MOUTH, EXPRESSION)]
    return Motion(visemes, phones, *still)


def test_phones_are_contiguous_and_in_order() -> None:
    found = decoded(heard(["SIL"] * 5 + ["M"] * 4 + ["AA"] * 6 + ["SIL"] * 3), 0.36)
    assert [phone.phone for phone in found] == ["SIL", "M", "AA", "SIL"]
    assert found[0].start == 0.0
    assert found[-1].end == pytest.approx(0.36)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert found[1].start == pytest.approx(4.5 / 50)


def test_a_single_doubtful_row_does_not_make_a_phone() -> None:
    names = ["AA"] * 5 + ["T"] + ["AA"] * 5
    assert [phone.phone for phone in decoded(heard(names, 0.3), 0.22)] == ["AA"]
    assert [phone.phone for phone in decoded(heard(names, 0.99), 0.22)] == ["AA", "T", "AA"]


def test_the_best_path_is_the_best_of_all() -> None:
    scores = np.random.default_rng(4).normal(0, 1, (5, 3)).astype(np.float32)
    change = 0.8

    def total(path: tuple[int, ...]) -> float:
        changes = sum(a != b for a, b in pairwise(path))
        return float(sum(scores[row, column] for row, column in enumerate(path)) - change * changes)

    every = [tuple(int(digit) for digit in np.base_repr(n, 3).zfill(5)) for n in range(3**5)]
    assert total(tuple(best_path(scores, change).tolist())) == pytest.approx(max(total(path) for path in every))
