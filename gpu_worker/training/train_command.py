"""``train``: from a data set and a configuration to a run."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TextIO


def add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data set")
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML; not needed to resume")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="RUN", help="folder of the run")
    parser.add_argument("--steps", type=int, metavar="N", help="stop after N steps of the configuration's schedule")
    parser.add_argument("--resume", action="store_true", help="go on at the last checkpoint")


def run(arguments: argparse.Namespace, stream: TextIO) -> object:
    from gpu_worker.errors import InputError
    from gpu_worker.training.config import load_config
    from gpu_worker.training.trainer import run_config, train

    if arguments.steps is not None and arguments.steps < 1:
        raise InputError("bad_arguments", "--steps must be at least 1.", "Leave it out for the configuration's own.")
    if arguments.config is not None:
        config = load_config(arguments.config)
    elif arguments.resume:
        config = run_config(arguments.output)
    else:
        raise InputError("bad_arguments", "A new run needs --config.", "See gpu_worker/training/configs/.")

    def told(line: str) -> None:
        stream.write(line + "\n")
        stream.flush()

    _note_run(arguments.data, arguments.output, told)
    progress = train(
        arguments.data, config, arguments.output, steps=arguments.steps, resume=arguments.resume, told=told
    )
    return {"run": str(arguments.output), **asdict(progress)}


def _note_run(data: Path, run: Path, told: Callable[[str], None]) -> None:
    """Leave the run's name with the data, so that the removal of a person can name the runs that had seen them."""
    from gpu_worker.training.data.index import register_run

    if os.environ.get("RANK", "0") != "0":
        return
    try:
        register_run(data, str(run.resolve()))
    except OSError as problem:  # data on a disk that cannot be written to
        told(f"The run could not be noted with the data: {problem}")
