"""The audit log is a chain: what is changed, removed or moved in it shows, in the database and in an exported file."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from accounts.models import User
from animator import ledger
from animator.audit_chain import Head, plain
from animator.models import AuditEntry, AuditHead
from animator.selectors.audit import AuditSearch, audit_entries, audit_head, verify_log
from animator.services.audit import record

TABLE = "animator_auditentry"


@pytest.fixture
def log(owner: User) -> User:
    """Six entries."""
    for number in range(1, 7):
        record(owner if number % 2 else None, f"did_{number}", "job", f"id-{number}", note=f"Grüße {number}", tries=2)
    return owner


def tamper(*statements: str) -> None:
    """What somebody with a connection to the database can do."""
    ledger.remove_triggers()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    ledger.install_triggers()


def audit(*arguments: str) -> tuple[int, str]:
    """Exit code and everything that the command says."""
    said = StringIO()
    try:
        call_command("audit", *arguments, stdout=said, stderr=said)
    except SystemExit as end:
        return int(str(end.code)), said.getvalue()
    return 0, said.getvalue()


def test_entries_follow_each_other(log: User) -> None:
    rows = list(AuditEntry.objects.order_by("sequence"))
    assert [row.sequence for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[0].previous_hash == "0" * 64
    assert [row.previous_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert str(audit_head()) == f"6:{rows[-1].hash}"
    code, said = audit("verify")
    assert (code, said.startswith("6 entries hold")) == (0, True)
    assert audit("head") == (0, f"{audit_head()}\n")


@pytest.mark.parametrize(
    ("statements", "word"),
    [
        ((f"UPDATE {TABLE} SET action = 'nothing' WHERE sequence = 3",), "entry 3 was changed"),
        ((f"UPDATE {TABLE} SET actor_id = NULL WHERE sequence = 1",), "entry 1 was changed"),
        ((f"UPDATE {TABLE} SET at = '2020-01-01 00:00:00' WHERE sequence = 2",), "entry 2 was changed"),
        ((f"UPDATE {TABLE} SET detail = '{{}}' WHERE sequence = 6",), "entry 6 was changed"),
        ((f"DELETE FROM {TABLE} WHERE sequence = 4",), "entry 4 is missing"),
        ((f"DELETE FROM {TABLE} WHERE sequence IN (2, 3)",), "entries 2 to 3 are missing"),
        ((f"DELETE FROM {TABLE} WHERE sequence = 1",), "entry 1 is missing"),
        ((f"DELETE FROM {TABLE} WHERE sequence > 4",), "the log ends at entry 4, but entry 6 was noted"),
        ((f"DELETE FROM {TABLE}",), "the log ends at entry 0"),
        (
            (
                f"UPDATE {TABLE} SET sequence = 99 WHERE sequence = 2",
                f"UPDATE {TABLE} SET sequence = 2 WHERE sequence = 3",
                f"UPDATE {TABLE} SET sequence = 3 WHERE sequence = 99",
            ),
            "entry 2 does not follow entry 1",
        ),
        (
            (
                f"DELETE FROM {TABLE} WHERE sequence = 3",
                f"UPDATE {TABLE} SET sequence = sequence - 1 WHERE sequence = 4",
            ),
            "entry 3 was changed",
        ),
    ],
    ids=["action", "actor", "time", "detail", "one", "two", "first", "end", "all", "order", "closed"],
)
def test_tampering_shows(statements: tuple[str, ...], word: str, log: User) -> None:
    tamper(*statements)
    code, said = audit("verify")
    assert code == 1
    assert word in said


def test_a_chain_that_was_made_anew_does_not_pass_a_noted_head(log: User) -> None:
    noted = str(audit_head())
    tamper(f"DELETE FROM {TABLE} WHERE sequence > 3")
    third = AuditEntry.objects.get(sequence=3)
    AuditHead.objects.update(sequence=3, hash=third.hash)
    for number in range(4, 8):
        record(None, "forged", "job", str(number))
    assert audit("verify")[0] == 0, "by itself the new chain holds"
    code, said = audit("verify", "--head", noted)
    assert (code, "entry 6 is not the one that was noted" in said) == (1, True)
    assert audit("verify", "--head", f"3:{third.hash}")[0] == 0
    with pytest.raises(CommandError, match="NUMBER:HASH"):
        audit("verify", "--head", "3")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_exported_file_is_verified_by_itself(kind: str, log: User, tmp_path: Path) -> None:
    file = tmp_path / f"log.{kind}"
    assert audit("export", str(file))[0] == 0
    noted = str(audit_head())
    record(None, "later", "job", "1")
    assert audit("verify", str(file), "--head", noted)[0] == 0
    text = file.read_text(encoding="utf-8")
    assert "Grüße 3" in text
    file.write_text(text.replace("Grüße 3", "Grüße 4"), encoding="utf-8")
    assert "entry 3 was changed" in audit("verify", str(file))[1]
    lines = text.splitlines(keepends=True)
    del lines[3 if kind == "csv" else 2]
    file.write_text("".join(lines), encoding="utf-8")
    assert audit("verify", str(file)) == (1, "entry 3 is missing\n1 faults in 5 entries\n")
    assert audit("verify", str(file), "--part")[0] == 0
    file.write_text("".join([*lines[:-2], lines[-1], lines[-2]]), encoding="utf-8")
    assert "the order was changed" in audit("verify", str(file), "--part")[1]


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    for name, text in (("log.txt", ""), ("log.csv", "a,b\n1,2\n"), ("log.jsonl", "[1]\n"), ("l.jsonl", "{")):
        (tmp_path / name).write_text(text)
        with pytest.raises(CommandError):
            audit("verify", str(tmp_path / name))
    with pytest.raises(CommandError):
        audit("verify", str(tmp_path / "none.csv"))


def test_details_are_what_every_database_gives_back(owner: User) -> None:
    awkward = {"share": 1.0, "big": 2**62, "list": [None, True, (1, 2)], "odd": "a\x00b\ud800", "deep": {"x": 0.1}}
    record(owner, "odd", "thing", "1", **awkward)
    entry = AuditEntry.objects.get()
    assert entry.detail == plain(awkward)
    assert entry.detail["share"] == "1.0"
    assert verify_log().holds


def test_what_is_rolled_back_leaves_no_gap(log: User) -> None:
    with transaction.atomic():
        record(None, "not_done", "job", "1")
        transaction.set_rollback(True)
    record(None, "done", "job", "1")
    assert (verify_log().holds, audit_head().sequence) == (True, 7)


@pytest.mark.django_db(transaction=True)
def test_many_write_at_the_same_moment() -> None:
    crowd, each = 6, 5
    start = threading.Barrier(crowd)

    def write(number: int) -> None:
        try:
            start.wait()
            for turn in range(each):
                record(None, "wrote", "thread", f"{number}-{turn}")
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(crowd)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify_log()
    assert (found.findings, found.entries) == ((), crowd * each)


def test_searching(log: User, administrator: User, moderator: User) -> None:
    def found(who: str = "", what: str = "", thing: str = "") -> list[str]:
        return [entry.action for entry in audit_entries(administrator, AuditSearch(who, what, thing))]

    assert found() == ["did_6", "did_5", "did_4", "did_3", "did_2", "did_1"]
    assert found(who="OWNER@") == ["did_5", "did_3", "did_1"]
    assert found(who="site") == ["did_6", "did_4", "did_2"]
    assert found(what="did_2") == ["did_2"]
    assert found(thing="id-4") == ["did_4"]
    assert len(found(thing="job")) == 6
    assert not audit_entries(moderator, AuditSearch()).exists()


def test_the_page_searches_checks_and_exports(
    log: User, administrator: User, client: Client, tmp_path: Path, make_user: Callable[..., User]
) -> None:
    client.force_login(administrator)
    page = client.get("/audit/?who=owner&since=2020-01-01&until=2099-01-01")
    assert [entry.sequence for entry in page.context["page"]] == [5, 3, 1]
    assert list(client.get("/audit/?until=2020-01-01").context["page"]) == []
    assert client.get("/audit/?since=yesterday").status_code == 400
    assert client.get("/audit/?check=1").context["verification"].holds
    file = tmp_path / "export.csv"
    file.write_bytes(client.get("/audit/export.csv").content)
    assert audit("verify", str(file))[0] == 0
    part = client.get("/audit/export.jsonl?who=owner")
    assert [json.loads(line)["sequence"] for line in part.content.splitlines()] == [1, 3, 5]
    assert "audit-part-" in part["Content-Disposition"]
    taken = AuditEntry.objects.filter(action="exported").order_by("sequence")
    assert [(entry.actor, entry.detail) for entry in taken] == [
        (administrator, {"part": False}),
        (administrator, {"part": True}),
    ]
    tamper(f"UPDATE {TABLE} SET action = 'nothing' WHERE sequence = 3")
    broken = client.get("/audit/?check=1")
    assert "entry 3 was changed" in broken.content.decode()


def test_a_head_reads_as_it_is_written() -> None:
    head = Head(7, "a" * 64)
    assert Head.parse(str(head)) == head
