"""Secrets that outlive a process."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from picturetalk_site.secret import kept_secret


def test_it_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret"
    first = kept_secret(file)
    assert len(first) >= 40
    assert kept_secret(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_cut_short_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("abc")
    fresh = kept_secret(file)
    assert len(fresh) >= 40
    assert kept_secret(file) == fresh


def test_all_of_a_crowd_get_the_same(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(kept_secret, [file] * 64))) == 1
    assert list(tmp_path.iterdir()) == [file]
