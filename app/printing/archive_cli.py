"""`flask archive`: making and checking the archives of forums."""

from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app.addresses import absolute, link_in
from app.errors import Refused
from app.extensions import db
from app.languages import site_default
from app.models import Forum
from app.printing.archive import StillChanging, copy, make
from app.printing.archive_check import faults
from app.printing.contributions import VERSION
from app.storage import is_full

PAGES_BETWEEN = 100
archive = AppGroup("archive", help="Make and check the archives of forums.")


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
        why = "there is not enough room" if is_full(error) else error.strerror or str(error)
        raise click.ClickException(f"The archive could not be written: {why}. Nothing was changed.") from None
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


def _tell(count: int) -> None:
    if count % PAGES_BETWEEN == 0:
        click.echo(f"{count} pages read", err=True)
