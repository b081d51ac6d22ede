"""What administrators want a human to look at, or to be refused, before it is spoken by a portrait."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from animator.text_patterns import BadPatternError, check_pattern
from gpu_worker.languages import LANGUAGES


class ScreeningCategory(models.TextChoices):
    """What a rule is about."""

    FRAUD = "fraud", "Fraud"
    POLITICAL = "political", "Political messages"
    SEXUAL = "sexual", "Sexual content"
    MEDICAL = "medical", "Posing as a doctor"
    FINANCIAL = "financial", "Posing as a bank or adviser"
    THREATS = "threats", "Threats"
    HATE = "hate", "Hate"
    MINORS = "minors", "Minors"
    OTHER = "other", "Something else"


#: What the owner is told about words of a category; never the rule's pattern.
TOLD = {
    ScreeningCategory.FRAUD: "The words ask for money, codes or secrets as fraudsters do.",
    ScreeningCategory.POLITICAL: "The words may be a political message put into somebody’s mouth.",
    ScreeningCategory.SEXUAL: "The words may be sexual.",
    ScreeningCategory.MEDICAL: "The words may pass for a doctor’s advice.",
    ScreeningCategory.FINANCIAL: "The words may pass for a bank’s or an adviser’s.",
    ScreeningCategory.THREATS: "The words may threaten somebody.",
    ScreeningCategory.HATE: "The words may stir up hatred.",
    ScreeningCategory.MINORS: "The words may endanger minors.",
    ScreeningCategory.OTHER: "The words may break one of our rules.",
}


class RuleKind(models.TextChoices):
    WORDS = "words", "Words and phrases"
    REGEX = "regex", "Regular expression"


class RuleAction(models.TextChoices):
    """``allow`` is an exception: what it finds is not found by other rules."""

    ALLOW = "allow", "Allow (an exception to other rules)"
    HOLD = "hold", "Hold for a moderator"
    REFUSE = "refuse", "Refuse at once"


class ScreeningRule(models.Model):
    """``key`` names a rule that came with the product, so that it is brought once, never over an operator's change."""

    name = models.CharField(max_length=80, help_text="Shown to moderators.")
    category = models.CharField(max_length=20, choices=ScreeningCategory.choices)
    languages = models.CharField(
        max_length=200, blank=True, help_text="Codes such as “en, de”; empty for every language."
    )
    kind = models.CharField(max_length=10, choices=RuleKind.choices, default=RuleKind.WORDS)
    pattern = models.TextField(
        help_text="Words and phrases: one a line; * at the end or beginning of a word stands for any letters, # begins "
        "a remark. Case, accents and tricks such as “m0ney” need no lines of their own. Or one regular expression."
    )
    action = models.CharField(max_length=10, choices=RuleAction.choices, default=RuleAction.HOLD)
    active = models.BooleanField(default=True)
    note = models.TextField(blank=True, help_text="Why the rule is there; for administrators.")
    key = models.CharField(max_length=60, blank=True, editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("category", "name")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(category__in=ScreeningCategory.values), name="animator_screening_category"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=RuleKind.values), name="animator_screening_kind"),
            models.CheckConstraint(condition=models.Q(action__in=RuleAction.values), name="animator_screening_action"),
            models.UniqueConstraint(fields=["key"], condition=~models.Q(key=""), name="animator_screening_key"),
        ]

    @property
    def language_codes(self) -> frozenset[str]:
        """Base codes, empty for every language."""
        return frozenset(code.strip().lower() for code in self.languages.split(",") if code.strip())

    def clean(self) -> None:
        """Raises ``ValidationError`` for a pattern or language that cannot be used."""
        known = {language.code.split("-")[0].lower() for language in LANGUAGES}
        unknown = sorted(self.language_codes - known)
        errors = {}
        if unknown:
            errors["languages"] = f"No known languages: {', '.join(unknown)}."
        try:
            check_pattern(self.kind, self.pattern)
        except BadPatternError as error:
            errors["pattern"] = str(error)
        if errors:
            raise ValidationError(errors)

    def __str__(self) -> str:
        return self.name
