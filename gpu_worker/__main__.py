"""``python -m gpu_worker``: the engine on the command line.

``gpu_worker.cli.outcome`` says how a command ends.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    from gpu_worker.cli.arguments import parser
    from gpu_worker.cli.commands import COMMANDS
    from gpu_worker.cli.outcome import exit_code

    def command() -> object:
        arguments = parser().parse_args(argv)
        return COMMANDS[arguments.command](arguments, sys.stderr)

    return exit_code(command)


if __name__ == "__main__":
    from gpu_worker.cli.native_output import mute_native_stderr

    mute_native_stderr()
    sys.exit(main())
