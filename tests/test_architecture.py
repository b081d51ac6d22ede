"""The import rules of docs/architecture.md, read from the sources by ``ast``.

Every import counts: relative ones, ``from x import y`` where y is a module, those inside functions, and
``import_module("x")`` or ``import_string("x.y")`` with a literal. Imports under ``if TYPE_CHECKING`` count too: a type
is a dependency.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Set
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("picturetalk_site", "animator", "accounts", "gpu_worker")

#: The only modules of the engine that know the site, its queue and its database.
ENGINE_BRIDGE = {"gpu_worker.tasks", "gpu_worker.timeline_tasks", "gpu_worker.worker", "gpu_worker.live_worker"}
#: What the site may import of the engine.
LIGHT_ENGINE = frozenset(
    f"gpu_worker.{name}"
    for name in (
        "schema",
        "errors",
        "config",
        "weights",
        "model_register",
        "machine",
        "lifeline",
        "model_store",
        "model_fetch",
        "capabilities",
        "languages",
        "media.framing",
        "motion.gesture_names",
        "speech.text",
        "speech.markup",
        "speech.language_detection",
        "provenance.hashes",
        "screening.classifier_file",
        "training.config",
        "speech.voice_choice",
        "speech.voices",
        "speech.passage",
        "speech.dictionary",
        "speech.subtitles",
        "timeline_json",
        "timeline_edits",
        "timeline_remarks",
        "visemes.parameters",
    )
)
#: What the engine never knows.
SITE_LIBRARIES = {
    "django", "django_rq", "rq", "redis", "channels", "allauth", "animator", "accounts", "picturetalk_site",
}  # fmt: skip
#: What the web process never loads.
HEAVY = {
    "torch", "cv2", "mediapipe", "onnxruntime", "numba", "scipy", "face_alignment", "moviepy", "av", "pocketsphinx",
    "whisperx", "faster_whisper", "ctranslate2", "transformers", "torchaudio", "pyannote", "nltk",
}  # fmt: skip


def module_name(file: Path) -> str:
    parts = list(file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(*packages: str) -> dict[str, Path]:
    return {module_name(file): file for package in packages for file in sorted((ROOT / package).rglob("*.py"))}


MODULES = sources(*PACKAGES)


@cache
def nodes_of(name: str) -> tuple[ast.AST, ...]:
    """Every node of a module's syntax tree."""
    return tuple(ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))))


def imports(name: str, nodes: Iterable[ast.AST], *, package: bool = False) -> Iterator[str]:
    """Every dotted name that module ``name`` with these nodes imports."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = name.split(".")
                above = parts[: len(parts) - node.level + (1 if package else 0)]
                base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("import_module", "import_string", "__import__", "import_attribute"):
                yield str(node.args[0].value)


@cache
def imports_of(name: str) -> frozenset[str]:
    return frozenset(imports(name, nodes_of(name), package=MODULES[name].name == "__init__.py"))


def within(name: str, packages: Set[str]) -> bool:
    """Whether ``name`` is one of ``packages`` or lies inside one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def offenders(modules: list[str], forbidden: set[str], allowed: frozenset[str] = frozenset()) -> list[str]:
    return [
        f"{module} imports {target}"
        for module in modules
        for target in sorted(imports_of(module))
        if within(target, forbidden) and not within(target, allowed)
    ]


def modules_under(*prefixes: str) -> list[str]:
    return [name for name in MODULES if within(name, set(prefixes))]


@pytest.mark.parametrize(
    ("source", "package", "expected"),
    [
        ("from . import b", False, "p.b"),
        ("from .b import c", False, "p.b"),
        ("from .. import x", False, "x"),
        ("from . import b", True, "p.a.b"),
        ("def f():\n    from rq.job import Job", False, "rq.job"),
        ("import django.db as d", False, "django.db"),
        ("import_module('torch.nn')", False, "torch.nn"),
    ],
)
def test_the_reader_sees_every_kind_of_import(source: str, package: bool, expected: str) -> None:
    found = {name.strip(".") for name in imports("p.a", ast.walk(ast.parse(source)), package=package)}
    assert expected in found


def test_the_packages_are_there() -> None:
    for package in PACKAGES:
        assert modules_under(package), package


def test_the_engine_knows_nothing_of_the_site() -> None:
    engine = [name for name in modules_under("gpu_worker") if not within(name, ENGINE_BRIDGE)]
    assert offenders(engine, SITE_LIBRARIES | ENGINE_BRIDGE) == []


def test_the_site_imports_only_light_modules_of_the_engine() -> None:
    site = modules_under("picturetalk_site", "animator", "accounts")
    # "from gpu_worker import schema" names the package too, whose own module must then import nothing of weight.
    assert imports_of("gpu_worker") <= {"__future__", "__future__.annotations", "os"}
    found = offenders(site, {"gpu_worker"}, LIGHT_ENGINE)
    assert [line for line in found if not line.endswith(" imports gpu_worker")] == []


def test_the_site_loads_no_engine_library() -> None:
    assert offenders(modules_under("picturetalk_site", "animator", "accounts"), HEAVY) == []


