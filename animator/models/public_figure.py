"""A person of public life whom the operator does not want to be animated without a look, or at all."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from animator.text_patterns import BadPatternError, check_pattern


class FigureAction(models.TextChoices):
    HOLD = "hold", "Hold for a moderator"
    REFUSE = "refuse", "Refuse at once"


class PublicFigure(models.Model):
    """Found by name in words, titles, file names and declarations, and by the hashes of known portraits.

    ``portraits`` is a list of ``{"name", "sha256", "hashes"}``; the pictures themselves are not kept.
    """

    name = models.CharField(max_length=120)
    other_names = models.TextField(
        blank=True, help_text="Other spellings and names, one a line; * at the end of a word stands for any letters."
    )
    action = models.CharField(max_length=10, choices=FigureAction.choices, default=FigureAction.HOLD)
    active = models.BooleanField(default=True)
    note = models.TextField(blank=True)
    portraits = models.JSONField(default=list, blank=True, editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=FigureAction.values), name="animator_public_figure_action"
            ),
        ]

    @property
    def names(self) -> str:
        """All names as the pattern of ``animator.text_patterns``."""
        return f"{self.name}\n{self.other_names}"

    def clean(self) -> None:
        """Raises ``ValidationError`` for names that cannot be looked for."""
        try:
            check_pattern("words", self.names)
        except BadPatternError as error:
            raise ValidationError({"other_names": str(error)}) from error

    def __str__(self) -> str:
        return self.name
