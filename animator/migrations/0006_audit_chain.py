"""Chains what is in the audit log already, oldest first."""

import hashlib
import json
from datetime import timezone as zones

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def plain(value):
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return str(value).replace("\x00", "")


def chain(apps, schema_editor):
    """As ``animator.audit_chain`` did when this was written. The triggers come back after the migration."""
    if schema_editor.connection.vendor == "sqlite":
        for when in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS animator_auditentry_no_{when}")
    else:
        schema_editor.execute("DROP TRIGGER IF EXISTS animator_auditentry_append_only ON animator_auditentry")
    entries = apps.get_model("animator", "AuditEntry").objects
    head = "0" * 64
    count = 0
    for count, row in enumerate(entries.order_by("id").iterator(), 1):
        detail = plain(row.detail)
        content = {
            "sequence": count,
            "at": row.at.astimezone(zones.utc).isoformat(timespec="microseconds"),
            "actor": "" if row.actor_id is None else str(row.actor_id),
            "action": row.action,
            "object_type": row.object_type,
            "object_id": row.object_id,
            "detail": detail,
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(f"{head}\n{text}".encode()).hexdigest()
        entries.filter(id=row.id).update(sequence=count, detail=detail, previous_hash=head, hash=digest)
        head = digest
    apps.get_model("animator", "AuditHead").objects.create(id=1, sequence=count, hash=head)


class Migration(migrations.Migration):
    dependencies = [
        ("animator", "0005_hold"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("sequence", models.PositiveBigIntegerField(default=0)),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="animator_audithead_is_one")
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="auditentry",
            options={"ordering": ("-sequence",), "verbose_name_plural": "audit entries"},
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="sequence",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="previous_hash",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="auditentry",
            name="hash",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["actor", "at"], name="animator_au_actor_i_cf4b78_idx"),
        ),
        migrations.RunPython(chain, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="auditentry",
            name="sequence",
            field=models.PositiveBigIntegerField(help_text="Counts from 1 without a gap.", unique=True),
        ),
    ]
