"""The audit log's hash chain: each entry carries the hash of the one before it.

An entry's hash is SHA-256 over the hash of its predecessor, a line feed and the entry's content as canonical JSON (keys
sorted, no spaces, UTF-8). Whoever changes, removes or moves an entry breaks the chain from there on. Nothing here knows
the database: the same functions check the log itself and a file that was exported from it.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

#: The predecessor of the first entry.
GENESIS = "0" * 64
#: What is hashed, and the two hashes; the columns of an exported file.
CONTENT = ("sequence", "at", "actor", "action", "object_type", "object_id", "detail")
COLUMNS = (*CONTENT, "previous_hash", "hash")


@dataclass(frozen=True)
class Link:
    """One entry: ``sequence`` counts from 1; ``at`` is ISO 8601 in UTC; ``actor`` an id, or "" for the site itself."""

    sequence: int
    at: str
    actor: str
    action: str
    object_type: str
    object_id: str
    detail: dict[str, Any]
    previous_hash: str
    hash: str

    @property
    def computed(self) -> str:
        """The hash that this content must have after this predecessor."""
        return link_hash(self.previous_hash, {name: getattr(self, name) for name in CONTENT})

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COLUMNS}


@dataclass(frozen=True)
class Head:
    """The last entry: how many there are, and its hash. Kept elsewhere it shows that the end was cut off."""

    sequence: int = 0
    hash: str = GENESIS

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """``N:hash`` as it is printed. Raises ``ValueError``."""
        number, _, digest = text.partition(":")
        if len(digest) != 64:
            raise ValueError(f"{text!r} is no NUMBER:HASH")
        return cls(int(number), digest.lower())


@dataclass(frozen=True)
class Verification:
    """``entries``: how many were read; ``head``: the last of them; ``findings``: what does not hold, in sentences."""

    entries: int
    head: Head
    findings: tuple[str, ...]
    gaps: int

    @property
    def holds(self) -> bool:
        return not self.findings


def link_hash(previous_hash: str, content: dict[str, Any]) -> str:
    """64 hex digits for the entry with this content (:data:`CONTENT`) after ``previous_hash``."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(f"{previous_hash}\n{text}".encode()).hexdigest()


def instant(at: datetime) -> str:
    """A moment as it is hashed: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def plain(value: Any) -> Any:
    """A detail as every database gives it back: fractions and what JSON does not know become text."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def verify(links: Iterable[Link], *, known: tuple[Head, ...] = (), gaps_allowed: bool = False) -> Verification:
    """Follow a chain in the order it is given. ``known`` are places the chain must pass through.

    With ``gaps_allowed`` (a part of the log) entries may be missing between others, but not change.
    """
    findings: list[str] = []
    count, gaps, before = 0, 0, Head()
    waiting = {head.sequence: head.hash for head in known if head.sequence}
    for link in links:
        count += 1
        expected = before.sequence + 1
        if link.sequence <= before.sequence:
            findings.append(f"entry {link.sequence} stands after entry {before.sequence}: the order was changed")
        elif link.sequence > expected:
            gaps += 1
            if not gaps_allowed:
                missing = f"entry {expected} is" if link.sequence == expected + 1 else f"entries {expected} to "
                missing += "" if link.sequence == expected + 1 else f"{link.sequence - 1} are"
                findings.append(f"{missing} missing")
        elif link.previous_hash != before.hash:
            findings.append(f"entry {link.sequence} does not follow entry {before.sequence}: one of them was replaced")
        if link.computed != link.hash:
            findings.append(f"entry {link.sequence} was changed: its content does not have its hash")
        if link.sequence in waiting and waiting.pop(link.sequence) != link.hash:
            findings.append(f"entry {link.sequence} is not the one that was noted")
        before = Head(link.sequence, link.hash)
    findings += [f"the log ends at entry {before.sequence}, but entry {number} was noted" for number in sorted(waiting)]
    return Verification(count, before, tuple(findings), gaps)


def write_jsonl(links: Iterable[Link]) -> Iterator[str]:
    """One JSON object a line."""
    for link in links:
        yield json.dumps(link.as_dict(), ensure_ascii=False) + "\n"


def write_csv(links: Iterable[Link], out: TextIO) -> None:
    """A header line and one line each; ``detail`` is JSON."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for link in links:
        fields = link.as_dict()
        fields["detail"] = json.dumps(link.detail, ensure_ascii=False, sort_keys=True)
        writer.writerow([fields[name] for name in COLUMNS])


def read_export(file: Path) -> Iterator[Link]:
    """The entries of an exported file, CSV or JSON lines by its ending. Raises ``ValueError`` for another kind."""
    with file.open(encoding="utf-8", newline="") as text:
        rows: Iterable[dict[str, Any]]
        if file.suffix == ".csv":
            rows = csv.DictReader(text)
        elif file.suffix in (".jsonl", ".ndjson", ".json"):
            rows = (json.loads(line) for line in text if line.strip())
        else:
            raise ValueError(f"{file.name}: only .csv and .jsonl are known")
        for number, row in enumerate(rows, 1):
            try:
                yield _link(row)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise ValueError(f"{file.name}: line {number} is no entry of the log ({error})") from None


def _link(row: dict[str, Any]) -> Link:
    detail = row["detail"]
    return Link(
        sequence=int(row["sequence"]),
        detail=json.loads(detail) if isinstance(detail, str) else dict(detail),
        **{name: str(row[name]) for name in COLUMNS if name not in ("sequence", "detail")},
    )
