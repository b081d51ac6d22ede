"""``manage.py training_data``: sets of training data, made by the workers of the queue ``training``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis.exceptions import RedisError

from animator.queue import enqueue_training


class Command(BaseCommand):
    help = "Have workers build a data set for training. Every worker must reach the folders that are named."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="do", required=True)
        build = actions.add_parser("build", help="clips from videos and recordings with a manifest")
        build.add_argument("source", type=Path)
        synthesise = actions.add_parser("synthesise", help="speech of synthetic voices with exact phone times")
        synthesise.add_argument("--hours", type=float, default=8.0)
        for action in (build, synthesise):
            action.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
            action.add_argument("--seed", type=int, default=0)

    def handle(self, *args: Any, **options: Any) -> None:
        # Workers stand in other folders than whoever types this.
        folder = str(options["output"].resolve())
        try:
            if options["do"] == "build":
                source = options["source"].resolve()
                if not source.exists():
                    raise CommandError(f"There is no {source}.")
                enqueue_training("gpu_worker.tasks.training_data.build_dataset", str(source), folder, options["seed"])
            else:
                if not 0 < options["hours"] <= 10_000:
                    raise CommandError("The hours must lie between 0 and 10000.")
                enqueue_training(
                    "gpu_worker.tasks.training_data.synthesise_dataset", folder, options["hours"], options["seed"]
                )
        except RedisError as error:
            raise CommandError(f"Redis is away: {error}") from error
        self.stdout.write(f"In the queue. When the last batch is made, {folder}/index.json is there.")
