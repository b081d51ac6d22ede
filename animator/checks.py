"""System checks: what is missing on this machine, and what to do about it. Run by ``manage.py check`` and at start."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage
from django.db import DatabaseError

from animator.conf import engine_config, site_config

#: Queues that ``animator.queue`` enqueues to.
QUEUES = ("inspect", "speech", "render-cpu", "render-gpu", "bulk", "training")


@register
def configuration(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The numbers of the site can be read, and the clocks fit together."""
    try:
        config = site_config()
        engine_config()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="docs/operations.md lists the settings.", id="animator.E001")]
    if config.stale_after_s < 3 * config.heartbeat_s:
        return [
            Error(
                "A worker would be taken for dead between two of its own signs of life.",
                hint="Make PICTURETALK_STALE_AFTER_S at least three times PICTURETALK_HEARTBEAT_S.",
                id="animator.E002",
            )
        ]
    return []


@register
def queues(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every queue that the site uses is configured."""
    missing = [name for name in QUEUES if name not in getattr(settings, "RQ_QUEUES", {})]
    if not missing:
        return []
    return [Error(f"RQ_QUEUES lacks {', '.join(missing)}.", hint="Add them to RQ_QUEUES.", id="animator.E003")]


@register
def channel_layer(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Workers are processes of their own: only a layer that they share carries their messages."""
    backend = str(getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND", ""))
    if backend and "InMemory" not in backend:
        return []
    return [
        Warning(
            "Progress from workers will not reach the browser: the channel layer is not shared between processes.",
            hint="Use channels_redis.core.RedisChannelLayer in CHANNEL_LAYERS.",
            id="animator.W001",
        )
    ]


@register
def media_storage(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Private files can be written, and are not below a folder that is served to everybody."""
    backend = str(settings.STORAGES["default"]["BACKEND"]).lower()
    if ("s3" in backend or "bucket" in backend) and importlib.util.find_spec("boto3") is None:
        return [
            Error("The S3 storage needs boto3.", hint="pip install 'django-storages[s3]'", id="animator.E004"),
        ]
    try:
        root = default_storage.path("")
    except NotImplementedError:
        return []
    static_root = str(settings.STATIC_ROOT or "")
    if static_root and (str(root).rstrip("/") + "/").startswith(static_root.rstrip("/") + "/"):
        return [
            Error(
                "Private files would lie among the public ones.",
                hint="Move MEDIA_ROOT out of STATIC_ROOT.",
                id="animator.E005",
            )
        ]
    try:
        default_storage.listdir("")
        with tempfile.TemporaryFile(dir=root):
            pass
    except FileNotFoundError:
        return []  # it is made with the first file
    except OSError as error:
        return [
            Error(f"Private files cannot be written to {root}: {error.strerror}.", hint="Set MEDIA_ROOT to a folder "
                  "that this user may write to, or free some space.", id="animator.E006"),
        ]  # fmt: skip
    return []


@register(Tags.database)
def ledger(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The database refuses jobs without consent and changes of the ledgers."""
    from django.db import connections

    from animator.ledger import missing_triggers

    if sys.argv[1:2] == ["migrate"]:
        return []  # it puts in place what is missing, and is not held up by that
    problems: list[CheckMessage] = []
    for using in databases or ():
        try:
            with connections[using].cursor() as cursor:
                tables = connections[using].introspection.table_names(cursor)
            missing = missing_triggers(using) if "animator_job" in tables else []
        except DatabaseError:
            continue  # Django's own checks speak of that
        if missing:
            problems.append(
                Error(
                    f"The database lacks {', '.join(missing)}: consents are not protected.",
                    hint="Run manage.py migrate.",
                    id="animator.E007",
                )
            )
    return problems
