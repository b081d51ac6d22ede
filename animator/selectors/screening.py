"""Which screening rules apply to a text, and where they strike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from animator.models.blocked_photo import BlockedPhoto
from animator.models.public_figure import FigureAction, PublicFigure
from animator.models.screening_rule import TOLD, RuleAction, ScreeningCategory, ScreeningRule
from animator.text_folding import Reading, readings
from animator.text_patterns import TooSlowError, compiled
from gpu_worker.errors import InputError
from gpu_worker.screening.classifier_file import classifier_file
from gpu_worker.speech.language_detection import detect_language
from gpu_worker.speech.markup import parse_markup

#: Characters around a hit that a moderator is shown.
AROUND = 40
#: Most places shown for one rule.
MOST_PLACES = 3
#: A language that the text may be in counts from this confidence on.
LIKELY = 0.25


@dataclass(frozen=True)
class Hit:
    """A rule that struck; ``excerpts`` are the words as written, with what stands around them."""

    rule: ScreeningRule
    excerpts: tuple[str, ...]
    too_slow: bool = False


@dataclass(frozen=True)
class Verdict:
    """``action`` is the strictest of the hits', ``allow`` without any."""

    action: str
    hits: tuple[Hit, ...] = ()

    @property
    def category(self) -> str:
        """The category of the strictest hit."""
        return self.hits[0].rule.category if self.hits else ""

    @property
    def told(self) -> str:
        """The plain sentence for the owner."""
        return str(TOLD[ScreeningCategory(self.category)]) if self.hits else ""

    @property
    def rules(self) -> frozenset[int]:
        return frozenset(hit.rule.pk for hit in self.hits)

    def detail(self) -> dict[str, Any]:
        """For the moderator, as ``Hold.detail``."""
        return {
            "category": ScreeningCategory(self.category).label,
            "rules": sorted(self.rules),
            "findings": [
                {
                    "name": f"{hit.rule.get_category_display()}: {hit.rule.name}",
                    "text": "the rule took too long and was stopped" if hit.too_slow else " … ".join(hit.excerpts),
                }
                for hit in self.hits
            ],
        }


@dataclass(frozen=True)
class FigureVerdict:
    """Public figures that texts name, with the words around the name."""

    hits: tuple[tuple[PublicFigure, str], ...] = ()

    @property
    def figures(self) -> frozenset[int]:
        return frozenset(figure.pk for figure, _ in self.hits)

    @property
    def refuses(self) -> bool:
        return any(figure.action == FigureAction.REFUSE for figure, _ in self.hits)

    def detail(self) -> dict[str, Any]:
        """For the moderator, as ``Hold.detail``."""
        return {
            "figures": sorted(self.figures),
            "findings": [{"name": f"Public figure: {figure.name}", "text": excerpt} for figure, excerpt in self.hits],
        }


def figures_named(texts: Iterable[str]) -> FigureVerdict:
    """People on the operator's list whom any of the texts names, in any of their spellings."""
    figures = list(PublicFigure.objects.filter(active=True))
    forms = [reading for text in texts if figures and text.strip() for reading in readings(in_plain_words(text))]
    hits = []
    for figure in figures:
        matcher = compiled("words", figure.names)
        found = next(((form, span) for form in forms for span in matcher.spans(form)), None)
        if found is not None:
            form, (start, end) = found
            hits.append((figure, " ".join(form.written[max(0, start - AROUND) : end + AROUND].split())))
    return FigureVerdict(tuple(hits))


def screen_text(text: str, language: str, rules: Iterable[ScreeningRule] | None = None) -> Verdict:
    """What the active rules say of ``text``, which is said to be in ``language``.

    A rule of certain languages applies when the text is said, or looks, to be in one of them. Mark-up is read both as
    it stands and as it is spoken.
    """
    if not text.strip():
        return Verdict(RuleAction.ALLOW)
    spoken = in_plain_words(text)
    forms = [reading for part in dict.fromkeys((spoken, text)) for reading in readings(part)]
    codes = {language.split("-")[0].lower()}
    codes |= {one.language.split("-")[0] for one in detect_language(spoken) if one.confidence >= LIKELY}
    given = ScreeningRule.objects.filter(active=True) if rules is None else rules
    chosen = [rule for rule in given if not rule.language_codes or rule.language_codes & codes]
    allowed = [rule for rule in chosen if rule.action == RuleAction.ALLOW]
    excused = {reading: [span for rule in allowed for span in _spans(rule, reading)[0]] for reading in forms}
    hits = [hit for rule in chosen if rule.action != RuleAction.ALLOW if (hit := _hit(rule, forms, excused))]
    hits.sort(key=lambda hit: hit.rule.action != RuleAction.REFUSE)
    return Verdict(hits[0].rule.action if hits and not hits[0].too_slow else _slow(hits), tuple(hits))


def in_plain_words(text: str) -> str:
    """What typed text with mark-up sounds like: its words, and what they are respelled as."""
    try:
        passages = parse_markup(text)
    except InputError:
        return text
    spoken = "".join(" " if one.pause else one.text for one in passages)
    respelled = " ".join(one.respelled for one in passages if one.respelled)
    return f"{spoken}\n{respelled}" if respelled else spoken


def _slow(hits: list[Hit]) -> str:
    """A rule that could not be tried to its end is a matter for a person, never for refusing by itself."""
    return RuleAction.HOLD if hits else RuleAction.ALLOW


def _spans(rule: ScreeningRule, reading: Reading) -> tuple[list[tuple[int, int]], bool]:
    try:
        return list(compiled(rule.kind, rule.pattern).spans(reading)), False
    except TooSlowError:
        return [], True


def _hit(rule: ScreeningRule, forms: list[Reading], excused: dict[Reading, list[tuple[int, int]]]) -> Hit | None:
    excerpts: list[str] = []
    slow = False
    for reading in forms:
        spans, stopped = _spans(rule, reading)
        slow = slow or stopped
        for start, end in spans:
            if any(low <= start and end <= high for low, high in excused[reading]):
                continue
            around = reading.written[max(0, start - AROUND) : end + AROUND]
            shown = " ".join(around.split())
            if shown not in excerpts:
                excerpts.append(shown)
    if not excerpts and not slow:
        return None
    return Hit(rule, tuple(excerpts[:MOST_PLACES]), too_slow=not excerpts)


def rules_overview() -> list[dict[str, Any]]:
    """For each category that has rules: its label, and how many rules hold, refuse, allow and are switched off."""
    counts: dict[str, dict[str, Any]] = {}
    for rule in ScreeningRule.objects.all():
        row = counts.setdefault(
            rule.category,
            {
                "label": rule.get_category_display(),
                "category": rule.category,
                "hold": 0,
                "refuse": 0,
                "allow": 0,
                "off": 0,
            },
        )
        row[rule.action if rule.active else "off"] += 1
    return list(counts.values())


def photo_screening_state() -> dict[str, Any]:
    """What photos are checked for: the nudity check's state, and the lengths of the lists."""
    return {
        "nudity_installed": classifier_file() is not None,
        "nudity_action": settings.NUDITY_ACTION,
        "nudity_threshold": settings.NUDITY_THRESHOLD,
        "blocked": BlockedPhoto.objects.count(),
        "figures": PublicFigure.objects.filter(active=True).count(),
    }
