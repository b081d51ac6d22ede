from __future__ import annotations

import numpy as np
import pytest

from gpu_worker.sound_motion import phone_loop
from gpu_worker.sound_motion.layout import LOOP_PHONES, STATES
from gpu_worker.sound_motion.phone_loop import LOOP, PER_ROW, PhoneLoop, chances_of, opinions, smoothed


def fits(rows: int, seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(0.0, 8.0, (rows * PER_ROW, STATES)).astype(np.float32)


def test_opinions_are_the_sum_over_every_path() -> None:
    heard = fits(2)
    chances = chances_of(heard).astype(np.float64)
    moves = phone_loop._moves().astype(np.float64)
    # Sum over all paths of four moments, by products of whole matrices.
    start = np.full(len(moves), 1.0 / len(moves))
    steps = [moves * chance for chance in chances]
    for row in range(2):
        place = row * PER_ROW + PER_ROW - 1
        before = start
        for step in steps[: place + 1]:
            before = before @ step
        behind = np.ones(len(moves))
        for step in reversed(steps[place + 1 :]):
            behind = step @ behind
        wanted = opinions((before * behind)[None])
        np.testing.assert_allclose(smoothed(chances_of(heard))[row : row + 1], wanted, atol=1e-4)


def test_pieces_of_any_size_give_the_opinions_of_the_whole() -> None:
    heard = fits(20)
    whole = PhoneLoop().push(heard)
    loop = PhoneLoop()
    pieces = [loop.push(heard[first * PER_ROW : last * PER_ROW]) for first, last in ((0, 1), (1, 1), (1, 9), (9, 20))]
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-5)


def test_what_is_told_late_knows_what_came_since() -> None:
    heard = fits(12)
    late, at_once = PhoneLoop(late=2 * PER_ROW).push(heard), PhoneLoop(late=0).push(heard)
    # Told two rows late, the third row from the end is the last that everything behind it is known of.
    np.testing.assert_allclose(late[-1], smoothed(chances_of(heard))[-3], atol=1e-4)
    assert np.abs(late[2:] - at_once[:-2]).max() > 0.1


def test_half_precision_is_precise_enough() -> None:
    chances = chances_of(fits(40, 3))
    apart = np.abs(smoothed(chances.astype(np.float16)) - smoothed(chances))
    assert apart.mean() < 1e-3
    assert apart.max() < 0.2


def test_probabilities_are_those_of_one_phone() -> None:
    logs = smoothed(chances_of(fits(5)))
    assert logs.shape == (5, LOOP_PHONES) == (5, len(LOOP))
    np.testing.assert_allclose((np.exp(2.0 * logs - 4.0) - 1e-3).sum(axis=1), 1.0, atol=1e-3)


@pytest.mark.parametrize(("before", "after", "rare"), [("N", "D", "NG"), ("S", "T", "ZH")])
def test_what_follows_what_is_english(before: str, after: str, rare: str) -> None:
    chances = phone_loop._bigrams()[LOOP.index(before)]
    assert np.exp(chances).sum() == pytest.approx(1.0, abs=0.1)
    assert chances[LOOP.index(after)] > chances[LOOP.index(rare)] + 2.0
