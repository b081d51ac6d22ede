"""Where the nudity classifier's weights lie, if they are installed. Light: the site may ask.

The package ``nudenet`` (AGPL-3.0 by what is written in its weights) is put by the set-up into a folder of its own
beside the environment's packages, so that none of our programs can import it. Only the file of weights is used, and
only by :mod:`gpu_worker.screening.nudity_process`, a program of its own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

#: Folder below the environment that ``deploy/setup.py`` installs requirements-screening.txt into.
FOLDER = "screening"


def classifier_file() -> Path | None:
    """The file of weights; None where it is not installed. ``NUDITY_MODEL`` names another place."""
    given = os.environ.get("NUDITY_MODEL")
    path = Path(given) if given else Path(sys.prefix) / FOLDER / "nudenet" / "320n.onnx"
    return path if path.is_file() else None
