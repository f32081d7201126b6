"""`flask files`: maintenance of attached files from the command line."""

import click
from flask.cli import AppGroup

from app.attachments.queries import all_files
from app.storage import checksum, storage

SECONDS_TO_BE_SAFE = 60 * 60  # a younger file may belong to a transaction that has not committed its row yet
files = AppGroup("files", help="Maintain attached files.")


@files.command()
def tidy() -> None:
    """Delete files that belong to no message or document, such as a crash may leave."""
    stray = set(storage().keys(older_than=SECONDS_TO_BE_SAFE))
    stray -= {file.key for file in all_files()}
    for key in stray:
        storage().delete(key)
    unfinished = storage().drop_unfinished(older_than=SECONDS_TO_BE_SAFE)
    click.echo(f"Deleted {len(stray) + unfinished} files that belonged to no message or document.")


@files.command()
def check() -> None:
    """Compare every file with its checksum. Ends with an error if one is missing, has changed or cannot be read."""
    wrong = 0
    for number, name, key, sha256 in all_files():
        problem = _problem(key, sha256)
        if problem:
            click.echo(f"Attachment {number} ({name}) {problem}.")
            wrong += 1
    click.echo(f"Files that are missing, have changed or cannot be read: {wrong}")
    if wrong:
        raise click.exceptions.Exit(1)


def _problem(key: str, sha256: str) -> str:
    try:
        with storage().open(key) as file:
            return "" if checksum(file) == sha256 else "has changed"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
