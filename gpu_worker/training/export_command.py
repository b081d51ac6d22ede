"""``export``: from a run to the files that the engine takes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO


def add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="name of the .onnx file")


def run(arguments: argparse.Namespace, stream: TextIO) -> object:
    from gpu_worker.training.export import export_run

    return export_run(arguments.run, arguments.output).as_dict()
