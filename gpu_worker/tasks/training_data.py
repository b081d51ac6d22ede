"""Data sets for training, made by the workers of the queue ``training``: a plan first, then a message for each batch.

The folders named must be reachable by every worker. A message that comes twice does nothing; a batch that was lost is
planned again by the next build.
"""

from __future__ import annotations

import contextlib
import logging
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from animator.conf import site_config
from animator.queue import enqueue_training
from gpu_worker.errors import Cancelled
from gpu_worker.lifeline import Lifeline, interruptible
from gpu_worker.training.data.batch_files import read_batch, take_off, write_batch
from gpu_worker.training.data.batches import finished, make_batch
from gpu_worker.training.data.building import open_dataset, plan_synthesis
from gpu_worker.training.data.index import write_index
from gpu_worker.training.data.planning import plan_build
from gpu_worker.training.data.recordings import RecordingBatch
from gpu_worker.training.data.synthetic import SyntheticBatch

log = logging.getLogger(__name__)

#: The task as messages name it.
_BATCH = "gpu_worker.tasks.training_data.make_dataset_batch"


def build_dataset(source: str, folder: str, seed: int) -> int:
    """Plan a build from recordings; returns how many batches were put into the queue."""
    open_dataset(Path(folder), seed)
    return _share_out(Path(folder), plan_build(Path(source), Path(folder), seed).batches)


def synthesise_dataset(folder: str, hours: float, seed: int) -> int:
    """Plan synthetic speech; returns how many batches were put into the queue."""
    open_dataset(Path(folder), seed)
    return _share_out(Path(folder), plan_synthesis(Path(folder), hours, seed))


def make_dataset_batch(folder: str, stem: str) -> bool:
    """Make one batch; the last one puts the index together. Returns whether there was something to do.

    When the worker is told to end, the batch goes back into the queue within seconds and is made anew.
    """
    at = Path(folder)
    batch = read_batch(at, stem)
    if batch is None:
        return False
    if not finished(at, batch):
        try:
            with _until_told_to_end():
                make_batch(at, batch)
        except Cancelled:
            log.info("Batch %s goes back into the queue", stem)
            enqueue_training(_BATCH, folder, stem)
            return False
    if take_off(at, stem):
        write_index(at)
    return True


@contextlib.contextmanager
def _until_told_to_end() -> Iterator[None]:
    """Raises Cancelled inside the block when the worker is told to end."""
    config = site_config()
    with (
        interruptible() as interrupt,
        Lifeline(
            lambda: True,
            lambda: True,
            beat_every_s=math.inf,
            ask_every_s=config.cancel_poll_s,
            limit_s=math.inf,
            insist=interrupt,
            insist_after_s=config.insist_after_s,
        ),
    ):
        yield


def _share_out(folder: Path, batches: Sequence[RecordingBatch | SyntheticBatch]) -> int:
    todo = [batch for batch in batches if not finished(folder, batch)]
    # All are written before the first is sent: none of them is the last before its time.
    for batch in todo:
        write_batch(folder, batch)
    for batch in todo:
        enqueue_training(_BATCH, str(folder), batch.stem)
    if not todo:
        write_index(folder)
    return len(todo)
