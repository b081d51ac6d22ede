"""``manage.py scheduler``: the site's clock. Brings back lost work, erases what was kept long enough."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from animator.conf import site_config
from animator.realtime import send_late_move
from animator.services.consent_end import expire_consents
from animator.services.consent_request import expire_requests
from animator.services.file_erasure import finish_erasures, forget_abandoned_work
from animator.services.recovery import recover
from animator.services.retention import enforce
from picturetalk_site.probe import Pulse

log = logging.getLogger(__name__)

#: So often is looked for what was kept long enough, seconds.
CLEANUP_EVERY_S = 600.0
#: What must not wait longer than a minute is looked after twice in it, seconds.
MINUTE_S = 30.0


def every_minute() -> None:
    """What people were promised within a minute."""
    expire_requests(timezone.now())
    expire_consents(timezone.now())
    finish_erasures(timezone.now())
    forget_abandoned_work()


class Command(BaseCommand):
    help = "Bring back lost work every few seconds and erase what was kept long enough; ends on SIGTERM or SIGINT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do everything once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if options["once"]:
            recover()
            every_minute()
            enforce(timezone.now())
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with Pulse("scheduler"):
            self._until(stop)

    def _until(self, stop: threading.Event) -> None:
        interval = site_config().recovery_interval_s
        until_cleanup = until_minute = 0.0
        while not stop.is_set():
            try:
                recover()
                send_late_move()
                if until_minute <= 0:
                    every_minute()
                    until_minute = MINUTE_S
                if until_cleanup <= 0:
                    enforce(timezone.now())
                    until_cleanup = CLEANUP_EVERY_S
            except DatabaseError as error:
                # The database may be restarting; the next turn tries again.
                log.error("The scheduler's turn failed: %s", error)
            close_old_connections()
            until_cleanup -= interval
            until_minute -= interval
            stop.wait(interval)
