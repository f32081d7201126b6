"""`flask search`: the index of searches."""

import click
from flask.cli import AppGroup

from app.search import index

search = AppGroup("search", help="The index of searches.")


@search.command("rebuild")
def rebuild() -> None:
    """Build the whole index again, while the site stays in use."""
    click.echo(f"Texts in the index: {index.rebuild(tell)}")


@search.command("check")
def check() -> None:
    """Say whether the index is that of the texts; exit with 1 if it is not."""
    wrong = index.check(tell)
    click.echo(f"Texts that the index does not have as they are: {len(wrong)}")
    if wrong:
        raise click.ClickException("Run: flask search rebuild")


def complete() -> None:
    """Add what a site from before has."""
    if added := index.complete(tell):
        click.echo(f"Added to the index of searches: {added} texts.")


def tell(done: int, of_all: int) -> None:
    """Show how far it is, now and then."""
    if done == of_all or done % (20 * index.BATCH) == 0:
        click.echo(f"{done} of {of_all} texts", err=True)
