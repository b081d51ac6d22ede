"""The site's own numbers with their defaults, each with its unit.

Those an operator sets in the environment have a name of their own in the settings (``_NAMES``); any other is replaced
by ``settings.PICTURETALK_<NAME>``.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from gpu_worker.config import EngineConfig


@dataclass(frozen=True)
class SiteConfig:
    """Limits and clocks of the site and its queues."""

    #: Videos a user may begin in a day unless their account says otherwise.
    daily_quota: int = 30
    #: Jobs of one user that wait or run at the same time.
    max_active_jobs: int = 20
    #: Jobs of one user that run at the same time, on however many workers.
    running_jobs: int = 4
    #: Minutes of video that a user may make in a calendar month.
    minutes_per_month: int = 1000
    #: What one user's files may take, bytes.
    max_storage_bytes: int = 2 * 1024**3
    #: Photos and sounds that a user may bring in a day.
    uploads_per_day: int = 200
    #: Other forms (WebM, GIF, WebP) that one user may have made in a day.
    forms_per_day: int = 30
    #: Runs of one job before it is given up.
    max_attempts: int = 3
    #: Pause before a failed run is tried again, seconds, multiplied by the number of runs so far.
    retry_pause_s: float = 5.0
    #: A worker says that it lives this often, seconds.
    heartbeat_s: float = 3.0
    #: How often a running job asks whether it was cancelled, seconds.
    cancel_poll_s: float = 0.5
    #: A job whose worker said nothing for so long is taken for lost, seconds.
    stale_after_s: float = 20.0
    #: How often the scheduler looks for lost and due work, seconds.
    recovery_interval_s: float = 10.0
    #: Longest run of each stage of a job, seconds: words and motion; frames; check and signature.
    speech_timeout_s: int = 1800
    job_timeout_s: int = 3600
    finish_timeout_s: int = 1800
    #: Of one user's waiting jobs so many wait in the ordinary lanes, the others in the one for bulk.
    bulk_after: int = 10
    #: A video is drawn on an accelerator that has so much memory free, MiB.
    gpu_free_mib: int = 2048
    #: Work that was told to end and has not noticed is interrupted after so long, seconds.
    insist_after_s: float = 0.4
    #: Longest check of one photo or sound, seconds; measuring who says what when gets more, see
    #: :func:`longest_measuring_s`.
    check_timeout_s: int = 300
    #: Longest time that one attempt of a training run, a data set or an evaluation may take, seconds.
    training_timeout_s: int = 259_200
    #: Waiting work that Redis does not know of is enqueued again after so long, seconds.
    lost_after_s: float = 10.0
    #: Uploads that no job uses are erased after so long, hours.
    unused_upload_hours: float = 24.0
    #: Rejected uploads, whose files are gone at once, are forgotten after so long, hours.
    rejected_upload_hours: float = 1.0
    #: Largest file that is asked about at /verify/, bytes (never more than the largest upload of any kind).
    max_verify_bytes: int = 100 * 1024**2
    #: Files that one visitor may ask about in an hour.
    checks_per_hour: int = 30
    #: Files of all visitors that wait to be checked or are being checked.
    max_waiting_checks: int = 40
    #: What /verify/ found is forgotten after so long, hours.
    keep_checks_hours: float = 24.0
    #: Photos of themselves that one visitor may look for in an hour.
    lookups_per_hour: int = 20
    #: Reports that one visitor may send in an hour without an account.
    reports_per_hour: int = 10
    #: A moderator who opened something of the queue has it alone for so long, minutes; the open page renews it.
    item_lock_minutes: float = 10.0
    #: Videos that a limited account may begin in a day.
    limited_jobs_per_day: int = 1
    #: A person may answer the question for their consent for so long, days.
    consent_link_days: float = 14.0
    #: Questions of one user that wait for an answer.
    max_consent_requests: int = 20
    #: Phrases that one link draws, and how often one may be said or typed.
    phrases_per_link: int = 12
    tries_per_link: int = 6
    #: Answers that one visitor may send in an hour.
    answers_per_hour: int = 60
    #: Links to one video that hold at the same time.
    max_shares_per_video: int = 20
    #: Part of a phrase's words that must be heard, in [0, 1].
    phrase_score: float = 0.6
    #: 1: the recording of a spoken phrase is kept with the photo; 0: it is erased once it was listened to.
    keep_consent_recordings: int = 0
    #: Videos, and what they were made from, are erased so many days after they were made; 0: when their owner says so.
    keep_results_days: int = 0
    #: Videos that failed or were cancelled are erased after so long, days; 0: when their owner says so.
    keep_failed_days: int = 30
    #: A packed export can be fetched for so long, days.
    keep_exports_days: int = 7
    #: Words and addresses of reports are masked so long after the decision, days; 0: never.
    keep_reports_days: int = 730
    #: By how much rendering gives way to what answers a person who waits, see nice(2); 0 to 19.
    render_niceness: int = 5
    #: Most progress messages a second and job.
    events_per_second: float = 4.0
    #: Addresses of private files on our own pages stay valid for so long, seconds, and up to five minutes longer.
    media_address_s: int = 600
    #: Signed addresses of a remote storage stay valid for so long, seconds.
    signed_address_s: int = 300


_NAMES = {
    "daily_quota": "QUOTA_JOBS_PER_DAY",
    "max_active_jobs": "QUOTA_ACTIVE_JOBS",
    "running_jobs": "QUOTA_RUNNING_JOBS",
    "minutes_per_month": "QUOTA_MINUTES_PER_MONTH",
    "max_storage_bytes": "QUOTA_STORAGE_BYTES",
    "uploads_per_day": "QUOTA_UPLOADS_PER_DAY",
    "forms_per_day": "QUOTA_FORMS_PER_DAY",
    "keep_consent_recordings": "KEEP_CONSENT_RECORDINGS",
    "keep_results_days": "KEEP_RESULTS_DAYS",
    "keep_failed_days": "KEEP_FAILED_DAYS",
    "keep_exports_days": "KEEP_EXPORTS_DAYS",
    "keep_reports_days": "KEEP_REPORTS_DAYS",
    "job_timeout_s": "RENDER_TIMEOUT",
    "speech_timeout_s": "SPEECH_TIMEOUT",
    "finish_timeout_s": "FINISH_TIMEOUT",
    "check_timeout_s": "INSPECT_TIMEOUT",
    "training_timeout_s": "TRAINING_TIMEOUT",
}


#: Sound that the time for a check is enough to measure, seconds.
_MEASURED_SOUND_S = 150.0


def longest_measuring_s() -> int:
    """How long measuring a timeline may take; without words it takes up to half the length of the sound, and more on a
    busy machine."""
    return round(site_config().check_timeout_s * max(1.0, engine_config().max_sound_seconds / _MEASURED_SOUND_S))


@cache
def site_config() -> SiteConfig:
    """The configuration in force. Raises ``ImproperlyConfigured`` for a value of the wrong type or below zero."""
    changes: dict[str, int | float] = {}
    for field in fields(SiteConfig):
        name = _NAMES.get(field.name, f"PICTURETALK_{field.name.upper()}")
        if not hasattr(settings, name):
            continue
        value = getattr(settings, name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ImproperlyConfigured(f"{name}: {value!r} is not a number of zero or more")
        changes[field.name] = value
    return replace(SiteConfig(), **changes)  # type: ignore[arg-type]  # checked above


def engine_config() -> EngineConfig:
    """The engine's limits: ``settings.ENGINE_CONFIG``, or the defaults."""
    given = getattr(settings, "ENGINE_CONFIG", None)
    if given is None:
        return EngineConfig()
    if not isinstance(given, EngineConfig):
        raise ImproperlyConfigured("ENGINE_CONFIG must be a gpu_worker.config.EngineConfig")
    return given


