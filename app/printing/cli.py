"""`flask pdf`: the work of the worker on PDFs, done at once."""

import click
from flask.cli import with_appcontext

from app.printing.pdf import make_next
from app.printing.renditions import not_as_they_should_be


@click.command()
@with_appcontext
def pdf() -> None:
    """Make the PDFs that are missing or outdated, as the worker does, and end."""
    count = 0
    while make_next():
        count += 1
    failed = len(not_as_they_should_be())
    click.echo(f"PDFs made or compared: {count}; not made as they should be: {failed}")
