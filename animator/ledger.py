"""What the database itself enforces, by triggers, whoever writes: site, worker, console or a foreign program.

* a job, when it is made and when it is queued again, rests on a consent of the same owner, photo and face that is
  confirmed, neither expired nor revoked, and covers what the face does; so does every face that moves in it;
* a living person's consent counts only when they gave it themselves;
* a link for others needs consents that cover sharing, of every face in the video, and never comes back to life;
* consents, revocations, audit entries and the ledger of use are never changed and never deleted.

The triggers are put in place after every ``migrate`` (SQLite drops a table's triggers when a migration rebuilds the
table, so a migration of their own would not last). A violation raises ``IntegrityError``. SQLite and PostgreSQL.
"""

# Nothing that anybody wrote gets into these statements.
# ruff: noqa: S608

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

APPEND_ONLY_TABLES = ("animator_consent", "animator_consentrevocation", "animator_auditentry", "animator_usageentry")
_TABLES = {"animator_job", "animator_jobface", "animator_share", *APPEND_ONLY_TABLES}

#: The moment of the statement, as each database keeps moments.
_NOW = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')", "postgresql": "clock_timestamp()"}

#: ``c`` holds now, and was given by who had to give it.
_HOLDS = (
    "c.confirmed AND (c.expires_at IS NULL OR c.expires_at > {now}) "
    "AND (c.basis <> 'living_agreed' OR c.given_by = 'person') "
    "AND NOT EXISTS (SELECT 1 FROM animator_consentrevocation r WHERE r.consent_id = c.id)"
)
_JOB_CONSENT = (
    "SELECT 1 FROM animator_consent c WHERE c.id = NEW.consent_id AND c.owner_id = NEW.owner_id "
    "AND c.photo_id = NEW.photo_id AND c.face_index = NEW.face_index "
    "AND (NEW.speech_id IS NULL OR c.allow_speech) AND (NEW.speech_id IS NOT NULL OR c.allow_gestures) "
    f"AND {_HOLDS}"
)
_FACE_CONSENT = (
    "SELECT 1 FROM animator_consent c JOIN animator_job j ON j.id = NEW.job_id WHERE c.id = NEW.consent_id "
    "AND c.owner_id = j.owner_id AND c.photo_id = j.photo_id AND c.face_index = NEW.face_index "
    f"AND (NOT NEW.speaks OR c.allow_speech) AND (NOT NEW.gestures OR c.allow_gestures) AND {_HOLDS}"
)
#: A face of the job whose own consent does not hold any more.
_LAPSED_FACE = (
    "SELECT 1 FROM animator_jobface f JOIN animator_consent c ON c.id = f.consent_id "
    f"WHERE f.job_id = NEW.id AND NOT ({_HOLDS})"
)
#: Any consent of the owner for that face of the photo may allow sharing, not only the one the job was made with.
_SHARES = (
    "SELECT 1 FROM animator_consent c WHERE c.owner_id = j.owner_id AND c.photo_id = j.photo_id "
    f"AND c.face_index = {{face}} AND c.allow_sharing AND {_HOLDS}"
)
_SHARED_JOB = (
    "SELECT 1 FROM animator_job j WHERE j.id = NEW.job_id AND j.owner_id = NEW.owner_id "
    f"AND EXISTS ({_SHARES.replace('{face}', 'j.face_index')}) "
    "AND NOT EXISTS (SELECT 1 FROM animator_jobface f WHERE f.job_id = j.id "
    f"AND NOT EXISTS ({_SHARES.replace('{face}', 'f.face_index')}))"
)
_JOB_MESSAGE = "a job needs a confirmed consent of the same owner, photo and face that holds and covers it"
_FACE_MESSAGE = "a face that moves needs a confirmed consent of the same owner and photo that holds and covers it"
_SHARE_MESSAGE = "a link needs consents to sharing for every face"
_REVOKED_MESSAGE = "a revoked link stays revoked"


@dataclass(frozen=True)
class _Rule:
    """``message`` is raised before ``event`` on ``table`` when ``broken`` is true; ``{now}`` in it is the moment."""

    name: str
    table: str
    event: str
    broken: str
    message: str


