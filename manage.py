#!/usr/bin/env python3
"""Django's command line for this site."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picturetalk_site.settings")
    # A worker's frames keep every core busy; threads of the linear algebra would only spin beside them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
