#!/bin/sh
# Writes constraints.txt from what .venv holds: every package at its version, local build tags left out.
# For after a change to the requirements: sh deploy/bootstrap.sh install-dev, then this, then make test.
set -eu
cd "$(dirname -- "$0")/.."
{
    echo "# Every package of the environment, the indirect ones too. Written by deploy/freeze.sh; do not edit."
    {
        .venv/bin/python -m pip freeze --disable-pip-version-check | grep -v ' @ ' | sed -E 's/\+[a-z0-9.]+$//'
        # Laid over the environment by deploy/setup.py.
        grep '^opencv-contrib-python-headless==' constraints.txt
    } | LC_ALL=C sort -f -u
} > constraints.txt.new
mv constraints.txt.new constraints.txt
