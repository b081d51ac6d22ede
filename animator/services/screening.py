"""Screening of what a portrait is to say: typed text and transcripts before a job is queued, heard words in its run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from accounts.models import User
from animator.errors import SiteError
from animator.models import Hold, Job, PublicFigure, ScreeningRule, Speech, SpeechTimeline
from animator.models.hold import HoldCode, HoldOutcome
from animator.models.screening_rule import RuleAction
from animator.screening_defaults import DEFAULT_RULES
from animator.selectors.screening import FigureVerdict, Verdict, figures_named, screen_text
from animator.selectors.timeline import corrected_words
from animator.services import audit
from animator.services.hold import hold_job
from animator.services.photo_screening import figure_refused

log = logging.getLogger(__name__)


def screen_speech(user: User, speech: Speech, edited: SpeechTimeline | None = None) -> Verdict:
    """What the rules say of the words of a speech, before a job is made with it; leave any transaction first.

    ``edited`` is the version whose corrected words, and respellings, are said instead.

    Raises ``text_refused`` (with an audit entry) where a rule refuses by itself.
    """
    verdict = screen_text(words_said(speech, edited), speech.language)
    if verdict.action == RuleAction.REFUSE:
        audit.record(user, "text_refused", "speech", speech.id, rules=sorted(verdict.rules), by="rule")
        raise text_refused(verdict)
    return verdict


def screen_speeches(
    user: User, speeches: Sequence[Speech], edited: Mapping[UUID, SpeechTimeline] | None = None
) -> Verdict:
    """What the rules say of a conversation: of every line, and of all of them together, since a sentence may be split
    over several mouths. Raises as :func:`screen_speech`."""
    versions = edited or {}
    if not speeches:
        return Verdict("allow")
    verdicts = [screen_speech(user, speech, versions.get(speech.id)) for speech in speeches]
    if len(speeches) > 1:
        verdicts.append(
            screen_text("\n".join(words_said(one, versions.get(one.id)) for one in speeches), speeches[0].language)
        )
        if verdicts[-1].action == RuleAction.REFUSE:
            rules = sorted(verdicts[-1].rules)
            audit.record(user, "text_refused", "speech", speeches[0].id, rules=rules, by="rule")
            raise text_refused(verdicts[-1])
    strictest = next((one for one in verdicts if one.hits), verdicts[0])
    hits = {hit.rule.pk: hit for verdict in verdicts for hit in verdict.hits}
    return Verdict(strictest.action, tuple(hits.values()))


def words_said(speech: Speech, edited: SpeechTimeline | None) -> str:
    """The words of a speech, and what they were corrected to."""
    return speech.words if edited is None else f"{speech.words}\n{corrected_words(edited)}"


def apply_verdict(job: Job, verdict: Verdict, heard: str = "") -> bool:
    """Hold the job for what speaks against its words, unless a moderator let the same pass before; whether it is held.

    ``heard`` are words that were recognised in a recording.
    """
    if not verdict.rules - _released(job):
        return False
    detail = {**verdict.detail(), "heard": heard} if heard else verdict.detail()
    hold_job(job, HoldCode.TEXT_RULE, detail, verdict.told)
    return True


def screen_names(user: User | None, texts: Iterable[str], kind: str, object_id: UUID) -> FigureVerdict:
    """Whether texts (words, a title, a file's name, whom a consent is about) name somebody on the operator's list.

    Raises ``public_figure_refused`` (with an audit entry) where the list refuses. Hold the job or photo otherwise with
    :func:`apply_figures`.
    """
    verdict = figures_named(texts)
    if verdict.refuses:
        audit.record(user, "public_figure_refused", kind, object_id, figures=sorted(verdict.figures), by="rule")
        raise figure_refused()
    return verdict


def apply_figures(job: Job, verdict: FigureVerdict) -> bool:
    """Hold the job for the people it names, unless a moderator let the same pass; whether it is held."""
    passed = Hold.objects.filter(job=job, code=HoldCode.PUBLIC_FIGURE, outcome=HoldOutcome.RELEASED)
    known = {figure for detail in passed.values_list("detail", flat=True) for figure in detail.get("figures", ())}
    if not verdict.figures - known:
        return False
    hold_job(job, HoldCode.PUBLIC_FIGURE, verdict.detail())
    return True


def screen_heard(job: Job, words: str, source: str) -> bool:
    """Screen the words of a recording once its run knows them; False when the job is held, so that the run must end.

    ``source`` says how the timeline came about (``gpu_worker.schema``). Where no words could be recognised and none
    were given, the audit log says that nothing was screened. Raises ``text_refused``.
    """
    language = job.speech.language if job.speech is not None else "en"
    if not words.strip():
        audit.record(None, "not_screened", "job", job.id, language=language, why=f"no words are known ({source})")
        return True
    named = screen_names(None, [words], "job", job.id)
    verdict = screen_text(words, language)
    if verdict.action == RuleAction.REFUSE and verdict.rules - _released(job):
        audit.record(None, "text_refused", "job", job.id, rules=sorted(verdict.rules), by="rule")
        raise text_refused(verdict)
    held = apply_verdict(job, verdict, words)
    return not (apply_figures(job, named) or held)


def text_refused(verdict: Verdict) -> SiteError:
    """Told where a rule refuses by itself."""
    return SiteError(
        "text_refused",
        f"This cannot be said here. {verdict.told}",
        "A rule of this site decided it without a person. Change the words, or write to us if you think it is wrong.",
        status=403,
    )


def install_default_rules() -> int:
    """Bring the rules of the product that are not there yet; those an operator changed or switched off stay so."""
    known = set(ScreeningRule.objects.exclude(key="").values_list("key", flat=True))
    missing = [ScreeningRule(**fields) for fields in DEFAULT_RULES if fields["key"] not in known]
    ScreeningRule.objects.bulk_create(missing)
    return len(missing)


def _released(job: Job) -> frozenset[int]:
    """Rules that a moderator let pass for this very job."""
    details = Hold.objects.filter(job=job, code=HoldCode.TEXT_RULE, outcome=HoldOutcome.RELEASED)
    return frozenset(rule for detail in details.values_list("detail", flat=True) for rule in detail.get("rules", ()))


def record_rule_change(user: User, rule: ScreeningRule, action: str) -> None:
    """Who changed what is screened; ``action`` is added, changed or deleted."""
    audit.record(user, f"screening_rule_{action}", "screeningrule", str(rule.pk), name=rule.name, active=rule.active)


def record_figure_change(user: User, figure: PublicFigure, action: str) -> None:
    """The same for the list of public figures."""
    audit.record(user, f"public_figure_{action}", "publicfigure", str(figure.pk), name=figure.name)
