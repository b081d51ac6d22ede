"""What the database itself enforces, by triggers, whoever writes: site, worker, console or a foreign program.

* a job refers to a confirmed consent of the same owner, photo and face, when it is made and for ever after;
* consents, audit entries and the ledger of use are never changed and never deleted.

The triggers are put in place after every ``migrate`` (SQLite drops a table's triggers when a migration rebuilds the
table, so a migration of their own would not last). A violation raises ``IntegrityError``. SQLite and PostgreSQL.
"""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

APPEND_ONLY_TABLES = ("animator_consent", "animator_auditentry", "animator_usageentry")

_CONSENT_MATCHES = (
    "SELECT 1 FROM animator_consent c WHERE c.id = NEW.consent_id AND c.owner_id = NEW.owner_id "
    "AND c.photo_id = NEW.photo_id AND c.face_index = NEW.face_index AND c.confirmed"
)
_CONSENT_MESSAGE = "a job needs a confirmed consent of the same owner, photo and face"


def _sqlite() -> dict[str, str]:
    triggers = {
        f"animator_job_consent_{when.split()[0].lower()}": (
            f"BEFORE {when} ON animator_job WHEN NOT EXISTS ({_CONSENT_MATCHES}) "
            f"BEGIN SELECT RAISE(ABORT, '{_CONSENT_MESSAGE}'); END"
        )
        for when in ("INSERT", "UPDATE OF consent_id, owner_id, photo_id, face_index")
    }
    for table in APPEND_ONLY_TABLES:
        for when in ("UPDATE", "DELETE"):
            triggers[f"{table}_no_{when.lower()}"] = (
                f"BEFORE {when} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    return {name: f"CREATE TRIGGER {name} {body}" for name, body in triggers.items()}


def _postgresql() -> dict[str, tuple[str, str]]:
    triggers = {
        "animator_job_consent": (
            "animator_job",
            "BEFORE INSERT OR UPDATE OF consent_id, owner_id, photo_id, face_index ON animator_job "
            "FOR EACH ROW EXECUTE FUNCTION animator_job_needs_consent()",
        )
    }
    for table in APPEND_ONLY_TABLES:
        triggers[f"{table}_append_only"] = (
            table,
            f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION animator_append_only()",
        )
    return {name: (table, f"CREATE TRIGGER {name} {body}") for name, (table, body) in triggers.items()}


_POSTGRESQL_FUNCTIONS = (
    "CREATE OR REPLACE FUNCTION animator_job_needs_consent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF NOT EXISTS ({_CONSENT_MATCHES}) THEN RAISE EXCEPTION '{_CONSENT_MESSAGE}' "
    "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
    "CREATE OR REPLACE FUNCTION animator_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$",
)


def install_triggers(using: str = "default") -> None:
    """Put every trigger in place, replacing what is there. Tables that a partial migration has not made are left."""
    connection = connections[using]
    remove_triggers(using)
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if not {"animator_job", *APPEND_ONLY_TABLES} <= tables:
            return
        if connection.vendor == "sqlite":
            for statement in _sqlite().values():
                cursor.execute(statement)
        elif connection.vendor == "postgresql":
            for function in _POSTGRESQL_FUNCTIONS:
                cursor.execute(function)
            for _, statement in _postgresql().values():
                cursor.execute(statement)
        else:
            raise ImproperlyConfigured(f"The consent ledger knows SQLite and PostgreSQL, not {connection.vendor}.")


def remove_triggers(using: str = "default") -> None:
    """Take every trigger away: for :func:`install_triggers`, and for tests that empty whole tables."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in _sqlite():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        elif connection.vendor == "postgresql":
            tables = set(connection.introspection.table_names(cursor))
            for name, (table, _) in _postgresql().items():
                if table in tables:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")


def missing_triggers(using: str = "default") -> list[str]:
    """Names of the triggers that should be there and are not."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            wanted = set(_sqlite())
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
            wanted = set(_postgresql())
        return sorted(wanted - {str(row[0]) for row in cursor.fetchall()})
