"""``make sheets``: contact sheets of every viseme and pose, into build/sheets, for looking at.

On two public-domain portraits that come with the development tools, or on the photos that are given
(``sh deploy/bootstrap.sh sheets PHOTO...``).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from matplotlib import cbook
from PIL import Image
from skimage import data

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gpu_worker.rendering.sheets import main as draw  # noqa: E402


def portraits(folder: Path) -> list[str]:
    """Eileen Collins (NASA) and Grace Hopper (U.S. Navy) as files in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    astronaut, admiral = folder / "astronaut.png", folder / "admiral.png"
    Image.fromarray(data.astronaut()).save(astronaut)
    with Path(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)).open("rb") as file:
        Image.open(file).save(admiral)
    return [str(astronaut), str(admiral)]


def main(arguments: Sequence[str]) -> int:
    target = ROOT / "build" / "sheets"
    code = draw([*(arguments or portraits(ROOT / "build" / "portraits")), "-o", str(target)])
    sys.stdout.write(f"The sheets are in {target}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
