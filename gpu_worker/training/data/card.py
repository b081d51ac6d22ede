"""The data card: what is in a data set, from whom, by which licence, how balanced, and what was left out and why.

After "Datasheets for Datasets" (Gebru et al. 2021). Sex, age and skin tone are counted only where people declared them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gpu_worker.training.clip import SPLITS
from gpu_worker.training.data.index import Index, read_index, read_parts, read_runs, write_json, write_text
from gpu_worker.training.data.manifest import DECLARED
from gpu_worker.training.data.removal import read_tombstones

CARD, FIGURES = "card.md", "card.json"
_NOT_SAID = "not declared"
_UNITS = {"sex": "Sex", "age_group": "Age group", "skin_tone": "Skin tone"}


def make_card(folder: Path) -> dict[str, Any]:
    """Write ``card.md`` and ``card.json`` into the data set; returns the figures."""
    index = read_index(folder)
    figures = card_figures(folder, index)
    write_json(folder / FIGURES, figures)
    write_text(folder / CARD, card_text(figures))
    return figures


def card_figures(folder: Path, index: Index) -> dict[str, Any]:
    """Hours, people and clips by part, source, language, licence and what people declared; rejects by reason."""
    rows = index.clips
    measured = [part.measured for part in read_parts(folder)]
    busy = sum(one.get("wall_s", 0.0) for one in measured)
    spent = sum(one.get("cpu_s", 0.0) for one in measured)
    given = sum(one.get("seconds", 0.0) for one in measured)
    figures: dict[str, Any] = {
        "fingerprint": index.fingerprint,
        "clips": len(rows),
        "people": len(index.people),
        "hours": _hours(rows),
        "bytes": sum(shard.size for shard in index.shards),
        "shards": len(index.shards),
        "input_hours": round(given / 3600, 3),
        "kept": round(sum(row["seconds"] for row in rows) / given, 3) if given else None,
        "times_real_time_per_process": round(given / busy, 1) if busy else None,
        "cpu_seconds_per_hour": round(3600 * spent / given) if given and spent else None,
        "bytes_per_hour": round(sum(shard.size for shard in index.shards) / max(index.seconds / 3600, 1e-9)),
        "removed_people": len(read_tombstones(folder)),
        "runs": [entry["run"] for entry in read_runs(folder)],
    }
    for name in ("split", "source", "language", "licence", "commercial_use", "timing", *DECLARED):
        figures[name] = _by(rows, name)
    figures["rejects"] = _rejects(index.rejects)
    return figures


def _hours(rows: Iterable[dict[str, Any]]) -> float:
    seconds: float = sum(row["seconds"] for row in rows)
    return round(seconds / 3600, 3)


def _by(rows: Sequence[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        value = row.get(name)
        groups[_NOT_SAID if value is None else ("yes" if value else "no") if isinstance(value, bool) else value].append(
            row
        )
    order = [*SPLITS, *sorted(groups, key=lambda key: -sum(row["seconds"] for row in groups[key]))]
    return {
        key: {
            "hours": _hours(groups[key]),
            "clips": len(groups[key]),
            "people": len({row["person"] for row in groups[key]}),
        }
        for key in dict.fromkeys(order)
        if key in groups
    }


def _rejects(rejects: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rejects:
        groups[row["reason"]].append(row)
    return {
        reason: {
            "count": len(found),
            "hours": round(sum(max(row.get("end", 0.0) - row.get("start", 0.0), 0.0) for row in found) / 3600, 3),
        }
        for reason, found in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    }


def card_text(figures: dict[str, Any]) -> str:
    """The card in Markdown."""
    lines = [
        "# Data card",
        "",
        f"{figures['clips']} clips, {figures['hours']:.2f} hours, {figures['people']} people or voices, in "
        f"{figures['shards']} shards of {figures['bytes'] / 1e6:.0f} MB.",
        f"Fingerprint `{figures['fingerprint']}`.",
        "",
        f"From {figures['input_hours']:.2f} hours of input; {_percent(figures['kept'])} of it is kept. "
        f"One process worked at {figures['times_real_time_per_process'] or 0:.1f} times real time.",
        f"Removed on request: {figures['removed_people']} people.",
        "",
    ]
    titles = {
        "split": "Part", "source": "Source", "licence": "Licence", "commercial_use": "Commercial use",
        "timing": "Phone times from", **_UNITS, "language": "Language",
    }  # fmt: skip
    for name, title in titles.items():
        lines += _table(title, figures[name])
    lines += ["## Left out", ""]
    if figures["rejects"]:
        lines += ["| reason | count | hours |", "|---|---|---|"]
        lines += [f"| `{reason}` | {row['count']} | {row['hours']:.2f} |" for reason, row in figures["rejects"].items()]
    else:
        lines.append("Nothing.")
    lines += ["", "## Runs that used it", ""]
    lines += [f"- {run}" for run in figures["runs"]] or ["None."]
    return "\n".join(lines) + "\n"


def _table(title: str, groups: dict[str, dict[str, Any]]) -> list[str]:
    total = sum(row["hours"] for row in groups.values()) or 1.0
    lines = [f"## {title}", "", f"| {title.lower()} | hours | share | clips | people |", "|---|---|---|---|---|"]
    for key, row in groups.items():
        share = _percent(row["hours"] / total)
        lines.append(f"| {_escaped(key)} | {row['hours']:.2f} | {share} | {row['clips']} | {row['people']} |")
    return [*lines, ""]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _escaped(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
