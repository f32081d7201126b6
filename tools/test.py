"""`make test`: prepares what the tests need, a browser included, and runs them."""

import os
import shutil
import sys

from environment import PYTHON, TO_TEST, apt_install, prepare, run, say

DATABASES = ("--database=sqlite", "--database=postgresql")
# A process for each core; the tests of a module share what they ask once, so one process runs them all.
IN_PARALLEL = ("-n", "auto", "--dist", "loadscope", "--no-loadscope-reorder")
NO_TESTS = 5  # the exit status of pytest
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """The first browser that starts: Ubuntu's chromium-browser may only be a script that says to install another."""
    names = (os.environ.get("CHROMIUM", ""), *BROWSERS)
    paths = [path for name in names if (path := shutil.which(name))]
    return next((path for path in paths if run(path, "--version", capture_output=True).returncode == 0), None)


prepare(TO_TEST)
browser = find_browser() or (apt_install("chromium") and find_browser())
if not browser:
    sys.exit(
        "The tests need a browser, and none was found. Install one and try again: "
        "sudo apt-get install chromium (Debian), or Google Chrome (Ubuntu)"
    )
say(f"The browser is {browser}")
arguments = [argument for argument in sys.argv[1:] if argument not in DATABASES]
codes = set()
for database in [argument for argument in sys.argv[1:] if argument in DATABASES] or DATABASES:
    say(f"Testing with {database}")
    tests = (PYTHON, "-m", "pytest", *IN_PARALLEL, database, *arguments)
    codes.add(run(*tests, env=os.environ | {"CHROMIUM": browser}).returncode)
# A choice of tests may have none for one of the two.
sys.exit(max(codes - {NO_TESTS} or {NO_TESTS}))
