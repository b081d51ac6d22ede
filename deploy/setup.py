"""Makes a virtual environment, brings it up to date, and then does what was asked (``run``, ``test``, ...).

There are two: ``.venv`` for the site and the embedded engine, ``.venv-gpu`` for a GPU worker, whose packages cannot
share an environment with the others.

Runs on a bare Python 3.11, so it imports nothing but the standard library. A stamp in the environment holds the hash
of the requirements: while it is current, nothing is installed and a start costs milliseconds. Every failure that the
person at the keyboard can mend is a sentence and exit code 2; nothing here ends in a traceback for that.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GIB = 1024**3
#: Disk that a fresh environment and pip's unpacking take, bytes.
INSTALL_BYTES = 5 * GIB
#: Disk below which the site does not start, bytes.
RUN_BYTES = GIB // 4

#: The OpenCV wheels that MediaPipe and face-alignment name as their requirements want an X11 desktop's libraries
#: (libGL). The headless build of the same version holds the same module without them: it is laid over, last.
HEADLESS = "opencv-contrib-python-headless"

#: The nudity classifier of photos: installed without its requirements into a folder of the environment that nothing
#: imports from (gpu_worker/screening/classifier_file.py says why).
SCREENING = "requirements-screening.txt"

#: The pinned packages of the GPU worker: resolved, put beside them without their own requirements, for its tests.
GPU_REQUIREMENTS, GPU_APART = "gpu_worker/requirements.txt", "gpu_worker/requirements-apart.txt"
GPU_DEVELOPMENT, GPU_CONSTRAINTS = "gpu_worker/requirements-test.txt", "gpu_worker/constraints.txt"
#: Names the address of an index that has builds of torch for a graphics card. Nobody but the operator sets it.
TORCH_INDEX = "TORCH_INDEX"
_TORCH = ("torch", "torchaudio")

#: What may be asked for -> (needs the development tools, module that does it).
TASKS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "install": (False, ()),
    "install-dev": (True, ()),
    "run": (False, ("-m", "picturetalk_site.run")),
    "manage": (False, ("manage.py",)),
    "bench": (False, ("-m", "gpu_worker", "bench")),
    "loadtest": (True, ("deploy/loadtest.py",)),
    "stoptest": (True, ("deploy/stoptest.py",)),
    "sheets": (True, ("deploy/sheets.py",)),
    "lint": (True, ("deploy/check.py", "lint")),
    "test": (True, ("deploy/check.py", "test")),
    "integration": (True, ("deploy/check.py", "integration")),
    "gpu-env": (False, ()),
    "gpu-env-dev": (True, ()),
    "gpu-test": (True, ("-m", "pytest", "tests/gpu_env")),
}


class SetupError(Exception):
    """Something the person at the keyboard can mend; the text is for them."""


class Environment:
    """The virtual environment in ``folder``; knows how to make and fill it, not what is in it."""

    name = ".venv"
    requirements, development, constraints = "requirements.txt", "requirements-dev.txt", "constraints.txt"
    others: tuple[str, ...] = (SCREENING,)
    needed = INSTALL_BYTES

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / self.name
        self.python = self.folder / "bin" / "python"

    def stamp(self, development: bool) -> Path:
        return self.folder / (".installed-dev" if development else ".installed")

    def fingerprint(self, development: bool) -> str:
        """What the environment should hold: the hash of the requirement files and of the Python behind it."""
        digest = hashlib.sha256(sys.version.encode())
        names = [self.requirements, self.constraints, *self.others, *([self.development] if development else [])]
        for name in names:
            digest.update(name.encode() + b"\0" + (self.root / name).read_bytes())
        return digest.hexdigest()

    def is_current(self, development: bool) -> bool:
        # The development set includes the base set.
        for kind in {development, True}:
            try:
                if self.stamp(kind).read_text() == self.fingerprint(kind) and self.works():
                    return True
            except OSError:
                continue
        return False

    def works(self) -> bool:
        """Whether it can be used: not when the Python behind it is gone, nor when the folder was moved or copied.

        The commands in ``bin`` name the folder that they were made for; ``pyvenv.cfg`` says which it was.
        """
        try:
            made_for_here = f" {self.folder}\n" in (self.folder / "pyvenv.cfg").read_text()
        except OSError:
            return False
        return made_for_here and subprocess.run([self.python, "-c", ""], capture_output=True).returncode == 0

    def make(self) -> None:
        check_venv_module()
        if self.folder.exists():
            shutil.rmtree(self.folder)
        say(f"Making the virtual environment in {self.name}")
        venv.EnvBuilder(with_pip=True, symlinks=True).create(self.folder)

    def install(self, development: bool) -> None:
        """Installs the pinned requirements with pip as this machine has it set up."""
        check_space(self.root, self.needed, "install the requirements")
        if not self.works():
            self.make()
        for stamp in (self.stamp(True), self.stamp(False)):
            stamp.unlink(missing_ok=True)
        wanted = self.development if development else self.requirements
        say(f"Installing {wanted} (a few minutes the first time)")
        self.fill(wanted)
        self.stamp(development).write_text(self.fingerprint(development))
        say("Installed")

    def fill(self, wanted: str) -> None:
        """``wanted`` and what belongs beside it. Raises :class:`SetupError`."""
        self._pip("-r", wanted)
        self._pip("--no-deps", "--force-reinstall", self._pinned(HEADLESS))
        shutil.rmtree(self.folder / "screening", ignore_errors=True)
        self._pip("--no-deps", "--target", str(self.folder / "screening"), "-r", SCREENING)

    def _pinned(self, name: str) -> str:
        for line in (self.root / self.constraints).read_text().splitlines():
            if line.startswith(f"{name}=="):
                return line.strip()
        raise SetupError(f"{self.constraints} does not pin {name}")

    def _pip(self, *arguments: str) -> None:
        command = [str(self.python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        command += ["--no-input", "--constraint", self.constraints, *arguments]
        if subprocess.run(command, cwd=self.root, stdin=subprocess.DEVNULL).returncode:
            check_space(self.root, GIB // 10, "install the requirements")
            raise SetupError("pip could not install the requirements; its own words are above. Run the command again.")


class GpuEnvironment(Environment):
    """The GPU worker's. Its torch is the one that pip finds, unless the operator names an index with another build."""

    name = ".venv-gpu"
    requirements, development, constraints = GPU_REQUIREMENTS, GPU_DEVELOPMENT, GPU_CONSTRAINTS
    others = (GPU_APART,)
    needed = 8 * GIB

    def is_current(self, development: bool) -> bool:
        return super().is_current(development) and self._torch_as_asked()

    def fill(self, wanted: str) -> None:
        """torch first where an index is named, so that the packages that need it find it there."""
        index = os.environ.get(TORCH_INDEX, "").strip()
        more = ("--extra-index-url", index) if index else ()
        if index:
            self._pip(*more, "--no-deps", "--force-reinstall", *map(self._pinned, _TORCH))
        self._pip(*more, "-r", wanted)
        self._pip("--no-deps", "-r", GPU_APART)
        if index:
            self._index_file().write_text(index)

    def _torch_as_asked(self) -> bool:
        """Whether torch came from the index that is named now; without a name the one that is there will do."""
        index = os.environ.get(TORCH_INDEX, "").strip()
        try:
            return not index or self._index_file().read_text() == index
        except OSError:
            return False

    def _index_file(self) -> Path:
        return self.folder / ".torch-index"


