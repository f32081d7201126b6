"""`make test`: prepares what the tests need, a browser included, and runs them on SQLite and then on PostgreSQL."""

import os
import shutil
import sys

from environment import PYTHON, TO_TEST, apt_install, prepare, run, say

DATABASES = ("sqlite", "postgresql")
# A process for each core. The tests of a module share what takes long to prepare, so one process runs them all.
IN_PARALLEL = ("-n", "auto", "--dist", "loadscope", "--no-loadscope-reorder")
NO_TESTS = 5  # pytest's exit status when none of the chosen tests runs on a database
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
codes = set()
for database in [name for name in DATABASES if f"--database={name}" in sys.argv] or DATABASES:
    say(f"Running the tests on {database}")
    tests = (PYTHON, "-m", "pytest", *IN_PARALLEL, *sys.argv[1:], f"--database={database}")
    codes.add(run(*tests, env=os.environ | {"CHROMIUM": browser}).returncode)
sys.exit(max(codes - {NO_TESTS} or {NO_TESTS}))
