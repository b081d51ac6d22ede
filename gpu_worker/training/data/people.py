"""Which part of the split a person belongs to: once said, it stays so, whatever comes later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from gpu_worker.errors import InputError
from gpu_worker.training.clip import SPLITS, Split
from gpu_worker.training.data.index import PEOPLE, read_json, write_json

#: Share of the people that each part is to have.
SHARES: dict[Split, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}


def assign(
    people: Iterable[str], known: Mapping[str, Split], wanted: Mapping[str, Split] | None = None, seed: int = 0
) -> dict[str, Split]:
    """Everybody's part: ``known`` stay where they are, ``wanted`` is where the manifest wants newcomers to be, and the
    rest fill the parts by their shares, in an order that depends on ``seed`` alone. From three people on no part is
    empty.

    Raises :class:`InputError` ``person_in_two_parts`` where ``wanted`` contradicts ``known``.
    """
    wanted = wanted or {}
    for person, part in wanted.items():
        if known.get(person, part) != part:
            raise InputError(
                "person_in_two_parts",
                f"{person} belongs to the part “{known[person]}” of the data set already.",
                "Leave the split of this person as it is, or remove the person first.",
            )
    found: dict[str, Split] = {**known, **{person: part for person, part in wanted.items() if part in SPLITS}}
    newcomers = sorted(set(people) - set(found), key=lambda person: _order(person, seed))
    for place, person in enumerate(newcomers):
        counts = {part: sum(other == part for other in found.values()) for part in SPLITS}
        total = len(found) + 1
        empty = [part for part in SPLITS if not counts[part]]
        enough = len(found) + len(newcomers) - place >= len(SPLITS)
        if empty and enough:
            found[person] = empty[0]
        else:
            found[person] = max(SPLITS, key=lambda part: SHARES[part] * total - counts[part])
    return found


def read_people(folder: Path) -> dict[str, Split]:
    """The parts as they were given out."""
    file = folder / PEOPLE
    return dict(read_json(file)) if file.is_file() else {}


def assign_in(
    folder: Path, people: Iterable[str], wanted: Mapping[str, Split] | None = None, seed: int = 0
) -> dict[str, Split]:
    """:func:`assign` for the data set in ``folder``, remembered there."""
    found = assign(people, read_people(folder), wanted, seed)
    write_json(folder / PEOPLE, dict(sorted(found.items())))
    return found


def _order(person: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{person}".encode()).hexdigest()
