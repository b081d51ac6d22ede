"""What was used until now goes into the ledger; exceptions of single users become rows of their own."""

import uuid
from collections import Counter

from django.db import migrations


def carry_over(apps, schema_editor):
    Job, QuotaUsage = apps.get_model("animator", "Job"), apps.get_model("animator", "QuotaUsage")
    UsageEntry, UserLimits = apps.get_model("animator", "UsageEntry"), apps.get_model("animator", "UserLimits")
    Plan, User = apps.get_model("animator", "Plan"), apps.get_model("accounts", "User")
    Plan.objects.create(name="Standard", is_default=True)
    for user_id, limit in User.objects.filter(daily_quota__isnull=False).values_list("id", "daily_quota"):
        UserLimits.objects.create(user_id=user_id, jobs_per_day=limit)
    told = Counter()
    for job in Job.objects.select_related("speech", "result").iterator():
        speech = job.speech
        seconds = speech.duration_s if speech.duration_s is not None else max(1.0, len(speech.text) / 14.0)
        charge = None
        if job.charged_day is not None:
            charge, told[job.owner_id, job.charged_day] = uuid.uuid4(), told[job.owner_id, job.charged_day] + 1
            made = getattr(job, "result", None)
            length = round(1000 * (made.duration_s if made is not None else seconds))
            for unit, amount in (("job", 1), ("video_ms", length)):
                UsageEntry.objects.create(
                    user_id=job.owner_id, unit=unit, step="reserve", amount=amount, charge=charge, job_ref=job.id,
                    day=job.charged_day,
                )
        Job.objects.filter(id=job.id).update(charge=charge, speech_s=seconds)
    for row in QuotaUsage.objects.all():
        rest = row.used - told[row.user_id, row.day]
        if rest > 0:
            UsageEntry.objects.create(
                user_id=row.user_id, unit="job", step="carry", amount=rest, charge=uuid.uuid4(), day=row.day
            )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('animator', '0008_plans_and_usage'),
    ]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='job',
            name='charged_day',
        ),
        migrations.DeleteModel(
            name='QuotaUsage',
        ),
    ]
