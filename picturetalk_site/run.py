"""``make run``: the whole site on this machine, until Ctrl-C.

Brings the database and the collected files up to date, then starts every line of the Procfile under honcho: the
bundled Redis (unless ``REDIS_URL`` names another), the web server, the workers and the scheduler. When one of them ends
for good, all end. What the person at the keyboard can mend is one sentence and exit code 2.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from django.core.exceptions import ImproperlyConfigured
from honcho.environ import parse_procfile
from honcho.manager import Manager

ROOT = Path(__file__).resolve().parent.parent
#: Time that the site has to answer before this says that something is wrong, seconds.
ANSWER_SECONDS = 60.0


class StartError(Exception):
    """The site cannot start and the person at the keyboard can mend it; the text is for them."""


class Runner(Manager):  # type: ignore[misc]  # honcho has no types
    """honcho's manager, safe against a Ctrl-C that comes before every process has started."""

    _asked_early = False

    def terminate(self) -> None:
        if not super()._all_started():
            self._asked_early = True
            return
        super().terminate()

    def _all_started(self) -> bool:
        started = bool(super()._all_started())
        if started and self._asked_early:
            self._asked_early = False
            super().terminate()
        return started


def main(arguments: Sequence[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picturetalk_site.settings")
    try:
        return start()
    except (StartError, ImproperlyConfigured) as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        full = "No disk space is left" if error.errno == errno.ENOSPC else f"{error.strerror}"
        sys.stderr.write(f"The site cannot start: {full}{where}.\n")
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped before the site had started.\n")
        return 130
    return 2


def start() -> int:
    """Prepares, runs until the end, and says how it ended. Raises :class:`StartError`, ``ImproperlyConfigured``."""
    from django.conf import settings

    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    lock = take_lock(settings.VAR_DIR / "run.lock")
    check_port(settings.HOST, settings.PORT)
    environment = child_environment(settings)
    own_redis = not os.environ.get("REDIS_URL") and not os.environ.get("REDIS_URL_FILE")
    if own_redis:
        environment["REDIS_URL"] = announce_redis(settings)
    try:
        accounts = prepare(environment)
        manager = Runner()
        for name, command in processes(own_redis, settings.TRAINING_WORKER).items():
            manager.add_process(name, command, env=environment, cwd=str(ROOT))
        address = f"http://{'[' + settings.HOST + ']' if ':' in settings.HOST else settings.HOST}:{settings.PORT}/"
        watcher = threading.Thread(target=announce, args=(address, accounts), daemon=True)
        watcher.start()
        manager.loop()
    finally:
        if own_redis:
            settings.REDIS_ADDRESS_FILE.unlink(missing_ok=True)
        lock.close()
    return farewell(manager.returncode)


def processes(own_redis: bool, training: bool) -> dict[str, str]:
    """The lines of the Procfile that run here, by name: Redis and the worker for training where they are wanted."""
    lines: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes
    left_out = {name for name, wanted in (("redis", own_redis), ("training", training)) if not wanted}
    return {name: command for name, command in lines.items() if name not in left_out}


def take_lock(file: Path) -> IO[str]:
    """Held for as long as the site runs. Raises :class:`StartError` when another run holds it."""
    handle = file.open("a+", encoding="ascii")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        raise StartError(f"This site is already running (process {handle.read().strip()}).") from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def check_port(host: str, port: int) -> None:
    """Raises :class:`StartError` when nobody can listen on ``host`` and ``port``."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise StartError(f"HOST: {host} is not an address of this machine ({error.strerror}).") from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StartError(
                    f"Port {port} on {host} is taken by another program. "
                    f"Stop it, or choose another port: PORT={port + 1} make run"
                ) from error
            raise StartError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error


def child_environment(settings: Any) -> dict[str, str]:
    """What the Procfile's commands see: the virtual environment first on the path, and whom to follow into the end."""
    scripts = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": scripts + os.pathsep + os.environ.get("PATH", ""),
        "HOST": settings.HOST,
        "PORT": str(settings.PORT),
        "PYTHONUNBUFFERED": "1",
        "RUNNER_PID": str(os.getpid()),
    }


def announce_redis(settings: Any) -> str:
    """Chooses the bundled Redis' port and leaves its address where ``manage.py`` finds it; the Procfile starts it."""
    from picturetalk_site.redis_server import bundled

    server = bundled(settings.VAR_DIR / "redis")
    file: Path = settings.REDIS_ADDRESS_FILE
    file.touch(mode=0o600)
    file.write_text(server.url + "\n", encoding="ascii")
    return server.url


def prepare(environment: dict[str, str]) -> str:
    """Runs :mod:`picturetalk_site.prepare`; returns the debug accounts' lines. Raises :class:`StartError`."""
    command = [sys.executable, "-m", "picturetalk_site.prepare"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise StartError(f"The site cannot be prepared: {words[-1] if words else 'it said nothing'}")
    sys.stderr.write(done.stderr)
    return done.stdout


def announce(address: str, accounts: str) -> None:
    """Says where the site is, once it really answers; and, in debug, who may sign in."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        if answers(address):
            lines = ["", f"PictureTalk is ready: {address}"]
            if accounts:
                lines += ["", "Accounts of this debug installation (role, e-mail, password):"]
                lines += [f"  {line}" for line in accounts.strip().splitlines()]
            lines += ["", "Ctrl-C ends it.", ""]
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()
            return
        time.sleep(0.1)
    sys.stdout.write(
        f"The site still does not answer at {address} after {ANSWER_SECONDS:.0f} s; see the lines above.\n"
    )
    sys.stdout.flush()


def answers(address: str) -> bool:
    try:
        # Our own address on this machine, never a proxy's business.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{address}healthz", timeout=2) as response:
            return bool(response.status == 200)
    except urllib.error.HTTPError:
        # It answered, if only to say that it wants https or another name.
        return True
    except OSError:
        return False


def farewell(code: int | None) -> int:
    """The exit code for honcho's: an end that was asked for is a success."""
    if code in (None, 0, 130, 143):
        sys.stdout.write("Everything has been stopped.\n")
        return 0
    sys.stderr.write(f"One of the processes ended for good (code {code}), so all were stopped; see the lines above.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
