"""Finds Chromium for the browser tests, and what drives it; installs Debian's when this runs as root.

Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: The browser and the fonts without which its pages have no letters.
BROWSER_PACKAGES = ("chromium", "fonts-dejavu-core")
#: What the Node.js that Playwright carries is linked with, and a bare Debian lacks.
DRIVER_PACKAGES = ("libatomic1",)


class ChromiumMissingError(Exception):
    """There is no Chromium and none can be installed; the text says what to do."""


def find_chromium() -> str | None:
    """The path in CHROMIUM, or of the system's browser; None when there is neither."""
    given = os.environ.get("CHROMIUM")
    if given:
        if shutil.which(given) is None:
            raise ChromiumMissingError(f"CHROMIUM is set to {given}, which is not a program.")
        return shutil.which(given)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def ensure_chromium() -> str:
    """The path of Chromium, installed now if need be. Raises :class:`ChromiumMissingError`."""
    found = find_chromium()
    if found:
        return found
    install(BROWSER_PACKAGES, "Chromium", "Elsewhere: CHROMIUM=/path/to/chromium make test")
    found = find_chromium()
    if found is None:
        raise ChromiumMissingError("apt-get installed Chromium, but it is not on the path.")
    return found


def ensure_driver(python: str) -> None:
    """Playwright's driver, in the environment of ``python``, starts. Raises :class:`ChromiumMissingError`."""
    if driver_starts(python):
        return
    install(DRIVER_PACKAGES, "a library of Playwright's driver", "")
    if not driver_starts(python):
        raise ChromiumMissingError("Playwright's driver does not start; try: python -m playwright --version")


def driver_starts(python: str) -> bool:
    return subprocess.run([python, "-m", "playwright", "--version"], capture_output=True).returncode == 0


def install(packages: Sequence[str], what: str, otherwise: str) -> None:
    """Through apt-get, as root. Raises :class:`ChromiumMissingError` with what to do when that cannot be."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        names = " ".join(packages)
        raise ChromiumMissingError(
            f"The browser tests need {what}. On Debian, as root: apt-get install {names}. {otherwise}".strip()
        )
    sys.stdout.write(f"Installing {what} through apt-get\n")
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        code = subprocess.run(["apt-get", *command], env=environment, stdin=subprocess.DEVNULL).returncode
        if code and command[0] == "install":
            raise ChromiumMissingError(f"apt-get could not install {what} (exit code {code}); see its words above.")
