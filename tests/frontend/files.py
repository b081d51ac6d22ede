"""The front end's files, as the tests of this folder read them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
SCRIPTS = STATIC / "js"
STYLES = STATIC / "css"


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def without_comments(script: str) -> str:
    """JavaScript or CSS without comments; strings that contain ``//`` outside an address are not used here."""
    return re.sub(r"(?m)(?<![:\"'`])//.*$", "", re.sub(r"/\*.*?\*/", "", script, flags=re.DOTALL))


def template_files() -> list[Path]:
    return sorted(TEMPLATES.rglob("*.html"))


def script_files() -> list[Path]:
    return sorted(SCRIPTS.rglob("*.js"))


def style_files() -> list[Path]:
    return sorted(STYLES.rglob("*.css"))


def with_includes(name: str) -> str:
    """A template's text, those it extends and includes put behind it."""
    text = read(TEMPLATES / name)
    parts = re.findall(r'{%\s*(?:include|extends)\s+"([^"]+)"', text)
    return text + "".join(with_includes(part) for part in parts)


def with_imports(script: Path, seen: frozenset[Path] = frozenset()) -> dict[Path, str]:
    """A script and everything that it imports, without comments."""
    texts = {script: without_comments(read(script))}
    for target in re.findall(r'from "(\.[^"]+)"', texts[script]):
        file = (script.parent / target).resolve()
        if file not in seen:
            texts |= with_imports(file, seen | {script, file})
    return texts
