"""`make check`: style, types and catalogues. All checks run, even if one fails."""

import sys

from environment import PYTHON, TO_TEST, prepare, run, say

CHECKS = ("ruff check .", "ruff format --check .", "mypy app config.py", "tools.catalogues check")

prepare(TO_TEST)
failed = []
for check in CHECKS:
    say(f"$ {check}")
    if run(PYTHON, "-m", *check.split()).returncode:
        failed.append(check)
if failed:
    sys.exit(f"Failed: {'; '.join(failed)}")
