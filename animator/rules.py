"""The rules that a decision refers to, numbered as on the page “How it works”; which rule each reason is about."""

from __future__ import annotations

from dataclasses import dataclass

from animator.models.report import ReportReason


@dataclass(frozen=True)
class Rule:
    """``number`` is the clause that a statement of reasons names."""

    number: int
    title: str
    text: str

    @property
    def clause(self) -> str:
        return f"Rule {self.number}: {self.title}"


RULES: tuple[Rule, ...] = (
    Rule(1, "Consent", "A living person is animated only if they agreed to it, and no longer than they agree."),
    Rule(2, "Minors", "Portraits of children and teenagers are animated only once a person has looked, or not at all."),
    Rule(3, "Nothing sexual", "Nobody is shown in a sexual or intimate way."),
    Rule(4, "No deception", "Nobody is made to say what they did not say in order to deceive or to cheat anyone."),
    Rule(5, "No hate, no threats", "Nobody is threatened, harassed or degraded, nor is hatred stirred up."),
    Rule(6, "The law", "What the law forbids is forbidden here."),
)

_ABOUT = {
    ReportReason.NO_CONSENT: 1,
    ReportReason.DEPICTED: 1,
    ReportReason.MINOR: 2,
    ReportReason.INTIMATE: 3,
    ReportReason.FRAUD: 4,
    ReportReason.HATE: 5,
    ReportReason.OTHER: 6,
}


def rule(number: int) -> Rule:
    """Raises ``KeyError`` for a number that no rule has."""
    return {one.number: one for one in RULES}[number]


def rule_about(reason: str) -> Rule:
    """The rule that a report's reason says is broken."""
    return rule(_ABOUT[ReportReason(reason)])
