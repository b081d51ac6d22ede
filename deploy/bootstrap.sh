#!/bin/sh
# Finds Python 3.11 and hands over to deploy/setup.py. The first argument is what to do: run, test, lint, ...
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)

for candidate in "${PYTHON:-}" python3.11 python3 /usr/bin/python3.11; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; then
        exec "$candidate" "$here/setup.py" "$@"
    fi
    if [ "$candidate" = "${PYTHON:-}" ]; then
        echo "PYTHON is set to $candidate, which is not a Python 3.11." >&2
        exit 2
    fi
done

echo "PictureTalk needs Python 3.11 and there is none here." >&2
echo "On Debian 12: apt-get install python3.11 python3.11-venv. Elsewhere: PYTHON=/path/to/python3.11 make $*" >&2
exit 2