def signing_folder() -> Path | None:
    """Where the operator's certificate chain and key lie (``settings.SIGNING_FOLDER``); None: videos are not signed."""
    folder = getattr(settings, "SIGNING_FOLDER", None)
    return None if not folder else Path(folder)


def trust_anchors() -> str | None:
    """The root certificate that ``/verify/`` trusts, PEM text: ``anchor.pem`` of the signing folder, if any."""
    folder = signing_folder()
    try:
        return None if folder is None else (folder / "anchor.pem").read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def work_root() -> Path:
    """Where runs keep what they need until they end (``settings.WORK_DIR``): a folder of this machine."""
    given = getattr(settings, "WORK_DIR", None)
    return Path(given) if given else Path(tempfile.gettempdir()) / f"picturetalk-work-{os.getuid()}"


def training_root() -> Path:
    """Below it lie data sets, runs and what operators bring in (``settings.TRAINING_ROOT``); every training worker
    reaches it under this path."""
    return Path(settings.TRAINING_ROOT)


def sound_model_folder() -> Path:
    """Where a worker keeps its copies of promoted models (``settings.SOUND_MODEL_DIR``): a folder of this machine."""
    return Path(settings.SOUND_MODEL_DIR)


def _forget(**kwargs: object) -> None:
    site_config.cache_clear()


setting_changed.connect(_forget)