def test_nothing_loads_libraries_with_gpl_codecs() -> None:
    """Their wheels carry x264 and x265: fine for the tests, not for the product, which runs ffmpeg as a program."""
    assert offenders(modules_under(*PACKAGES), {"av", "pillow_heif"}) == []


def test_light_modules_stay_light() -> None:
    reached: set[str] = set()
    todo = [name for name in LIGHT_ENGINE if name in MODULES]
    while todo:
        module = todo.pop()
        reached.add(module)
        todo += [name for name in imports_of(module) if name in MODULES and name not in reached]
    assert offenders(sorted(reached), HEAVY) == []


@pytest.mark.parametrize(
    ("layer", "may_not_import"),
    [
        ("animator.models", {"services", "selectors", "views", "api", "forms", "consumers", "live_consumer", "admin"}),
        ("animator.selectors", {"services", "views", "api", "forms", "consumers", "live_consumer", "admin"}),
        ("animator.services", {"views", "api", "forms", "consumers", "live_consumer", "admin"}),
    ],
)
def test_layers_look_downwards_only(layer: str, may_not_import: set[str]) -> None:
    assert offenders(modules_under(layer), {f"animator.{name}" for name in may_not_import}) == []


def test_accounts_know_nothing_of_the_animator() -> None:
    assert offenders(modules_under("accounts"), {"animator"}) == []


def test_the_bridge_uses_services_not_views() -> None:
    bridge = modules_under(*ENGINE_BRIDGE)
    assert (
        offenders(
            bridge, {f"animator.{name}" for name in ("views", "api", "forms", "consumers", "live_consumer", "admin")}
        )
        == []
    )


def names_called(name: str) -> set[str]:
    """Names of methods that a module calls, or hands on to be called, as ``async_to_sync(layer.group_send)`` does."""
    handed = {node.attr for node in nodes_of(name) if isinstance(node, ast.Attribute) and node.attr == "group_send"}
    calls = {node.func for node in nodes_of(name) if isinstance(node, ast.Call)}
    return handed | {func.attr for func in calls if isinstance(func, ast.Attribute)}


@pytest.mark.parametrize(
    ("call", "only_in"),
    [
        ("group_send", {"animator.realtime"}),
        ("enqueue", {"animator.queue"}),
        ("enqueue_in", {"animator.queue"}),
        ("enqueue_at", {"animator.queue"}),
        ("enqueue_call", {"animator.queue"}),
    ],
)
def test_one_place_sends_and_one_place_enqueues(call: str, only_in: set[str]) -> None:
    assert {name for name in MODULES if call in names_called(name)} <= only_in


def test_only_storage_serves_and_places_private_files() -> None:
    # The start-up check looks at the storage that is configured; it places nothing.
    site = [name for name in modules_under("animator") if name not in ("animator.storage", "animator.checks")]
    assert offenders(site, {"django.core.files.storage", "django.views.static"}) == []
    users = {name for name in site if "FileResponse" in MODULES[name].read_text(encoding="utf-8")}
    assert users == set()


#: Managers of these models are asked in selectors and services, never in a view.
PRIVATE_MODELS = {"Photo", "Speech", "Job", "Result", "Report", "Decision", "Consent"}


def test_views_do_not_query() -> None:
    found = []
    for name in modules_under("animator.views", "animator.api", "animator.consumers", "animator.live_consumer"):
        for node in nodes_of(name):
            asks = isinstance(node, ast.Attribute) and node.attr == "objects" and isinstance(node.value, ast.Name)
            if asks and ast.unparse(node).split(".")[0] in PRIVATE_MODELS:
                found.append(f"{name}: {ast.unparse(node)}")
    assert found == []


def test_nobody_prints_or_swallows_everything() -> None:
    found = []
    for name in MODULES:
        for node in nodes_of(name):
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                found.append(f"{name} line {node.lineno}: bare except")
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "print" and not name.endswith("__main__"):
                found.append(f"{name} line {node.lineno}: print")
    assert found == []


def test_no_drawer_of_odds_and_ends() -> None:
    drawers = {"utils", "util", "helpers", "misc", "common"}
    assert [name for name in MODULES if name.rsplit(".", 1)[-1] in drawers] == []


def test_the_top_level_holds_what_people_expect() -> None:
    expected = {
        *PACKAGES, "templates", "static", "tests", "docs", "deploy", ".ci", "manage.py", "requirements.txt",
        "requirements-dev.txt", "constraints.txt", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "Makefile",
        "Procfile", ".env.example", ".gitignore", ".dockerignore",
    }  # fmt: skip
    optional = {"requirements-screening.txt", "requirements-whisperx.txt", "constraints-whisperx.txt"}
    made = {
        ".git", ".venv", ".venv-gpu", "var", ".env", ".mypy_cache", ".pytest_cache", ".ruff_cache", "build",
        "__pycache__",
    }  # fmt: skip
    there = {path.name for path in ROOT.iterdir()} - made
    assert expected - there == set()
    assert there - expected - optional == set()
