"""`make check`: style, types and catalogues. Everything is checked, also after something failed."""

from environment import PYTHON, TO_TEST, prepare, run, say, stop

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", "app", "config.py"),
    ("tools.catalogues", "check"),
)


def main() -> None:
    prepare(TO_TEST)
    failed = []
    for check in CHECKS:
        say(f"$ {' '.join(check)}")
        if run(PYTHON, "-m", *check).returncode:
            failed.append(" ".join(check))
    if failed:
        stop(f"Failed: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
