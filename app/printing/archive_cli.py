"""`flask archive`: making, checking and loading the archives of forums."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError

from app.addresses import absolute, link_in
from app.errors import Refused
from app.extensions import db
from app.languages import site_default
from app.models import Forum
from app.printing.archive import StillChanging, copy, make
from app.printing.archive_check import faults
from app.printing.archive_data import Unfit
from app.printing.archive_load import NotEmpty, load
from app.printing.contributions import VERSION
from app.storage import is_full

PAGES_BETWEEN = 100
archive = AppGroup("archive", help="Make, check and load the archives of forums.")


@archive.command("make")
@click.argument("forum")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Copy the archive to this file, too.")
def make_command(forum: str, output: Path | None) -> None:
    """Make the archive of FORUM, given by the name in its address, unless nothing public has changed since the last."""
    key = db.session.scalar(select(Forum.id).where(Forum.slug == forum))
    if key is None:
        raise click.ClickException(f"There is no forum with the name {forum} in its address.")
    try:
        edition, is_new = make(key, told=_tell)
        if output:
            copy(edition, output)
    except Refused as error:
        raise click.ClickException(str(error)) from None
    except StillChanging:
        raise click.ClickException("The forum was being changed. Nothing was made; please try again.") from None
    except OSError as error:
        raise click.ClickException(f"The archive could not be written: {_why(error)}. Nothing was changed.") from None
    click.echo(
        f"Edition {edition.number} was made."
        if is_new
        else f"Edition {edition.number} is up to date: nothing was made."
    )
    click.echo(f"{edition.size} bytes, SHA-256 {edition.sha256}")
    address = absolute(link_in(site_default().code, "printing.archive", forum_slug=forum))
    click.echo(f"It is in {output}." if output else f"It is given out at {address}")


@archive.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check that FILE is a whole archive in which nothing was changed. Ends with an error and names what differs."""
    found = 0
    for fault in faults(file, version=VERSION):
        click.echo(fault)
        found += 1
    if found:
        raise click.exceptions.Exit(1)
    click.echo("The archive is whole: every file is what its checksum says.")


@archive.command("load")
@click.argument("file", type=click.Path(path_type=Path))
def load_command(file: Path) -> None:
    """Load the archive FILE into a site without forums: the same forum, number for number, with the names of those who
    have written, but without their accounts."""
    try:
        with _ended_in_order():
            edition = load(file, told=lambda step: click.echo(f"{step} …", err=True))
    except (NotEmpty, Unfit) as error:
        raise click.ClickException(f"{error}\nNothing was changed.") from None
    except OSError as error:
        raise click.ClickException(f"The archive could not be loaded: {_why(error)}. Nothing was changed.") from None
    except OperationalError as error:
        raise click.ClickException(f"The database cannot be written: {error.orig}. Nothing was changed.") from None
    except (DBAPIError, OverflowError, ValueError) as error:
        why = error.orig if isinstance(error, DBAPIError) else error
        raise click.ClickException(f"The archive holds what cannot be stored: {why}. Nothing was changed.") from None
    slug = db.session.scalars(select(Forum.slug)).one()
    click.echo(f"Edition {edition.number} was loaded. SHA-256 {edition.sha256}")
    click.echo(f"The forum is at {absolute(link_in(site_default().code, 'forums.forum', forum_slug=slug))}")


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """In the block, a process that is asked to end leaves no file behind."""

    def end(_signal: int, _frame: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _why(error: OSError) -> str:
    return "there is not enough room" if is_full(error) else error.strerror or str(error)


def _tell(count: int) -> None:
    if count % PAGES_BETWEEN == 0:
        click.echo(f"{count} pages read", err=True)
