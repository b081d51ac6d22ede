"""Where the certificate lies that signs videos: the operator's, or, in debug only, a development chain made once.

The files are those of ``gpu_worker.provenance.dev_chain``: ``chain.pem`` and ``key.pem`` sign, ``anchor.pem`` is what
``/verify/`` trusts.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

from picturetalk_site.environment import ConfigurationError

#: What signing needs.
FILES = ("chain.pem", "key.pem")


def signing_folder(given: str, *, debug: bool, kept_in: Path) -> Path | None:
    """``given`` if it holds a chain and a key; in debug ``kept_in`` once it is made; None: videos are not signed.

    Raises :class:`ConfigurationError` when ``given`` lacks one of the files.
    """
    if given:
        folder = Path(given)
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise ConfigurationError(f"SIGNING_FOLDER: there is no {' and no '.join(missing)} in {folder}")
        return folder
    return kept_in if debug and _is_whole(kept_in) else None


def make_development_chain(folder: Path) -> bool:
    """Make the chain in ``folder`` unless it is there; True when it was made. It is there as a whole or not at all.

    The engine makes it in a process of its own: the site loads nothing of the engine. Raises
    :class:`ConfigurationError` when the folder holds something else: keys are never overwritten.
    """
    if _is_whole(folder):
        return False
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder} lacks {' or '.join(FILES)}; complete it or take it away")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".signing-", dir=folder.parent) as scratch:
        fresh = Path(scratch) / "chain"
        command = [sys.executable, "-m", "gpu_worker.provenance.dev_chain", str(fresh)]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        # Of two set-ups at the same time one renames, the other finds a folder that is not empty.
        with contextlib.suppress(OSError):
            fresh.rename(folder)
    return True


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in FILES)
