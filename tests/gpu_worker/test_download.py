"""Files over HTTP from a server that breaks off, lies, hides and goes round in circles."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gpu_worker.download import Wanted, download, fetch_small
from gpu_worker.errors import InputError
from tests.gpu_worker.breaking_server import Site, serving

CONTENT = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(Site({"/model.bin": CONTENT})) as running:
        yield running


def get(
    site: Site, part: Path, *, size: int | None = None, sha256: str = DIGEST, path: str = "/model.bin"
) -> list[int]:
    """Fetch it; returns the steps that were told."""
    told: list[int] = []
    download(Wanted(site.address + path, part, size, sha256), lambda done, _: told.append(done), pause_s=0.0)
    return told


def refused(site: Site, part: Path, **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        get(site, part, **options)  # type: ignore[arg-type]
    return caught.value


def test_a_file_arrives_whole(site: Site, tmp_path: Path) -> None:
    told = get(site, tmp_path / "deep" / "part", size=len(CONTENT))
    assert (tmp_path / "deep" / "part").read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == len(CONTENT)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["part"]


def test_what_breaks_off_in_the_middle_is_gone_on_with(site: Site, tmp_path: Path) -> None:
    site.breaks, site.break_after = 3, 300_000
    get(site, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT
    assert [asked for _, asked in site.asked] == ["", "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_later_call_goes_on_where_an_earlier_gave_up(site: Site, tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def stop(done: int, _: int | None) -> None:
        if done >= 400_000:
            raise StopError

    with pytest.raises(StopError):
        download(Wanted(site.address + "/model.bin", tmp_path / "part", None, DIGEST), stop, pause_s=0.0)
    kept = (tmp_path / "part").stat().st_size
    assert 0 < kept < len(CONTENT)
    get(site, tmp_path / "part")
    assert site.asked[-1][1] == f"bytes={kept}-"
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_is_read_from_the_start(site: Site, tmp_path: Path) -> None:
    site.ranges, site.breaks, site.break_after = False, 1, 500_000
    get(site, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_begun_anew(site: Site, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"x" * 5000)
    (tmp_path / "part.etag").write_text('"of yesterday"')
    get(site, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_what_has_arrived_before_is_not_fetched_again(site: Site, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(CONTENT)
    get(site, tmp_path / "part")
    assert len(site.asked) == 1, "the server confirms that there is no more"
    get(site, tmp_path / "part", size=len(CONTENT))
    assert len(site.asked) == 1


def test_an_answer_that_begins_elsewhere_is_not_believed(site: Site, tmp_path: Path) -> None:
    site.wrong_start = 7
    (tmp_path / "part").write_bytes(CONTENT[:1000])
    get(site, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_a_server_that_promises_more_than_it_has_is_given_up(site: Site, tmp_path: Path) -> None:
    site.extra_length = 1000
    get(site, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT, "asked for the rest, it says that there is none"
    (tmp_path / "part").unlink()
    site.asked.clear()
    site.ranges = False
    error = refused(site, tmp_path / "part")
    assert error.code == "model_download"
    assert len(site.asked) < 10


def test_a_length_other_than_the_known_one_is_refused(site: Site, tmp_path: Path) -> None:
    error = refused(site, tmp_path / "part", size=len(CONTENT) - 1)
    assert error.code == "model_download"
    assert str(len(CONTENT)) in error.message
    assert not (tmp_path / "part").exists()


def test_a_wrong_file_is_erased(site: Site, tmp_path: Path) -> None:
    site.files["/model.bin"] = b"<html>Please sign in</html>"
    error = refused(site, tmp_path / "part")
    assert error.code == "model_checksum"
    assert DIGEST in error.message
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_beginning_is_not_gone_on_with_for_ever(site: Site, tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"x" * 5000)
    assert refused(site, tmp_path / "part").code == "model_checksum"
    get(site, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_told_at_once(site: Site, tmp_path: Path, status: int) -> None:
    site.faults = [status]
    error = refused(site, tmp_path / "part")
    assert (error.code, len(site.asked)) == ("model_download", 1)
    assert str(status) in error.message


def test_a_busy_server_is_asked_again(site: Site, tmp_path: Path) -> None:
    site.faults = [503, 429, 500]
    get(site, tmp_path / "part")
    assert len(site.asked) == 4
    site.faults = [503] * 9
    (tmp_path / "part").unlink()
    assert "503" in refused(site, tmp_path / "part").message


def test_redirections_are_followed_but_not_in_a_circle(site: Site, tmp_path: Path) -> None:
    site.redirects = {"/old": "/model.bin", "/a": "/b", "/b": "/a"}
    get(site, tmp_path / "part", path="/old")
    error = refused(site, tmp_path / "other", path="/a")
    assert error.code == "model_download"
    assert len(site.asked) < 30


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirection_elsewhere_than_the_web_is_refused(site: Site, tmp_path: Path, target: str) -> None:
    site.redirects = {"/model.bin": target}
    assert refused(site, tmp_path / "part").code == "model_download"
    assert not (tmp_path / "part").exists()


def test_what_comes_compressed_is_refused(site: Site, tmp_path: Path) -> None:
    site.encoding = "gzip"
    assert "compressed" in refused(site, tmp_path / "part").message


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "http://", "/model.bin", "http://[x", "data:,x"])
def test_only_the_web_is_spoken(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        download(Wanted(url, tmp_path / "part"), lambda *_: None)
    assert caught.value.code == "model_download"


def test_nobody_there(site: Site, tmp_path: Path) -> None:
    with serving(Site()) as gone:
        address = gone.address
    with pytest.raises(InputError) as caught:
        download(Wanted(f"{address}/x", tmp_path / "part"), lambda *_: None, pause_s=0.0)
    assert caught.value.code == "model_download"


def test_the_proxy_of_the_environment_is_used(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Site({"http://models.invalid/model.bin": CONTENT})
    with serving(proxy):
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        download(Wanted("http://models.invalid/model.bin", tmp_path / "part", None, DIGEST), lambda *_: None)
    assert proxy.asked == [("http://models.invalid/model.bin", "")]
    assert (tmp_path / "part").read_bytes() == CONTENT


def test_passwords_in_an_address_are_not_told(site: Site, tmp_path: Path) -> None:
    url = site.address.replace("http://", "http://me:secret@") + "/none?token=hidden"
    with pytest.raises(InputError) as caught:
        download(Wanted(url, tmp_path / "part"), lambda *_: None, pause_s=0.0)
    assert "secret" not in caught.value.message
    assert "hidden" not in caught.value.message


def test_a_small_file_is_read_or_known_to_be_missing(site: Site) -> None:
    site.files["/small"] = b"{}"
    assert fetch_small(f"{site.address}/small", 100) == b"{}"
    assert fetch_small(f"{site.address}/none", 100) is None
    with pytest.raises(InputError, match="too large"):
        fetch_small(f"{site.address}/model.bin", 100)
