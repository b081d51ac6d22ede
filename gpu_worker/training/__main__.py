"""``python -m gpu_worker.training``: data sets, training, evaluation and export on the command line.

Exit codes are those of ``python -m gpu_worker``. Each command lives in a module that is imported only when it is asked
for; such a module has ``add_arguments(command, parser)`` and ``run(arguments, stream)``, which gives back what is to be
printed: a text, something that can be written as JSON, or None. ``stream`` takes the progress.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

#: Command: the module that carries it out, and what it does.
COMMANDS: dict[str, tuple[str, str]] = {
    "dataset": ("gpu_worker.training.data.cli", "build, check and describe sets of training data"),
    "train": ("gpu_worker.training.train_command", "train a sound-to-motion model on a data set"),
    "evaluate": (
        "gpu_worker.training.evaluate_command",
        "judge a run on people held out, beside the rules it replaces",
    ),
    "export": ("gpu_worker.training.export_command", "write a run's model as ONNX and safetensors"),
    "bench": ("gpu_worker.training.bench_command", "print what an exported model costs in processor time"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    from gpu_worker.cli.arguments import Parser
    from gpu_worker.cli.outcome import exit_code

    said = list(sys.argv[1:] if argv is None else argv)
    root = Parser(prog="python -m gpu_worker.training", description="Teach the product how faces move with sound.")
    parsers = root.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for name, (module, summary) in COMMANDS.items():
        parser = parsers.add_parser(name, help=summary, description=summary.capitalize() + ".")
        if said[:1] == [name]:
            import_module(module).add_arguments(name, parser)

    def command() -> object:
        arguments = root.parse_args(said)
        return import_module(COMMANDS[arguments.command][0]).run(arguments, sys.stderr)

    return exit_code(command)


if __name__ == "__main__":
    from gpu_worker.cli.native_output import mute_native_stderr

    mute_native_stderr()
    sys.exit(main())
