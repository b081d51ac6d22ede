"""The clips of a run, prepared: those it learns from, and those of other people by which it is judged on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_worker.errors import InputError
from gpu_worker.sound_motion.layout import ROW_RATE
from gpu_worker.training.clip import Clip, Split
from gpu_worker.training.config import TrainingConfig
from gpu_worker.training.data.index import read_index
from gpu_worker.training.data.origins import origins
from gpu_worker.training.data.shards import iterate_clips
from gpu_worker.training.distributed import Group
from gpu_worker.training.prepared import Prepared, Recipe, fingerprint, prepare

#: Validation is repeated often; this much of it is enough to see where a run goes, hours.
_VALIDATION_HOURS = 0.1


@dataclass(frozen=True)
class Sources:
    """``told`` is what the card says of the data."""

    train: Prepared
    validation: Prepared
    told: dict[str, Any]


def load_sources(
    data: Path, config: TrainingConfig, folder: Path, group: Group, told: Callable[[str], None]
) -> Sources:
    """Prepare both splits of the set in ``data``, or load what was prepared. The first process of a group does it.

    Raises :class:`InputError` ``no_training_clips`` where a split is empty.
    """
    index = read_index(data)
    settings = config.data
    seed = config.training.seed
    more = tuple(sorted(settings.more_hearings.items()))
    recipes: dict[Split, tuple[Recipe, float]] = {
        "train": (Recipe(config.network.variant, settings.hearings, seed, more), settings.most_hours),
        "validation": (Recipe(config.network.variant, 0, seed), _VALIDATION_HOURS),
    }
    found: dict[str, Prepared] = {}
    for split, (recipe, hours) in recipes.items():
        without = settings.without_languages if split == "train" else ()
        name = fingerprint(recipe, [index.fingerprint, split, str(hours), *settings.sources, "", *without])

        def progress(count: int, done: float, split: str = split) -> None:
            if count % 200 == 0:
                told(f"preparing {split}: {count} clips, {done:.2f} h")

        for process in (True, False):
            if group.first == process:
                clips = chosen(data, split, settings.sources, hours, without)
                found[split] = prepare(clips, recipe, folder / name, progress)
            group.wait()
        if not found[split].clips:
            raise InputError(
                "no_training_clips", f"The set {data} has no {split} clips of these sources.", "See dataset card."
            )
    people = sorted({clip.person for clip in found["train"].clips})
    languages = sorted({clip.language for clip in found["train"].clips})
    return Sources(
        found["train"],
        found["validation"],
        {
            "data": data.name,
            "fingerprint": index.fingerprint,
            "hours": round(found["train"].hours, 3),
            "clips": len(found["train"].clips),
            "kinds": _kinds(found["train"]),
            "made_of": origins(data),
            "people": people,
            "languages": languages,
            # Without a face that was seen, eyes and head are never taught.
            "expression": bool(found["train"].expression_seen.any()),
            "validation_people": sorted({clip.person for clip in found["validation"].clips}),
        },
    )


def _kinds(prepared: Prepared) -> dict[str, dict[str, Any]]:
    """How much there is of each kind of clips; hearings of a clip count each."""
    kinds: dict[str, dict[str, Any]] = {}
    for kind in sorted({clip.source for clip in prepared.clips}):
        clips = [clip for clip in prepared.clips if clip.source == kind]
        hours = sum(clip.rows for clip in clips) / ROW_RATE / 3600.0
        kinds[kind] = {
            "hours": round(hours, 3),
            "clips": len({clip.key for clip in clips}),
            "hearings": len(clips),
            "people": sorted({clip.person for clip in clips}),
        }
    return kinds


def chosen(
    data: Path, split: Split, sources: Sequence[str], most_hours: float, without: tuple[str, ...] = ()
) -> Iterator[Clip]:
    """The clips of a split that are of ``sources`` and not of the languages ``without`` (``es`` covers ``es-419``), up
    to so many hours (0: all)."""
    seconds = 0.0
    for clip in iterate_clips(data, split):
        if clip.source not in sources or clip.duration < 0.5 or clip.language.split("-")[0] in without:
            continue
        if most_hours and seconds >= most_hours * 3600.0:
            return
        seconds += clip.duration
        yield clip
