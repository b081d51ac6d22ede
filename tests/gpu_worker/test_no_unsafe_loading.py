"""Weights are data: nothing in the product loads them in a way that could run what is in them, or fetches by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gpu_worker", "animator", "accounts", "picturetalk_site", "deploy")

#: Modules whose loaders run what a file tells them to.
UNSAFE_MODULES = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
LOADERS = {"load", "loads", "Unpickler", "open"}
#: What fetches weights behind one's back.
FETCHERS = {
    "load_state_dict_from_url", "download_url_to_file", "hf_hub_download", "snapshot_download", "urlretrieve",
}  # fmt: skip


def sources() -> Iterator[tuple[str, ast.AST]]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def keyword(call: ast.Call, name: str) -> object:
    given = next((entry.value for entry in call.keywords if entry.arg == name), None)
    return given.value if isinstance(given, ast.Constant) else None


def faults(tree: ast.AST) -> Iterator[str]:
    """What loads or fetches in a forbidden way, in words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in UNSAFE_MODULES:
            yield from (f"imports {alias.name} of {node.module}" for alias in node.names if alias.name in LOADERS)
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        base, _, name = called.rpartition(".")
        if base in UNSAFE_MODULES and name in LOADERS:
            yield called
        if base.rsplit(".", 1)[-1] == "torch" and name == "load" and keyword(node, "weights_only") is not True:
            yield f"{called} without weights_only=True"
        if (base.endswith("hub") and name == "load") or name in FETCHERS:
            yield called
        if name in ("load", "fromfile", "memmap", "loadtxt") and keyword(node, "allow_pickle") not in (None, False):
            yield f"{called} with allow_pickle"
        if keyword(node, "trust_remote_code") not in (None, False):
            yield f"{called} with trust_remote_code"


def test_nothing_unsafe_is_in_the_tree() -> None:
    assert [f"{file}: {fault}" for file, tree in sources() for fault in faults(tree)] == []


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "import pickle\npickle.load(stream)",
        "from pickle import loads",
        "np.load(path, allow_pickle=True)",
        "torch.hub.load('a', 'b')",
        "load_state_dict_from_url(address)",
        "AutoModel.from_pretrained(path, trust_remote_code=True)",
    ],
)
def test_the_reader_sees_every_kind(source: str) -> None:
    assert list(faults(ast.parse(source)))


@pytest.mark.parametrize(
    "source", ["torch.load(path, map_location='cpu', weights_only=True)", "np.load(path)", "json.load(stream)"]
)
def test_and_lets_the_safe_ones_pass(source: str) -> None:
    assert not list(faults(ast.parse(source)))


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_only_the_operators_command_fetches() -> None:
    """``manage.py models fetch`` alone reaches the code that downloads, and that code alone speaks to the web."""
    fetching = {file for file, tree in sources() if "gpu_worker.model_fetch" in imported(tree)}
    assert fetching == {"animator/management/commands/models.py"}
    engine = {file: imported(tree) for file, tree in sources() if file.startswith("gpu_worker/")}
    assert {file for file, names in engine.items() if "gpu_worker.download" in names} == {"gpu_worker/model_fetch.py"}
    clients = {"urllib.request", "http.client", "requests", "httpx", "aiohttp", "urllib3", "huggingface_hub"}
    assert {file for file, names in engine.items() if names & clients} == {"gpu_worker/download.py"}
