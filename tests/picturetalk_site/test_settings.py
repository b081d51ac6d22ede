"""The settings as a whole, loaded by a fresh Python under different environments."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {"DEBUG": "false", "SECRET_KEY": "k" * 50, "ALLOWED_HOSTS": "talk.example.org"}
REPORT = """
import json
from picturetalk_site import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.isupper()}, default=str))
"""


def load(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "VAR_DIR": str(tmp_path / "var")}
    return subprocess.run(
        [sys.executable, "-c", REPORT], cwd=ROOT, env={**clean, **environment}, capture_output=True, text=True
    )


def settings(tmp_path: Path, **environment: str) -> dict[str, Any]:
    done = load(tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


def test_a_checkout_runs_as_it_is(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found["DEBUG"] is True
    assert found["HOST"] == "127.0.0.1"
    assert found["DATABASES"]["default"]["NAME"] == str(tmp_path / "var" / "db.sqlite3")
    assert found["DATABASES"]["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert settings(tmp_path)["SECRET_KEY"] == found["SECRET_KEY"]
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


def test_production_is_strict(tmp_path: Path) -> None:
    found = settings(tmp_path, **PRODUCTION)
    assert found["SESSION_COOKIE_SECURE"] is True
    assert found["CSRF_COOKIE_SECURE"] is True
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_HSTS_SECONDS"] > 0
    assert not (tmp_path / "var" / "secret_key").exists()


def test_no_page_may_load_from_elsewhere(tmp_path: Path) -> None:
    directives = settings(tmp_path)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert directives["script-src"] == ["'self'"]
    for sources in directives.values():
        assert set(sources) <= {"'self'", "'none'", "data:", "blob:"}


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({**PRODUCTION, "SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({**PRODUCTION, "SECRET_KEY": "short"}, "SECRET_KEY: 5 characters are too few"),
        ({**PRODUCTION, "ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set"),
        ({**PRODUCTION, "ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS: "),
        ({"HOST": "0.0.0.0"}, "HOST: with DEBUG=true"),
        ({"PORT": "99999"}, "PORT: 99999 is out of range"),
        ({"DEBUG": "perhaps"}, "DEBUG: "),
        ({"DATABASE_URL": "mysql://a/b"}, "DATABASE_URL: "),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL: "),
        ({"DATABASE_URL": "postgresql://u@127.0.0.1/"}, "DATABASE_URL: the name"),
        ({"REDIS_URL": "http://127.0.0.1"}, "REDIS_URL: "),
        ({"STORAGE": "s3"}, "S3_BUCKET is not set"),
        ({"STORAGE": "s3", "S3_BUCKET": "private", "S3_ENDPOINT_URL": "s3.internal"}, "S3_ENDPOINT_URL: "),
        ({"STORAGE": "ftp"}, "STORAGE: "),
        ({"CSRF_TRUSTED_ORIGINS": "example.org"}, "CSRF_TRUSTED_ORIGINS: "),
        ({"MAX_SIDE": "12"}, "MAX_SIDE: 12 is out of range"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: "),
    ],
)
def test_a_bad_setting_fails_by_name(tmp_path: Path, environment: dict[str, str], says: str) -> None:
    done = load(tmp_path, **environment)
    assert done.returncode != 0
    assert says in done.stderr.strip().splitlines()[-1]


def test_postgresql_redis_and_s3_need_no_change_of_code(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        DATABASE_URL="postgresql://who:secret@db.internal:5433/talk",
        REDIS_URL="redis://cache.internal:6379/2",
        STORAGE="s3",
        S3_BUCKET="private",
        S3_ENDPOINT_URL="https://s3.internal",
        S3_PUBLIC_ENDPOINT_URL="https://media.example.org",
    )
    database = found["DATABASES"]["default"]
    assert (database["ENGINE"], database["HOST"], database["PORT"]) == (
        "django.db.backends.postgresql", "db.internal", 5433,
    )  # fmt: skip
    assert {queue["URL"] for queue in found["RQ_QUEUES"].values()} == {"redis://cache.internal:6379/2"}
    assert found["STORAGES"]["default"]["OPTIONS"]["bucket_name"] == "private"
    # No ACL: objects are private anyway, and buckets without ACLs refuse even that one.
    assert found["STORAGES"]["default"]["OPTIONS"]["default_acl"] is None
    policy = found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert {"https://media.example.org", "https://private.media.example.org"} <= set(policy["media-src"])
    assert "https://media.example.org" in policy["img-src"]
    assert policy["script-src"] == ["'self'"]


def test_the_address_of_a_running_bundled_redis_is_found(tmp_path: Path) -> None:
    address = tmp_path / "var" / "redis" / "address"
    address.parent.mkdir(parents=True)
    address.write_text("redis://:word@127.0.0.1:7777/0\n")
    assert settings(tmp_path)["REDIS_URL"] == "redis://:word@127.0.0.1:7777/0"


def test_the_example_lists_every_setting() -> None:
    sources = [ROOT / "picturetalk_site" / name for name in ("settings.py", "bucket.py")]
    asked = {
        name
        for source in sources
        for name in re.findall(
            r"(?:env\.\w+|_address)\((?:env, )?\s*\"([A-Z0-9_]+)\"", source.read_text(encoding="utf-8")
        )
    }
    # The engine knows nothing of the site's settings and asks the same environment itself.
    for name in ("screening/classifier_file", "weights", "model_fetch"):
        engine = (ROOT / "gpu_worker" / f"{name}.py").read_text(encoding="utf-8")
        asked |= set(re.findall(r"environ\.get\(\"((?:PICTURETALK|NUDITY)_[A-Z0-9_]+)\"", engine))
    listed = set(re.findall(r"^#?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert listed - {f"{name}_FILE" for name in asked} == asked
