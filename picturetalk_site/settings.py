"""Settings of the site, all from the environment (.env.example lists every name) with defaults that run as they are.

A checkout runs in debug on loopback: SQLite, files and Redis under ``var/``. Production is ``DEBUG=false`` and says
loudly, by name, what else it wants.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from dotenv import load_dotenv
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from gpu_worker.config import EngineConfig
from picturetalk_site.bucket import BUCKET, bucket_options, media_origins
from picturetalk_site.database import database
from picturetalk_site.environment import ConfigurationError, Environment
from picturetalk_site.logs import logging_settings
from picturetalk_site.secret import secret_key
from picturetalk_site.signing import signing_folder

BASE_DIR = Path(__file__).resolve().parent.parent
# What is already in the environment wins over the file.
load_dotenv(os.environ.get("ENV_FILE", BASE_DIR / ".env"), override=False)
env = Environment(os.environ)
SHORTEST_TOKEN = 24

# --- What kind of site this is ---
DEBUG = env.flag("DEBUG", True)
VAR_DIR = env.folder("VAR_DIR", BASE_DIR / "var")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, low=1, high=65535)
if DEBUG and HOST not in ("127.0.0.1", "::1", "localhost"):
    raise ConfigurationError(f"HOST: with DEBUG=true the site listens on loopback only, not on {HOST}; set DEBUG=false")
SECRET_KEY = secret_key(env.text("SECRET_KEY"), debug=DEBUG, kept_in=VAR_DIR / "secret_key")
#: Earlier keys: what they signed (sessions, links, addresses of media) stays good, nothing new is signed with them.
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]") if DEBUG else ())
if not DEBUG and not ALLOWED_HOSTS:
    raise ConfigurationError(
        "ALLOWED_HOSTS is not set. With DEBUG=false name the hosts of the site, e.g. talk.example.org"
    )
if not DEBUG and "*" in ALLOWED_HOSTS:
    raise ConfigurationError('ALLOWED_HOSTS: "*" would let anyone choose the host in the links that the site mails')
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
for origin in CSRF_TRUSTED_ORIGINS:
    if urlsplit(origin).scheme not in ("http", "https"):
        raise ConfigurationError(f'CSRF_TRUSTED_ORIGINS: "{origin}" must begin with https:// or http://')

# --- Django ---
INSTALLED_APPS = [
    "accounts",
    "animator",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "channels",
    "django_rq",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "picturetalk_site.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "picturetalk_site.suspension.Suspension",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "picturetalk_site.urls"
ASGI_APPLICATION = "picturetalk_site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING = logging_settings(
    env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
    env.flag("LOG_SQL", False),
    env.choice("PICTURETALK_LOG_FORMAT", "line", ("line", "json")),
)
#: With it Prometheus reads ``/metrics``; empty: nobody does.
METRICS_TOKEN = env.text("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < SHORTEST_TOKEN:
    raise ConfigurationError(f"METRICS_TOKEN: use {SHORTEST_TOKEN} or more random characters")

# --- Database ---
DATABASES = {"default": database(env.text("DATABASE_URL"), VAR_DIR / "db.sqlite3")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)

# --- Redis: queues, websocket groups, counters ---
#: Where ``make run`` leaves the address of the Redis it started, so that ``manage.py`` in another terminal finds it.
REDIS_ADDRESS_FILE = VAR_DIR / "redis" / "address"


def _redis_url() -> str:
    given = env.text("REDIS_URL")
    if given:
        if urlsplit(given).scheme not in ("redis", "rediss", "unix"):
            raise ConfigurationError("REDIS_URL: it must begin with redis://, rediss:// or unix://")
        return given
    try:
        return REDIS_ADDRESS_FILE.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return "redis://127.0.0.1:6379/0"


REDIS_URL = _redis_url()
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # Sockets wait for messages in turns of 5 s; redis-py's own limit would end a quiet one at that moment.
            # Connections last: one that Redis or something between has closed is made again before a message is lost.
            "hosts": [{"address": REDIS_URL, "socket_timeout": 30, "retry": Retry(ExponentialBackoff(0.5, 0.05), 2)}],
            "prefix": "picturetalk",
            "capacity": 500,
            "expiry": 30,
        },
    },
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "picturetalk",
    },
}

# --- Queues ---
#: Longest time that one render may take, seconds.
RENDER_TIMEOUT = env.integer("RENDER_TIMEOUT", 3600, low=60)
#: Longest time that the check of one photo or sound may take, seconds.
INSPECT_TIMEOUT = env.integer("INSPECT_TIMEOUT", 300, low=10)
#: Longest time that finding faces, words and motion, or checking and signing the video, may take, seconds.
SPEECH_TIMEOUT = env.integer("SPEECH_TIMEOUT", 1800, low=30)
FINISH_TIMEOUT = env.integer("FINISH_TIMEOUT", 1800, low=30)
#: Longest time that one attempt of a training run, a data set or an evaluation may take, seconds.
TRAINING_TIMEOUT = env.integer("TRAINING_TIMEOUT", 259_200, low=60)
#: Whether workers told to serve render-gpu do so: where there is a CUDA device, always, never.
SERVE_RENDER_GPU = env.choice("SERVE_RENDER_GPU", "auto", ("auto", "always", "never"))
#: Live previews that one live worker serves at the same time.
LIVE_SESSIONS = env.integer("LIVE_SESSIONS", 8, low=1, high=100)
RQ_QUEUES = {
    # Answers a person who waits: face checks, sound checks.
    "inspect": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": INSPECT_TIMEOUT},
    # The stages of videos: words and motion; frames, on processors or on accelerators.
    "speech": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": SPEECH_TIMEOUT},
    "render-cpu": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": RENDER_TIMEOUT},
    "render-gpu": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": RENDER_TIMEOUT},
    # Videos that nobody waits for.
    "bulk": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": RENDER_TIMEOUT},
    # Hours at a time, when nothing else is to be done.
    "training": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": -1},
    # Where earlier versions put whole videos.
    "render": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": RENDER_TIMEOUT},
    "default": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": INSPECT_TIMEOUT},
}
RQ = {"COMMIT_MODE": "on_db_commit"}
RQ_SHOW_ADMIN_LINK = True

# --- Files ---
MEDIA_ROOT = env.folder("MEDIA_ROOT", VAR_DIR / "media")
MEDIA_URL = "/media/"
STATIC_URL = "/static/"
STATIC_ROOT = env.folder("STATIC_ROOT", VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
STORAGE = env.choice("STORAGE", "files", ("files", "s3"))


def _media_storage() -> dict[str, Any]:
    if STORAGE == "files":
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            # Private files: nobody but the user who runs the site reads them.
            "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
        }
    return {**BUCKET, "OPTIONS": bucket_options(env)}


_MEDIA_STORAGE = _media_storage()
STORAGES = {
    "default": _MEDIA_STORAGE,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

#: Data sets, training runs and recordings for them; every training worker reaches it under this path.
TRAINING_ROOT = env.folder("TRAINING_ROOT", VAR_DIR / "training")
#: Each worker's copies of the models that administrators promoted: a folder of its machine.
SOUND_MODEL_DIR = env.folder("SOUND_MODEL_DIR", VAR_DIR / "sound-models")

# --- Engine and limits ---
ENGINE_CONFIG = EngineConfig(
    max_side=env.integer("MAX_SIDE", EngineConfig.max_side, low=256, high=4096),
    max_megapixels=env.number("MAX_MEGAPIXELS", EngineConfig.max_megapixels, low=0.1, high=200),
    max_photo_bytes=env.integer("MAX_PHOTO_BYTES", EngineConfig.max_photo_bytes, low=1024),
    max_faces=env.integer("MAX_FACES", EngineConfig.max_faces, low=1, high=50),
    max_sound_seconds=env.number("MAX_SOUND_SECONDS", EngineConfig.max_sound_seconds, low=1),
    max_sound_bytes=env.integer("MAX_SOUND_BYTES", EngineConfig.max_sound_bytes, low=1024),
    max_text_chars=env.integer("MAX_TEXT_CHARS", EngineConfig.max_text_chars, low=1),
    fps=env.number("FPS", EngineConfig.fps, low=10, high=60),
    threads=env.integer("ENGINE_THREADS", EngineConfig.threads, low=0, high=256),
    engine=env.choice("RENDER_ENGINE", EngineConfig.engine, ("auto", "warp", "torch")),
    speech_engine=env.choice("SPEECH_ENGINE", EngineConfig.speech_engine, ("auto", "embedded")),
    landmark_engine=env.choice(
        "LANDMARK_ENGINE", EngineConfig.landmark_engine, ("auto", "mesh", "face-alignment-2d", "face-alignment-3d")
    ),
    label=env.flag("LABEL", EngineConfig.label),
    watermark=env.flag("WATERMARK", EngineConfig.watermark),
)
#: Render workers measure each engine when they start with a version that was not measured on their machine before.
MEASURE_ENGINES = env.flag("MEASURE_ENGINES", True)
#: Whether ``make run`` has a worker for data sets of training, which nobody waits for, beside the others.
TRAINING_WORKER = env.flag("TRAINING_WORKER", False)
#: What becomes of a photo that seems to show somebody undressed; and how sure the classifier must be.
NUDITY_ACTION = env.choice("NUDITY_ACTION", "hold", ("hold", "refuse", "off"))
NUDITY_THRESHOLD = env.number("NUDITY_THRESHOLD", 0.45, low=0.2, high=1.0)
#: In debug the set-up (``picturetalk_site.prepare``) makes a development chain here; production names its own.
DEVELOPMENT_SIGNING_FOLDER = VAR_DIR / "signing"
#: Certificate chain and key that sign every video (C2PA); None: videos carry no manifest.
SIGNING_FOLDER = signing_folder(env.text("SIGNING_FOLDER"), debug=DEBUG, kept_in=DEVELOPMENT_SIGNING_FOLDER)
#: Form fields are small; files go to disk beyond this size, and are counted by their own limits.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = str(env.folder("UPLOAD_TEMP_DIR", VAR_DIR / "uploads"))
Path(FILE_UPLOAD_TEMP_DIR).mkdir(parents=True, exist_ok=True, mode=0o700)

#: What one user may do, unless their plan or an exception of their own says otherwise.
QUOTA_JOBS_PER_DAY = env.integer("QUOTA_JOBS_PER_DAY", 30)
QUOTA_MINUTES_PER_MONTH = env.integer("QUOTA_MINUTES_PER_MONTH", 1000)
QUOTA_ACTIVE_JOBS = env.integer("QUOTA_ACTIVE_JOBS", 20, low=1)
QUOTA_RUNNING_JOBS = env.integer("QUOTA_RUNNING_JOBS", 4, low=1)
QUOTA_STORAGE_BYTES = env.integer("QUOTA_STORAGE_BYTES", 2 * 1024**3)
QUOTA_FORMS_PER_DAY = env.integer("QUOTA_FORMS_PER_DAY", 30)
QUOTA_UPLOADS_PER_DAY = env.integer("QUOTA_UPLOADS_PER_DAY", 200)

#: 1 keeps the recording of a spoken phrase with the photo, as long as the photo is kept.
KEEP_CONSENT_RECORDINGS = int(env.flag("KEEP_CONSENT_RECORDINGS", False))
#: How long things are kept, days; 0: without end (exports: at least a day).
KEEP_RESULTS_DAYS = env.integer("KEEP_RESULTS_DAYS", 0)
KEEP_FAILED_DAYS = env.integer("KEEP_FAILED_DAYS", 30)
KEEP_EXPORTS_DAYS = env.integer("KEEP_EXPORTS_DAYS", 7, low=1)
KEEP_REPORTS_DAYS = env.integer("KEEP_REPORTS_DAYS", 730)

#: What is done with portraits of people under 18: refuse them, hold them for a moderator, or allow them.
MINORS = env.choice("MINORS", "hold", ("refuse", "hold", "allow"))
#: What people are told about it, in the operator's words.
MINORS_TEXT = env.text("MINORS_TEXT")

# --- Accounts ---
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/jobs/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "picturetalk_site.suspension.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[PictureTalk] "
ACCOUNT_SESSION_REMEMBER = True
EMAIL_HOST = env.text("EMAIL_HOST")
#: Without a mail server nobody could follow the link in the message.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_HOST else "none"
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = env.integer("EMAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 20
#: Where people write who object to a decision; shown on their pages.
CONTACT_EMAIL = env.text("CONTACT_EMAIL")
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "PictureTalk <noreply@localhost>")

# --- Moderation ---
#: Whether what weighs heavily waits for a second moderator, and appeals for one who has not decided before. Switch it
#: off only where there is a single moderator.
SECOND_MODERATOR = env.flag("SECOND_MODERATOR", True)
#: A video that its certificate calls red: "deliver" it with a warning, or "hold" it until a person has looked.
RED_VIDEOS = env.choice("RED_VIDEOS", "deliver", ("deliver", "hold"))

# --- Security ---
#: Whether people reach the site by https (set it to false only behind something that makes it safe otherwise).
HTTPS = env.flag("HTTPS", not DEBUG)


def _own_host() -> str:
    """In production the first host that is named without a wildcard; in debug where the server listens."""
    named = [host for host in ALLOWED_HOSTS if not host.startswith(".")]
    return named[0] if named and not DEBUG else f"{HOST}:{PORT}"


#: The site's own address, for links in messages that no request asked for.
SITE_URL = env.text("SITE_URL") or f"{'https' if HTTPS else 'http'}://{_own_host()}"
if urlsplit(SITE_URL).scheme not in ("http", "https") or not urlsplit(SITE_URL).netloc:
    raise ConfigurationError("SITE_URL: it must begin with https:// or http:// and name a host")
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
#: JSON for the API, the page of templates/403_csrf.html for the rest.
CSRF_FAILURE_VIEW = "animator.api.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000) if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.flag("BEHIND_PROXY", False):
    # Only for a proxy that always sets this header itself.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
#: Where private files are fetched from by signed addresses; nowhere when they lie on this machine.
_MEDIA_ORIGINS = media_origins(_MEDIA_STORAGE["OPTIONS"]) if STORAGE == "s3" else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *_MEDIA_ORIGINS],
        "media-src": [SELF, "blob:", *_MEDIA_ORIGINS],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    },
}
