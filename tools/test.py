"""`make test`: set up all that the tests need, the browser included, and run them."""

import os
import shutil
import sys
from pathlib import Path

from environment import PYTHON, TO_TEST, apt_install, prepare, run, say, stop

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    prepare(TO_TEST)
    browser = _browser() or (apt_install("chromium") and _browser())
    if not browser:
        stop(
            "The tests need a browser, and none was found. Please install one and try again: "
            "sudo apt-get install chromium (Debian), or Google Chrome (Ubuntu)"
        )
    say(f"The browser is {browser}")
    command: list[str | Path] = [PYTHON, "-m", "pytest", "-n", "auto", *sys.argv[1:]]
    raise SystemExit(run(*command, env=os.environ | {"CHROMIUM": browser}).returncode)


def _browser() -> str | None:
    """The first browser that starts; Ubuntu's chromium-browser may be a note that says to install another."""
    found = [path for name in (os.environ.get("CHROMIUM", ""), *BROWSERS) if name and (path := shutil.which(name))]
    return next((path for path in found if run(path, "--version", capture_output=True).returncode == 0), None)


if __name__ == "__main__":
    main()
