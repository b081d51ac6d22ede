"""``manage.py make_debug_accounts``: a user, a moderator and an administrator with known passwords, in debug only."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services import make_debug_accounts


class Command(BaseCommand):
    help = "Make the debug accounts (refused unless DEBUG is on) and print them."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            accounts = make_debug_accounts()
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        for account in accounts:
            self.stdout.write(f"{account.role:<14} {account.email:<26} {account.password}")
