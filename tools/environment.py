"""The virtual environment: made where it is missing, filled with the pinned packages, catalogues compiled.

Needs nothing but Python's own library, since it is what installs the rest. As a command it prepares the
environment and runs Python in it: `python3 tools/environment.py -m tools.catalogues update`.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
TO_RUN = ("requirements.txt",)
TO_TEST = ("requirements.txt", "requirements-dev.txt", "requirements-postgresql.txt")


def prepare(requirements: tuple[str, ...]) -> None:
    """Make the environment ready with the packages of these files; quick when it is."""
    if sys.version_info < OLDEST:
        stop("Python 3.11 or later is needed. Name one with, for example: make run PYTHON=python3.12")
    _make_environment()
    _install(requirements)
    _compile_catalogues()


def say(text: str) -> None:
    print(text, flush=True)


def stop(text: str) -> NoReturn:
    """End with a sentence that says what is wrong and what to do."""
    raise SystemExit(text)


def run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command from the project's folder; its output is shown unless `capture_output` is given."""
    return subprocess.run([str(part) for part in command], cwd=ROOT, text=True, check=False, **more)


def apt_install(package: str) -> bool:
    """Install a package of the system where that needs no password; True when it was installed."""
    if not shutil.which("apt-get"):
        return False
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and (not shutil.which("sudo") or run(*sudo, "true", capture_output=True).returncode):
        return False
    say(f"Installing {package} with apt-get")
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    run(*sudo, *quiet, "update", capture_output=True)
    return run(*sudo, *quiet, "install", "-y", "--no-install-recommends", package, stdout=sys.stderr).returncode == 0


def _make_environment() -> None:
    if PYTHON.exists() and not run(PYTHON, "-c", "import pip", capture_output=True).returncode:
        return
    say("Making a virtual environment in .venv")
    if not _has_ensurepip() and shutil.which("virtualenv"):
        made = run("virtualenv", "--quiet", "--clear", "--python", sys.executable, VENV)
    elif _has_ensurepip() or apt_install(_venv_package()):
        made = run(sys.executable, "-m", "venv", "--clear", VENV)
    else:
        stop(
            f"Python's venv module is missing. Please install it and try again: sudo apt-get install {_venv_package()}"
        )
    if made.returncode:
        stop("The virtual environment could not be made; the lines above say why.")


def _has_ensurepip() -> bool:
    """Debian and Ubuntu leave it out of python3, and without it an environment has no pip."""
    return importlib.util.find_spec("ensurepip") is not None


def _venv_package() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}-venv"


def _install(requirements: tuple[str, ...]) -> None:
    """Install the packages unless they were installed before, alone or with those that test."""
    if any(_stamp(files).exists() for files in (requirements, TO_TEST)):
        return
    say(f"Installing the packages of {' and '.join(requirements)}")
    options = [option for name in requirements for option in ("--requirement", name)]
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", "constraints.txt")
    if run(PYTHON, *pip, *options).returncode:
        stop("The packages could not be installed; the lines above say why. Is the network within reach?")
    _stamp(requirements).touch()


def _stamp(requirements: tuple[str, ...]) -> Path:
    """The file that tells that these files, as they are now, were installed."""
    content = b"".join((ROOT / name).read_bytes() for name in (*requirements, "constraints.txt"))
    return VENV / f"installed-{hashlib.sha256(content).hexdigest()[:16]}"


def _compile_catalogues() -> None:
    for source in sorted((ROOT / "translations").glob("*/LC_MESSAGES/messages.po")):
        made = source.with_suffix(".mo")
        if made.exists() and made.stat().st_mtime >= source.stat().st_mtime:
            continue
        say(f"Compiling {source.relative_to(ROOT)}")
        unfinished = source.with_suffix(".part")
        pybabel = (PYTHON, "-m", "babel.messages.frontend", "--quiet", "compile")
        if run(*pybabel, "--input-file", source, "--output-file", unfinished).returncode:
            stop(f"{source.relative_to(ROOT)} could not be compiled; the lines above say why.")
        unfinished.replace(made)


if __name__ == "__main__":
    prepare(TO_TEST)
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), *sys.argv[1:]])  # noqa: S606  a script of ours, named in the Makefile
