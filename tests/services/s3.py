"""A real S3 server for tests, in a process of its own on a free port of loopback: moto's, with signatures checked.

``python -m tests.services.s3`` serves until its standard input is closed, and prints its address first.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
BUCKET = "picturetalk-media"


@dataclass
class S3Server:
    """The server, its keys and one private bucket."""

    access_key: str = field(default_factory=lambda: f"AK{secrets.token_hex(8).upper()}")
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    address: str = ""
    _process: subprocess.Popen[str] | None = None

    def start(self) -> S3Server:
        command = [sys.executable, "-m", "tests.services.s3"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{self.access_key} {self.secret_key}\n")
        self._process.stdin.flush()
        self.address = self._process.stdout.readline().strip()
        assert self.address, "the S3 server did not start"
        self.make_bucket()
        return self

    def make_bucket(self) -> None:
        client = self.client()
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    def client(self) -> Any:
        """Of boto3, which makes its types when it runs."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3", endpoint_url=self.address, region_name=REGION, aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key, config=Config(signature_version="s3v4"),
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """The site's settings for this server."""
        return {
            "STORAGE": "s3",
            "S3_BUCKET": BUCKET,
            "S3_ENDPOINT_URL": self.address,
            "S3_REGION": REGION,
            "S3_ACCESS_KEY": self.access_key,
            "S3_SECRET_KEY": self.secret_key,
        }

    def stop(self) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None


def serve() -> None:
    """Until standard input ends. The keys come by standard input: command lines are seen by everybody."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    from tests.services.signature import CheckedSignatures

    access_key, secret_key = sys.stdin.readline().split()
    application = CheckedSignatures(DomainDispatcherApplication(create_backend_app), {access_key: secret_key})
    server = make_server("127.0.0.1", 0, application, threaded=True)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    import threading

    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    serve()
