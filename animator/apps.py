"""The animator application: photos, speech, consents, jobs, results and reports."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class AnimatorConfig(AppConfig):
    name = "animator"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from animator import checks  # noqa: F401 - registers the system checks

        pre_migrate.connect(_take_ledger_away, sender=self)
        post_migrate.connect(_install_ledger, sender=self)


def _take_ledger_away(using: str, **kwargs: Any) -> None:
    """A migration may rebuild a table that triggers of others refer to, which SQLite refuses."""
    from animator.ledger import remove_triggers

    remove_triggers(using)


def _install_ledger(using: str, **kwargs: Any) -> None:
    from animator.ledger import install_triggers

    install_triggers(using)
