"""The animator application: photos, speech, consents, jobs, results and reports."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AnimatorConfig(AppConfig):
    name = "animator"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from animator import checks  # noqa: F401 - registers the system checks

        post_migrate.connect(_install_ledger, sender=self)


def _install_ledger(using: str, **kwargs: Any) -> None:
    from animator.ledger import install_triggers

    install_triggers(using)
