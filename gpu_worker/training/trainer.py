"""A training run from its configuration to its last step: order and bookkeeping, nothing else.

A run's folder holds ``config.json``, ``checkpoint.pt``, ``best.safetensors`` (the mean weights of the best validation),
``metrics.jsonl``, ``tensorboard/``, ``curves.svg`` and ``card.md``. Started again with ``resume`` it goes on at the
last checkpoint and ends with the weights that it would have had undisturbed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gpu_worker.errors import InputError
from gpu_worker.training.batches import BatchMaker
from gpu_worker.training.card import write_card
from gpu_worker.training.checkpoint import NAME as CHECKPOINT
from gpu_worker.training.checkpoint import load_checkpoint, save_checkpoint
from gpu_worker.training.config import TrainingConfig, config_from
from gpu_worker.training.curves import write_curves
from gpu_worker.training.distributed import Group, chosen_device, join_group, leave_group
from gpu_worker.training.run_log import RunLog
from gpu_worker.training.sources import Sources, load_sources
from gpu_worker.training.steps import Learners, make_learners, take_step
from gpu_worker.training.validation import validate
from gpu_worker.training.weight_files import load_weights, save_weights

CONFIG, BEST, DATA = "config.json", "best.safetensors", "data.json"
Told = Callable[[str], None]


@dataclass
class Progress:
    """Where a run is. ``best`` is the lowest validation loss, ``waited`` how many validations have not bettered it."""

    step: int = 0
    best: float = float("inf")
    waited: int = 0
    seconds: float = 0.0
    stopped: str = ""


#: Called after each step with where the run is and the step's losses; True: save a checkpoint and leave.
Watch = Callable[[Progress, Mapping[str, float]], bool]


def train(
    data: Path,
    config: TrainingConfig,
    run: Path,
    *,
    steps: int | None = None,
    resume: bool = False,
    told: Told = print,
    watch: Watch | None = None,
) -> Progress:
    """Train up to ``steps`` (the configuration's without), or until patience ends. Returns where it came to.

    ``steps`` stops earlier without changing the schedule, as being killed would. ``watch`` is for a run of one process.
    Raises :class:`InputError`
    ``bad_training_config``, ``run_exists``, ``no_run``, ``bad_checkpoint``, ``no_training_clips``.
    """
    device = chosen_device(config.training.device)
    if device.type == "cpu" and config.training.threads:
        torch.set_num_threads(config.training.threads)
    group = join_group(device)
    try:
        if group.first:
            _open_run(run, config, resume)
        group.wait()
        # Killed before its first checkpoint, a run has nothing to go on from: it begins.
        resume = resume and (run / CHECKPOINT).is_file()
        sources = load_sources(data, config, run / "prepared", group, told)
        learners = make_learners(config, device)
        if config.training.start_from and not resume:
            load_weights(Path(config.training.start_from), learners.network)
            load_weights(Path(config.training.start_from), learners.mean.model)
        progress = _restored(run, learners, device) if resume else Progress()
        if group.first and not resume:
            (run / DATA).write_text(json.dumps(sources.told, indent=2), encoding="utf-8")
        _loop(
            run,
            config,
            learners,
            progress,
            sources,
            group,
            min(steps or config.training.steps, config.training.steps),
            told,
            watch,
        )
        group.wait()
        return progress
    finally:
        leave_group()


def run_config(run: Path) -> TrainingConfig:
    """The configuration a run was started with. Raises :class:`InputError` ``no_run``."""
    try:
        return config_from(json.loads((run / CONFIG).read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError) as problem:
        raise InputError("no_run", f"{run} holds no training run.", "Give the folder that train wrote.") from problem


def _open_run(run: Path, config: TrainingConfig, resume: bool) -> None:
    if resume:
        if run_config(run) != config:
            raise InputError(
                "run_exists", "The run was started with another configuration.", "Resume it with its own config.json."
            )
        return
    if (run / CONFIG).exists():
        raise InputError("run_exists", f"{run} holds a run already.", "Resume it, or choose another folder.")
    run.mkdir(parents=True, exist_ok=True)
    (run / CONFIG).write_text(json.dumps(config.as_dict(), indent=2), encoding="utf-8")


def _loop(
    run: Path,
    config: TrainingConfig,
    learners: Learners,
    progress: Progress,
    sources: Sources,
    group: Group,
    last: int,
    told: Told,
    watch: Watch | None,
) -> None:
    settings = config.training
    device = next(learners.network.parameters()).device
    maker = BatchMaker(
        sources.train, config.data.weights, settings.batch, settings.rows, settings.seed, group.rank, group.size
    )
    log = RunLog(run, progress.step) if group.first else None
    sums: dict[str, float] = {}
    counted = 0
    try:
        while progress.step < last and not progress.stopped:
            began = time.monotonic()
            losses = take_step(learners, maker.batch(progress.step).to(device), progress.step, config, group)
            progress.step += 1
            progress.seconds += time.monotonic() - began
            counted += 1
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value
            if progress.step % settings.evaluate_every == 0 or progress.step == last:
                means = {name: value / counted for name, value in sums.items()}
                sums, counted = {}, 0
                _evaluate(run, config, learners, progress, sources, means, log, told)
            leaving = watch is not None and watch(progress, losses)
            due = progress.step % settings.save_every == 0 or progress.step == last or progress.stopped
            if group.first and (due or leaving):
                save_checkpoint(run, _state(learners, progress))
            if leaving:
                break
        if log is not None:
            write_card(run, config, progress.step, progress.seconds)
    finally:
        if log is not None:
            log.close()


def _evaluate(
    run: Path,
    config: TrainingConfig,
    learners: Learners,
    progress: Progress,
    sources: Sources,
    means: dict[str, float],
    log: RunLog | None,
    told: Told,
) -> None:
    """Log, judge the mean weights on people held out, keep them if they are the best, and lose patience if not."""
    found = validate(learners.mean.model, sources.validation, config)
    if found["loss"] < progress.best:
        progress.best, progress.waited = found["loss"], 0
        if log is not None:
            save_weights(run / BEST, learners.mean.model)
    else:
        progress.waited += 1
        if progress.waited >= config.training.patience:
            progress.stopped = "no gain"
    if log is None:
        return
    log.add(progress.step, "train", means)
    log.add(progress.step, "validation", found)
    write_curves(run)
    told(
        f"step {progress.step}: training {means['visemes']:.3f}, validation {found['loss']:.3f}, "
        f"visemes {100 * found['viseme_accuracy']:.1f} %, {progress.seconds:.0f} s"
    )


def _state(learners: Learners, progress: Progress) -> dict[str, Any]:
    return {
        "step": progress.step,
        "best": progress.best,
        "waited": progress.waited,
        "seconds": progress.seconds,
        "stopped": progress.stopped,
        **{name: getattr(learners, name).state_dict() for name in _LEARNT},
        "mean": learners.mean.model.state_dict(),
    }


_LEARNT = ("network", "motion_critic", "sync_critic", "optimiser", "critic_optimiser", "scaler")


def _restored(run: Path, learners: Learners, device: torch.device) -> Progress:
    state = load_checkpoint(run, device)
    if state is None:
        return Progress()
    for name in _LEARNT:
        getattr(learners, name).load_state_dict(state[name])
    learners.mean.model.load_state_dict(state["mean"])
    return Progress(state["step"], state["best"], state["waited"], state["seconds"], state["stopped"])
