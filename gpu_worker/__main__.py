"""``python -m gpu_worker``: the engine on the command line.

Exit codes: 0 done; 2 the input is at fault, with ``{"error", "message", "hint"}`` as one line of JSON on stderr; 1 the
fault is ours. Results go to stdout as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from gpu_worker.errors import EngineError, InputError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    from gpu_worker.cli.arguments import parser
    from gpu_worker.cli.commands import COMMANDS
    from gpu_worker.cli.native_output import own_stderr

    try:
        arguments = parser().parse_args(argv)
        with own_stderr() as stderr:
            result = COMMANDS[arguments.command](arguments, stderr)
    except InputError as error:
        print(json.dumps(error.as_dict(), ensure_ascii=False), file=sys.stderr)
        return 2
    except EngineError as error:
        print(json.dumps({"error": "engine", "message": str(error), "hint": ""}, ensure_ascii=False), file=sys.stderr)
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
    sys.exit(main())
