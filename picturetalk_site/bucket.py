"""Media in an S3-compatible bucket: its settings from the environment, and where signed addresses lead.

Not in charge of what lies in the bucket: ``animator.storage`` is.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from picturetalk_site.environment import ConfigurationError, Environment

BUCKET = {"BACKEND": "picturetalk_site.bucket_storage.BucketStorage"}
#: Seconds that a connection, then an answer, may take before the request is tried again.
CONNECT_SECONDS, READ_SECONDS = 5, 60
#: Tries of one request in all.
TRIES = 3
#: How a bucket is named in an address: in the host, in the path, or as boto3 thinks best.
STYLES = ("auto", "path", "virtual")


def bucket_options(env: Environment) -> dict[str, object]:
    """The options of :class:`picturetalk_site.bucket_storage.BucketStorage`. Raises :class:`ConfigurationError`."""
    from botocore.config import Config

    bucket = env.text("S3_BUCKET")
    if not bucket:
        raise ConfigurationError("S3_BUCKET is not set; STORAGE=s3 needs the name of the bucket")
    return {
        "bucket_name": bucket,
        "endpoint_url": _address(env, "S3_ENDPOINT_URL"),
        "public_endpoint_url": _address(env, "S3_PUBLIC_ENDPOINT_URL"),
        "region_name": env.text("S3_REGION") or None,
        "access_key": env.text("S3_ACCESS_KEY") or None,
        "secret_key": env.text("S3_SECRET_KEY") or None,
        # None: no ACL is sent. Objects are private by themselves, and buckets that forbid ACLs refuse any.
        "default_acl": None,
        "querystring_auth": True,
        "file_overwrite": False,
        "client_config": Config(
            signature_version="s3v4",
            s3={"addressing_style": env.choice("S3_ADDRESSING_STYLE", "auto", STYLES)},
            # The checksums that boto3 adds of its own accord are unknown to many servers that are not Amazon's.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": TRIES, "mode": "standard"},
        ),
    }


def media_origins(options: dict[str, Any]) -> list[str]:
    """The origins that signed addresses lead to, as pages' content policy must allow them for pictures and players."""
    bucket, region = options["bucket_name"], options["region_name"]
    given = options["public_endpoint_url"] or options["endpoint_url"]
    if given:
        parts = urlsplit(given)
        return [f"{parts.scheme}://{parts.netloc}", f"{parts.scheme}://{bucket}.{parts.netloc}"]
    hosts = ["s3.amazonaws.com", *([f"s3.{region}.amazonaws.com"] if region else [])]
    return [f"https://{name}" for host in hosts for name in (host, f"{bucket}.{host}")]


def _address(env: Environment, name: str) -> str | None:
    given = env.text(name)
    if not given:
        return None
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigurationError(f"{name}: it must begin with https:// or http:// and name a host")
    return given
