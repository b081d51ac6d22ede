"""Settings of the test run: those of the site, with every file in a folder of this run and nothing of the developer's.

Each pytest process (each xdist worker too) has its own folder, database and Redis. ``tests/conftest.py`` starts the
Redis.
"""

import atexit
import json
import os
import shutil
import tempfile
from pathlib import Path

# As the workers have it, before anything loads it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_run_dir = Path(tempfile.mkdtemp(prefix="picturetalk-tests-"))
atexit.register(shutil.rmtree, _run_dir, ignore_errors=True)

for _name in ("DATABASE_URL", "EMAIL_HOST", "STORAGE", "HOST", "PORT", "ALLOWED_HOSTS", "SECRET_KEY", "HTTPS"):
    os.environ.pop(_name, None)

from picturetalk_site.redis_server import bundled  # noqa: E402

TEST_REDIS = bundled(_run_dir / "redis")
os.environ.update(
    ENV_FILE=os.devnull,
    DEBUG="true",
    VAR_DIR=str(_run_dir),
    MEDIA_ROOT=str(_run_dir / "media"),
    REDIS_URL=TEST_REDIS.url,
    # A database and a storage of the run's own in place of the defaults: tests.integration.settings starts them.
    **json.loads(os.environ.get("PICTURETALK_TEST_SERVICES", "{}")),
)

from picturetalk_site.settings import *  # noqa: E402, F403
from picturetalk_site.settings import DATABASES, STORAGES  # noqa: E402

# As in production: error pages, no finders.
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, so that workers in processes of their own see what a test committed.
    DATABASES["default"]["TEST"] = {"NAME": str(_run_dir / "test.sqlite3")}
else:
    # Under its own name, so that workers find it by DATABASE_URL.
    DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}
# Measuring takes seconds that no test has to spare at every start of a worker.
MEASURE_ENGINES = False
