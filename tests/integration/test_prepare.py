"""Machines that start together on one empty database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.integration.settings import DATABASE_SERVER

ROOT = Path(__file__).resolve().parents[2]


def test_two_that_start_at_once_bring_the_database_up_to_date_once(tmp_path: Path) -> None:
    with psycopg.connect(DATABASE_SERVER.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE together")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "picturetalk_site.settings",
        "DATABASE_URL": DATABASE_SERVER.url("together"),
        "DEBUG": "false",
        "SECRET_KEY": "k" * 50,
        "ALLOWED_HOSTS": "talk.example.org",
    }
    command = [sys.executable, "-m", "picturetalk_site.prepare"]
    machines = [
        subprocess.Popen(
            command, cwd=ROOT, env={**environment, "VAR_DIR": str(tmp_path / name)}, stderr=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    said = [machine.communicate()[1] for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0], said
    with psycopg.connect(DATABASE_SERVER.url("together")) as connection:
        rows = connection.execute("SELECT app, name, count(*) FROM django_migrations GROUP BY app, name").fetchall()
    assert rows
    assert {count for _, _, count in rows} == {1}