_QUEUED_AGAIN = "NEW.state = 'queued' AND OLD.state NOT IN ('queued', 'processing')"
_RULES = (
    _Rule("animator_job_consent_insert", "animator_job", "INSERT", f"NOT EXISTS ({_JOB_CONSENT})", _JOB_MESSAGE),
    _Rule(
        "animator_job_consent_update",
        "animator_job",
        "UPDATE OF consent_id, owner_id, photo_id, face_index, speech_id",
        f"NOT EXISTS ({_JOB_CONSENT})",
        _JOB_MESSAGE,
    ),
    _Rule(
        "animator_job_consent_queued",
        "animator_job",
        "UPDATE OF state",
        f"{_QUEUED_AGAIN} AND (NOT EXISTS ({_JOB_CONSENT}) OR EXISTS ({_LAPSED_FACE}))",
        _JOB_MESSAGE,
    ),
    _Rule(
        "animator_jobface_consent_insert",
        "animator_jobface",
        "INSERT",
        f"NOT EXISTS ({_FACE_CONSENT})",
        _FACE_MESSAGE,
    ),
    _Rule(
        "animator_jobface_consent_update",
        "animator_jobface",
        "UPDATE",
        f"NOT EXISTS ({_FACE_CONSENT})",
        _FACE_MESSAGE,
    ),
    _Rule("animator_share_consent", "animator_share", "INSERT", f"NOT EXISTS ({_SHARED_JOB})", _SHARE_MESSAGE),
    _Rule(
        "animator_share_revoked",
        "animator_share",
        "UPDATE OF revoked_at, job_id",
        "OLD.job_id <> NEW.job_id OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NULL)",
        _REVOKED_MESSAGE,
    ),
    *(
        _Rule(f"{table}_no_{event.lower()}", table, event, "", f"{table} is append-only")
        for table in APPEND_ONLY_TABLES
        for event in ("UPDATE", "DELETE")
    ),
)


def _sqlite(rule: _Rule) -> tuple[str, ...]:
    when = f"WHEN {rule.broken.format(now=_NOW['sqlite'])} " if rule.broken else ""
    return (
        f"CREATE TRIGGER {rule.name} BEFORE {rule.event} ON {rule.table} FOR EACH ROW {when}"
        f"BEGIN SELECT RAISE(ABORT, '{rule.message}'); END",
    )


def _postgresql(rule: _Rule) -> tuple[str, ...]:
    """A function and its trigger: a condition with subqueries is not allowed in the trigger itself."""
    broken = rule.broken.format(now=_NOW["postgresql"]) or "TRUE"
    passed_on = "OLD" if rule.event == "DELETE" else "NEW"
    return (
        f"CREATE OR REPLACE FUNCTION {rule.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {broken} THEN RAISE EXCEPTION '{rule.message}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {passed_on}; END $$",
        f"CREATE TRIGGER {rule.name} BEFORE {rule.event} ON {rule.table} FOR EACH ROW EXECUTE FUNCTION {rule.name}()",
    )


def install_triggers(using: str = "default") -> None:
    """Put every trigger in place, replacing what is there. Tables that a partial migration has not made are left."""
    connection = connections[using]
    remove_triggers(using)
    with connection.cursor() as cursor:
        if not set(connection.introspection.table_names(cursor)) >= _TABLES:
            return
        if connection.vendor not in _NOW:
            raise ImproperlyConfigured(f"The consent ledger knows SQLite and PostgreSQL, not {connection.vendor}.")
        statements = _sqlite if connection.vendor == "sqlite" else _postgresql
        for rule in _RULES:
            for statement in statements(rule):
                cursor.execute(statement)


def remove_triggers(using: str = "default") -> None:
    """Take every trigger away: for :func:`install_triggers`, and for tests that empty whole tables."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name, table in _installed(using).items():
            of_table = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{of_table}")


def missing_triggers(using: str = "default") -> list[str]:
    """Names of the triggers that should be there and are not."""
    return sorted({rule.name for rule in _RULES} - set(_installed(using)))


def _installed(using: str) -> dict[str, str]:
    """The triggers of our tables with their tables; those of an earlier version too."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        query = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    elif connection.vendor == "postgresql":
        query = (
            "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
        )
    else:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {str(name): str(table) for name, table in cursor.fetchall() if str(name).startswith("animator_")}
