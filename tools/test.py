"""`make test`: set up all that the tests need, the browser included, and run them."""

import os
import shutil
import sys
from pathlib import Path

from environment import PYTHON, TO_TEST, apt_install, prepare, run, say, stop

DATABASES = ("sqlite", "postgresql")
NO_TESTS = 5  # pytest's exit status where a selection holds none of a database
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
    given = any(argument.startswith("--database") for argument in sys.argv)
    codes = {_test(browser, *([] if given else [f"--database={name}"])) for name in DATABASES[: 1 if given else 2]}
    raise SystemExit(max(codes - {NO_TESTS} or {NO_TESTS}))


def _test(browser: str, *database: str) -> int:
    """Run pytest and tell its exit status."""
    command: list[str | Path] = [PYTHON, "-m", "pytest", "-n", "auto", *database, *sys.argv[1:]]
    say(" ".join(("Running the tests", *database)))
    return run(*command, env=os.environ | {"CHROMIUM": browser}).returncode


def _browser() -> str | None:
    """The first browser that starts; Ubuntu's chromium-browser may be a note that says to install another."""
    found = [path for name in (os.environ.get("CHROMIUM", ""), *BROWSERS) if name and (path := shutil.which(name))]
    return next((path for path in found if run(path, "--version", capture_output=True).returncode == 0), None)


if __name__ == "__main__":
    main()
