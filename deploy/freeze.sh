#!/bin/sh
# Writes constraints.txt from what .venv holds: every package at its version, local build tags left out. With the word
# "gpu" it writes gpu_worker/constraints.txt from .venv-gpu.
# For after a change to the requirements: sh deploy/bootstrap.sh install-dev, then this, then make test; or
# make gpu-test, then sh deploy/freeze.sh gpu.
set -eu
cd "$(dirname -- "$0")/.."

frozen() {
    "$1/bin/python" -m pip freeze --disable-pip-version-check | grep -v ' @ ' | sed -E 's/\+[a-z0-9.]+$//'
}

if [ "${1:-}" = gpu ]; then
    file=gpu_worker/constraints.txt
    {
        echo "# Every package of the GPU worker's environment. Written by deploy/freeze.sh; do not edit."
        # CUDA's own packages come with a build of torch that the operator chose.
        frozen .venv-gpu | grep -v '^nvidia-' | LC_ALL=C sort -f -u
    } > "$file.new"
else
    file=constraints.txt
    {
        echo "# Every package of the environment, the indirect ones too. Written by deploy/freeze.sh; do not edit."
        {
            frozen .venv
            # Laid over the environment by deploy/setup.py.
            grep '^opencv-contrib-python-headless==' constraints.txt
        } | LC_ALL=C sort -f -u
    } > "$file.new"
fi
mv "$file.new" "$file"
