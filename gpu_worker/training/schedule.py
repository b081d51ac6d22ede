"""The learning rate over a run: a linear rise, then half a cosine down to a hundredth."""

from __future__ import annotations

import math

from gpu_worker.training.config import TrainingSection


def rate_at(step: int, told: TrainingSection) -> float:
    """The rate of step ``step``, counted from 0. It depends on the steps that the configuration names."""
    if step < told.warm_up:
        return told.learning_rate * (step + 1) / told.warm_up
    part = min((step - told.warm_up) / max(told.steps - told.warm_up, 1), 1.0)
    return told.learning_rate * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * part)))
