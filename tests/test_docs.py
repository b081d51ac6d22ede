"""The documentation says what is so: commands, codes, settings, licences and links exist, in both directions."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = [
    file for package in ("gpu_worker", "animator", "accounts") for file in sorted((ROOT / package).rglob("*.py"))
]


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def commands_in(text: str) -> list[str]:
    """Lines of the fenced blocks that have no language, and code in backticks."""
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return lines + re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_make_targets_exist(file: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    named = {match for line in commands_in(read(file)) for match in re.findall(r"\bmake ([a-z-]+)", line)}
    assert named <= targets


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", read(file)):
        if "://" not in target:
            assert (file.parent / target).exists(), f"{file.name} links to {target}"


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_management_commands_exist(file: Path) -> None:
    from django.core.management import get_commands

    named = {match for line in commands_in(read(file)) for match in re.findall(r"manage\.py ([a-z_]+)", line)}
    assert named <= set(get_commands())


def engine_commands() -> set[str]:
    """The commands that ``python -m gpu_worker`` offers, from its own parser."""
    import argparse

    from gpu_worker.cli.arguments import parser

    choices: set[str] = set()
    for action in parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            choices |= set(action.choices)
    return choices


def test_every_engine_command_is_documented_and_every_documented_one_exists() -> None:
    named = {
        match
        for file in DOCS
        for line in commands_in(read(file))
        for match in re.findall(r"-m gpu_worker ([a-z]+)", line)
    }
    assert named == engine_commands()


def raised_codes() -> dict[str, str]:
    """Codes given to InputError, or to a class made from it, as literals: code -> file."""
    trees = {file: ast.parse(read(file)) for file in SOURCES}
    family = {"InputError"}
    grown = True
    while grown:
        bases = {
            node.name
            for tree in trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and {ast.unparse(base).rsplit(".", 1)[-1] for base in node.bases} & family
        }
        grown = not bases <= family
        family |= bases
    codes = {}
    for file, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rsplit(".", 1)[-1] in family:
                given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "code")]
                for argument in given:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        codes[argument.value] = str(file.relative_to(ROOT))
    return codes


def documented_codes() -> set[str]:
    return set(re.findall(r"^\| `([a-z0-9_]+)` \|", read(ROOT / "docs" / "errors.md"), re.MULTILINE))


def test_every_code_that_is_raised_is_documented() -> None:
    undocumented = {code: file for code, file in raised_codes().items() if code not in documented_codes()}
    assert undocumented == {}


def test_every_documented_code_is_in_the_sources() -> None:
    literals = {
        node.value
        for file in SOURCES
        for node in ast.walk(ast.parse(read(file)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert documented_codes() - literals == set()


def pinned(*names: str) -> dict[str, str]:
    found = {}
    for name in names:
        for line in read(ROOT / name).splitlines():
            match = re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==(\S+)", line.strip())
            if match:
                found[match[1].lower()] = match[2]
    return found


def test_every_requirement_is_pinned_and_its_licence_listed() -> None:
    files = ("requirements.txt", "requirements-dev.txt", "requirements-screening.txt")
    requirements = pinned(*files)
    for name in files:
        for line in read(ROOT / name).splitlines():
            assert not line.strip() or line.startswith(("#", "-r ")) or "==" in line, line
    page = read(ROOT / "docs" / "licences.md")
    gpu_section = section(page, "## The GPU worker's own environment")
    listed = dict(re.findall(r"^\| (\S+) \| (\S+) \|", page.replace(gpu_section, ""), re.MULTILINE))
    listed.pop("package")
    # Laid over by deploy/setup.py, so it is in constraints.txt alone.
    assert listed.pop("opencv-contrib-python-headless") == pinned("constraints.txt")["opencv-contrib-python-headless"]
    assert listed == requirements


def section(page: str, heading: str) -> str:
    """A part of a page, from its heading to the next of the same rank."""
    start = page.index(heading)
    return page[start : page.index("\n## ", start + 1)]


GPU_FILES = tuple(f"gpu_worker/{name}.txt" for name in ("requirements", "requirements-apart", "requirements-test"))


def test_the_gpu_environment_is_pinned_agrees_with_the_base_and_is_listed() -> None:
    for name in GPU_FILES:
        for line in read(ROOT / name).splitlines():
            assert not line.strip() or line.startswith(("#", "-r ")) or "==" in line, line
    base = pinned("requirements.txt", "requirements-dev.txt")
    gpu = pinned(*GPU_FILES)
    page = section(read(ROOT / "docs" / "licences.md"), "## The GPU worker's own environment")
    listed = dict(re.findall(r"^\| ([a-z]\S+) \| (\S+) \|", page, re.MULTILINE))
    for name, version in gpu.items():
        assert listed.get(name, base.get(name)) == version, f"{name} is listed neither here nor above"
    assert set(listed) <= set(gpu)
    different = {name for name in gpu if name in base and base[name] != gpu[name]}
    assert different == {"numpy"}
    constraints = {name.replace("_", "-"): version for name, version in pinned("gpu_worker/constraints.txt").items()}
    assert {name: constraints[name.replace("_", "-")] for name in gpu} == gpu


def test_constraints_agree_with_requirements() -> None:
    constraints = {name.replace("_", "-"): version for name, version in pinned("constraints.txt").items()}
    for name, version in pinned("requirements.txt", "requirements-dev.txt").items():
        assert constraints[name.replace("_", "-")] == version


def test_addresses_of_the_architecture_exist() -> None:
    from django.urls import resolve

    text = read(ROOT / "docs" / "architecture.md")
    table = text[text.index("### Addresses") :]
    some = "0b0e7a52-52f4-4b5a-9d53-6f6b0f1c3a11"
    paths = [
        path for cell in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE) for path in re.findall(r"(/[^`,\s]*)", cell)
    ]
    assert len(paths) > 15
    for path in paths:
        if path.startswith("/ws/") or "..." in path:
            continue
        resolve(re.sub(r"<uuid>", some, re.sub(r"<video\.mp4.*", "video.mp4", path)))


FORBIDDEN = re.compile(r"/work/|(?<!\.)\b[Pp]rototypes?\b|\bTODO\b|\bFIXME\b|raise NotImplementedError|[Ll]orem ipsum")


def test_nothing_speaks_of_how_it_was_made() -> None:
    own = Path(__file__).resolve()
    folders = (
        "gpu_worker",
        "animator",
        "accounts",
        "picturetalk_site",
        "templates",
        "static",
        "docs",
        "deploy",
        "tests",
    )
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.name not in {".env", ".git"}]
    found = []
    for file in files:
        if file == own or file.suffix not in {".py", ".md", ".html", ".css", ".js", ".sh", ".txt", ".toml", ".svg", ""}:
            continue
        found += [f"{file.relative_to(ROOT)}: {match[0]}" for match in FORBIDDEN.finditer(read(file))]
    assert found == []
