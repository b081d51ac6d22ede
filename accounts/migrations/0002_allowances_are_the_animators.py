from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('animator', '0009_carry_allowances_over'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='user',
            name='daily_quota',
        ),
    ]
