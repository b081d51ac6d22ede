"""A real PostgreSQL server for tests: its own folder, a free port of loopback, a password; gone when the tests end.

The binaries come with a wheel (``pgserver``), so that neither a package manager nor root is needed. PostgreSQL refuses
to run as root: there it runs as ``nobody``, from a copy of the binaries where ``nobody`` cannot reach the environment.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from picturetalk_site.redis_server import LOOPBACK, free_port

USER = "picturetalk"
#: A loaded machine may take long; nothing is asserted about it. Seconds.
PATIENCE = 120.0
#: Another program may take the free port before the server does.
TRIES = 5


def packaged_folder() -> Path:
    """Where the wheel keeps ``bin``, ``lib`` and ``share``. The package itself is not imported: it starts things."""
    spec = find_spec("pgserver")
    assert spec is not None, "pgserver is in requirements-dev.txt"
    assert spec.origin is not None
    return Path(spec.origin).parent


@dataclass
class PostgresServer:
    """One cluster in a folder of its own; ``url(name)`` is the address of a database in it."""

    root: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="picturetalk-postgres-")))
    port: int = 0
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.root.chmod(0o711)
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.programs = self._programs()

    def _programs(self) -> Path:
        """The folder of the binaries, reachable by whoever runs them."""
        packaged = packaged_folder()
        binaries = packaged / "pginstall" / "bin"
        if self._account is None or self._run([str(binaries / "postgres"), "--version"]).returncode == 0:
            return binaries
        for name in ("pginstall", "../pgserver.libs"):
            shutil.copytree(packaged / name, self.root / "programs" / "pgserver" / name, symlinks=True)
        return self.root / "programs" / "pgserver" / "pginstall" / "bin"

    def _run(self, command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(command, capture_output=True, cwd="/", **self._identity(), **options)  # type: ignore[call-overload, no-any-return]
        except PermissionError:
            return subprocess.CompletedProcess(command, 126, b"", b"permission denied")

    def _identity(self) -> dict[str, object]:
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://{USER}:{self.password}@{LOOPBACK}:{self.port}/{name}"

    def start(self) -> PostgresServer:
        data, secret = self.root / "data", self.root / "password"
        data.mkdir(mode=0o700)
        secret.write_text(self.password, encoding="ascii")
        if self._account is not None:
            os.chown(data, self._account.pw_uid, self._account.pw_gid)
            os.chown(secret, self._account.pw_uid, self._account.pw_gid)
        made = self._run([
            str(self.programs / "initdb"), "--pgdata", str(data), "--username", USER, "--pwfile", str(secret),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions",
        ])  # fmt: skip
        assert made.returncode == 0, made.stderr.decode(errors="replace")
        for _ in range(TRIES):
            self.port = free_port()
            with (self.root / "log").open("ab") as log:
                self._process = self._begin(data, log)
            if self._answers():
                return self
            self.stop()
        raise AssertionError((self.root / "log").read_text(errors="replace")[-3000:])

    def _begin(self, data: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": LOOPBACK, "port": str(self.port), "unix_socket_directories": "", "fsync": "off",
            "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60", "shared_buffers": "32MB",
        }  # fmt: skip
        command = [str(self.programs / "postgres"), "-D", str(data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", **self._identity())  # type: ignore[call-overload, no-any-return]

    def _answers(self) -> bool:
        """Whether the server lets our own user in; False as soon as it has ended."""
        import psycopg

        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
                return True
            except psycopg.OperationalError:
                time.sleep(0.05)
        return False

    def stop(self) -> None:
        """End the server at once; what it kept is for tests."""
        if self._process is not None and self._process.poll() is None:
            # SIGINT: PostgreSQL's fast shutdown, which also ends the processes of its connections.
            self._process.send_signal(2)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)
