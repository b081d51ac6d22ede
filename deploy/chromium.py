"""Finds Chromium for the browser tests; installs Debian's when this runs as root. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: The browser and the fonts without which its pages have no letters.
PACKAGES = ("chromium", "fonts-dejavu-core")


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
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ChromiumMissingError(
            "The browser tests need Chromium. On Debian, as root: apt-get install chromium. "
            "Elsewhere: CHROMIUM=/path/to/chromium make test"
        )
    sys.stdout.write("Installing Chromium through apt-get\n")
    sys.stdout.flush()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *PACKAGES]):
        code = subprocess.run(["apt-get", *command], env=environment, stdin=subprocess.DEVNULL).returncode
        if code and command[0] == "install":
            raise ChromiumMissingError(
                f"apt-get could not install Chromium (exit code {code}); its own words are above."
            )
    found = find_chromium()
    if found is None:
        raise ChromiumMissingError("apt-get installed Chromium, but it is not on the path.")
    return found
