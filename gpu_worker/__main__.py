"""``python -m gpu_worker``: the engine on the command line.

Exit codes: 0 done; 2 the input is at fault, with ``{"error", "message", "hint"}`` as one line of JSON on stderr; 1 the
fault is ours. Results go to stdout as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from gpu_worker.errors import EngineError, InputError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    from gpu_worker.cli.arguments import parser
    from gpu_worker.cli.commands import COMMANDS

    try:
        arguments = parser().parse_args(argv)
        result = COMMANDS[arguments.command](arguments, sys.stderr)
    except InputError as error:
        print(json.dumps(error.as_dict(), ensure_ascii=False), file=sys.stderr)
        return 2
    except EngineError as error:
        told = {"error": "engine", "message": str(error), "hint": "Set PICTURETALK_DEBUG=1 to see more."}
        print(json.dumps(told, ensure_ascii=False), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    if isinstance(result, str):
        print(result)
    elif result is not None:
        print(json.dumps(result, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    from gpu_worker.cli.native_output import mute_native_stderr

    mute_native_stderr()
    # Frames keep every core busy; threads of the linear algebra would only spin beside them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main())
