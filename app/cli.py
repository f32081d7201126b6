"""The commands of `flask`."""

from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy.exc import DBAPIError

from app import counters, stress
from app.attachments.cli import files
from app.auth.cli import users
from app.begin import begin
from app.database import utcnow
from app.extensions import transaction
from app.mail.worker import worker
from app.printing.archive_cli import archive
from app.printing.cli import pdf
from app.sample.load import Loaded, NotEmpty, load
from app.sample.people import describe, keep
from app.search.cli import complete, search


def register(app: Flask) -> None:
    for command in (
        sample,
        prepare,
        upgrade_command,
        begin_command,
        recount,
        stress_command,
        worker,
        users,
        files,
        pdf,
        archive,
        search,
    ):
        app.cli.add_command(command)


@click.command()
@with_appcontext
def sample() -> None:
    """Load the sample forums into a database without forums, and print how to sign in."""
    try:
        loaded = load(utcnow())
    except NotEmpty as error:
        raise click.ClickException(str(error)) from None
    _tell(loaded)


@click.command()
@click.option(
    "--accounts", type=click.Path(path_type=Path), required=True, help="Where to store the sample's accounts."
)
@with_appcontext
def prepare(accounts: Path) -> None:
    """Bring the database up to date, begin a new site and load the sample into it, and say how to sign in. Used by
    `make run`."""
    upgrade()
    complete()
    begin()
    try:
        loaded = load(utcnow(), keep=lambda made: keep(made, accounts))
    except NotEmpty:
        click.echo(
            f"The accounts of the sample are in {accounts}."
            if accounts.exists()
            else "Sign in with an account that you have created. To create one: make flask ARGS='users create --help'"
        )
    else:
        _tell(loaded)
        click.echo(f"Sign in with one of these accounts. They are not shown again, but are kept in {accounts}.")


@click.command("upgrade")
@with_appcontext
def upgrade_command() -> None:
    """Bring the database up to date, and begin a new site. Run by the web server's unit before it serves."""
    try:
        upgrade()
        complete()
        begin()
    except DBAPIError as error:
        raise click.ClickException(f"The database could not be brought up to date: {error.orig}") from None


@click.command("begin")
@with_appcontext
def begin_command() -> None:
    """Add home, portal, archive and reasons for moderation to a site without pages, forums and reasons."""
    click.echo(
        "The site has its first pages and reasons." if begin() else "Nothing was changed: the site has already begun."
    )


@click.command()
@with_appcontext
def recount() -> None:
    """Count the messages, participants and topics of forums, groups, questions and topics again; print corrections."""
    with transaction():
        differences = counters.recount()
    for kind, key, counter, was, now in differences:
        click.echo(f"{kind} {key}: {counter} was {was}, is now {now}.")
    click.echo(f"Counters corrected: {len(differences)}")


@click.command("stress")
@click.option("--topics", type=click.IntRange(1, 100_000), required=True, help="Number of topics to add.")
@click.option("--messages", type=click.IntRange(1, 10_000_000), required=True, help="Number of messages in all.")
@with_appcontext
def stress_command(topics: int, messages: int) -> None:
    """Fill the database for measurements: an open forum with topics and evenly distributed messages."""
    if messages < topics:
        raise click.UsageError("Each topic needs a message: --messages must not be smaller than --topics.")
    numbers = stress.fill(topics, messages, utcnow())
    click.echo(f"Added {messages} messages in the topics {numbers[0]} to {numbers[-1]}.")


def _tell(loaded: Loaded) -> None:
    click.echo(f"Loaded {loaded.forums} forums, {loaded.users} people and {loaded.messages} messages.")
    click.echo(describe(loaded.accounts))
