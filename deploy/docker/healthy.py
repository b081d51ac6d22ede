"""The web container's own health check: asks ``/healthz`` under a name that the site accepts. Standard library only."""

from __future__ import annotations

import http.client
import os
import sys


def main() -> int:
    """0 when the web server answers, else 1."""
    hosts = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": hosts[0].strip().lstrip(".")})
        return 0 if connection.getresponse().status == 200 else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
