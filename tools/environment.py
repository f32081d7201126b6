"""Prepares the virtual environment: creates it, installs the pinned packages and compiles the catalogues.

Uses the standard library only, since it installs everything else. As a command it prepares the environment and runs
Python in it: `python3 tools/environment.py -m tools.catalogues update`.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
TO_RUN = ("requirements.txt",)
TO_TEST = ("requirements.txt", "requirements-dev.txt", "requirements-postgresql.txt")


def prepare(requirements: tuple[str, ...]) -> None:
    """Make the project's folder the working directory and prepare the environment with the packages of these files.

    Does nothing that has been done before. Raises SystemExit with a sentence that says what is missing.
    """
    if sys.version_info < OLDEST:
        sys.exit("Python 3.11 or later is needed. Name one with, for example: make run PYTHON=python3.12")
    os.chdir(ROOT)
    if not PYTHON.exists() or run(PYTHON, "-c", "import pip", capture_output=True).returncode:
        _create_environment()
    if not any(_stamp(files).exists() for files in (requirements, TO_TEST)):
        _install(requirements)
    catalogues = list(ROOT.glob("translations/*/LC_MESSAGES/messages.po"))
    if any(_changed_at(path.with_suffix(".mo")) < _changed_at(path) for path in catalogues):
        say("Compiling the catalogues")
        if run(PYTHON, "-m", "babel.messages.frontend", "--quiet", "compile", "--directory", "translations").returncode:
            sys.exit("The catalogues could not be compiled; the lines above say why.")


def say(text: str) -> None:
    print(text, flush=True)


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command. `options` are those of `subprocess.run`."""
    return subprocess.run([str(part) for part in command], text=True, check=False, **options)


def apt_install(package: str) -> bool:
    """Install a package of Debian or Ubuntu if that needs no password; returns whether it was installed."""
    if not shutil.which("apt-get"):
        return False
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and (not shutil.which("sudo") or run(*sudo, "true", capture_output=True).returncode):
        return False
    say(f"Installing {package} with apt-get")
    apt_get = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    run(*apt_get, "update", capture_output=True)
    return run(*apt_get, "install", "-y", "--no-install-recommends", package, stdout=sys.stderr).returncode == 0


def _create_environment() -> None:
    say("Creating a virtual environment in .venv")
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    # Debian and Ubuntu leave ensurepip out of python3; without it, an environment has no pip.
    has_ensurepip = importlib.util.find_spec("ensurepip") is not None
    if not has_ensurepip and shutil.which("virtualenv"):
        created = run("virtualenv", "--quiet", "--clear", "--python", sys.executable, VENV)
    elif has_ensurepip or apt_install(package):
        created = run(sys.executable, "-m", "venv", "--clear", VENV)
    else:
        sys.exit(f"Python's venv module is missing. Install it and try again: sudo apt-get install {package}")
    if created.returncode:
        sys.exit("The virtual environment could not be created; the lines above say why.")


def _install(requirements: tuple[str, ...]) -> None:
    say(f"Installing the packages of {' and '.join(requirements)}")
    options = [option for name in requirements for option in ("--requirement", name)]
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if run(*pip, "--constraint", "constraints.txt", *options).returncode:
        sys.exit("The packages could not be installed; the lines above say why. Is the network available?")
    _stamp(requirements).touch()


def _stamp(requirements: tuple[str, ...]) -> Path:
    """The file that exists once these requirements, as they are now, have been installed."""
    content = b"".join((ROOT / name).read_bytes() for name in (*requirements, "constraints.txt"))
    return VENV / f"installed-{hashlib.sha256(content).hexdigest()[:16]}"


def _changed_at(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0


if __name__ == "__main__":
    prepare(TO_TEST)
    os.execv(PYTHON, [str(PYTHON), *sys.argv[1:]])  # noqa: S606  a script of ours, named in the Makefile
