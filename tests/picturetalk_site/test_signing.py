"""The certificate that signs: the operator's, or a development chain that the set-up makes once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from picturetalk_site.environment import ConfigurationError
from picturetalk_site.signing import make_development_chain, signing_folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("var") / "signing"
    assert make_development_chain(folder)
    return folder


def test_a_development_chain_is_made_once_and_nothing_else_is_left(made: Path) -> None:
    before = (made / "key.pem").read_bytes()
    assert not make_development_chain(made)
    assert (made / "key.pem").read_bytes() == before
    assert stat.S_IMODE((made / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert sorted(path.name for path in made.iterdir()) == ["anchor.pem", "chain.pem", "key.pem"]
    assert list(made.parent.iterdir()) == [made]


def test_two_set_ups_at_the_same_time_leave_one_whole_chain(tmp_path: Path) -> None:
    folder = tmp_path / "signing"
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(make_development_chain, [folder] * 2))
    assert sorted(path.name for path in folder.iterdir()) == ["anchor.pem", "chain.pem", "key.pem"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_lone_key_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("precious")
    with pytest.raises(ConfigurationError, match=r"chain\.pem"):
        make_development_chain(tmp_path)
    assert (tmp_path / "key.pem").read_text() == "precious"


def test_which_folder_signs(made: Path, tmp_path: Path) -> None:
    empty = tmp_path / "none"
    assert signing_folder("", debug=True, kept_in=made) == made
    assert signing_folder("", debug=True, kept_in=empty) is None, "not made yet"
    assert signing_folder("", debug=False, kept_in=made) is None, "a development chain never signs in production"
    assert signing_folder(str(made), debug=False, kept_in=empty) == made


@pytest.mark.parametrize("debug", [True, False])
def test_an_operators_folder_must_be_whole(tmp_path: Path, debug: bool) -> None:
    (tmp_path / "chain.pem").write_text("x")
    with pytest.raises(ConfigurationError, match=r"SIGNING_FOLDER: there is no key\.pem"):
        signing_folder(str(tmp_path), debug=debug, kept_in=tmp_path / "none")
