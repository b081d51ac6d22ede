"""How a command ends: its result on stdout, what went wrong on stderr, the exit code; one way for every command line.

Exit codes: 0 done; 2 the input is at fault, with ``{"error", "message", "hint"}`` as one line of JSON on stderr; 1 the
fault is ours; 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from gpu_worker.errors import EngineError, InputError


def exit_code(command: Callable[[], object]) -> int:
    """Carry ``command`` out and print what it gives back: a text as it is, anything else but None as JSON."""
    try:
        result = command()
    except InputError as error:
        _complain(error.as_dict())
        return 2
    except EngineError as error:
        _complain({"error": "engine", "message": str(error), "hint": "Set PICTURETALK_DEBUG=1 to see more."})
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 130
    if isinstance(result, str):
        sys.stdout.write(result + "\n")
    elif result is not None:
        sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    return 0


def _complain(told: dict[str, str]) -> None:
    sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