def check_venv_module() -> None:
    try:
        import ensurepip  # noqa: F401 - Debian ships it apart, in python3.11-venv
    except ImportError:
        raise SetupError(
            "This Python cannot make virtual environments. On Debian 12: apt-get install python3.11-venv"
        ) from None


def check_space(folder: Path, needed: int, purpose: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SetupError(
            f"Not enough disk space to {purpose}: {folder} has {free / GIB:.1f} GiB free and needs {needed / GIB:.1f}."
        )


def check_writable(folder: Path) -> None:
    probe = folder / f".write-probe-{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise SetupError(f"No disk space is left in {folder}.") from error
        raise SetupError(
            f"{folder} cannot be written to ({error.strerror}). Run this as the user who owns it."
        ) from error


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def prepare(root: Path, development: bool, kind: type[Environment] = Environment) -> Path:
    """The Python of an environment that holds what is wanted. Raises :class:`SetupError`."""
    environment = kind(root)
    if not environment.is_current(development):
        check_writable(root)
        environment.install(development)
    check_space(root, RUN_BYTES, "start")
    return environment.python


def main(arguments: Sequence[str]) -> int:
    task, *rest = arguments or ["install"]
    if task not in TASKS:
        sys.stderr.write(f"Unknown task {task}; one of {', '.join(TASKS)}\n")
        return 2
    development, command = TASKS[task]
    try:
        python = prepare(ROOT, development, GpuEnvironment if task.startswith("gpu-") else Environment)
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"The set-up stopped: {error.strerror} ({error.filename or ROOT}).\n")
        return 2
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"The set-up stopped: {' '.join(map(str, error.cmd))} ended with {error.returncode}.\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. The next start goes on from here.\n")
        return 130
    if command:
        os.chdir(ROOT)
        sys.stdout.flush()
        # Becomes the command, so that signals and the exit code are its own.
        os.execv(python, [str(python), *command, *rest])  # noqa: S606 - our own command, no shell wanted
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
