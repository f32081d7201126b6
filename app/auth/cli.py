"""`flask users`: managing accounts from the command line."""

import secrets
import sys
from functools import partial

import click
from flask import current_app
from flask.cli import AppGroup

from app.auth.account import create_confirmed
from app.auth.emails import normal_email
from app.auth.leaving import author_without_account, erase_without_account, moderator_without_account
from app.auth.passwords import weakness
from app.auth.second_step import remove
from app.errors import AddressTaken, NotFound
from app.extensions import db
from app.languages import site_default, site_languages
from app.models import Capacity, User
from app.plain import is_blank

users = AppGroup("users", help="Manage accounts.")


@users.command()
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--admin", is_flag=True, help="Make an administrator.")
@click.option("--capacity", type=click.Choice([capacity.value for capacity in Capacity]))
@click.option("--language", help="Code of the language for emails; the site's default if left out.")
def create(email: str, name: str, admin: bool, capacity: str | None, language: str | None) -> None:
    """Make a confirmed account.

    The password is read from standard input. On a terminal, or if there is nothing to read, one is made and printed.
    Administrators speak for the Secretariat, and others as experts, unless --capacity says otherwise.
    """
    address = normal_email(email)
    if address is None or is_blank(name) or len(name.strip()) > User.MAX_NAME:
        raise click.BadParameter(f"Enter a full email address, and a name of at most {User.MAX_NAME} characters.")
    if language is not None and language not in site_languages():
        raise click.BadParameter(f"The languages of this site are {', '.join(site_languages())}.")
    given = _password_given(address)
    password = given or secrets.token_urlsafe(12)
    profile = {
        "name": name.strip(),
        "capacity": capacity or (Capacity.SECRETARIAT if admin else Capacity.EXPERT),
        "language": language or site_default().code,
        "is_admin": admin,
    }
    try:
        create_confirmed(profile, email=address, password=password)
    except AddressTaken:
        raise click.ClickException(f"{address} already has an account. Nothing was changed.") from None
    click.echo(f"Created {'administrator' if admin else 'participant'} {address}.")
    if not given:
        click.echo(f"Password (shown only once): {password}")


@users.command("remove-second-step")
@click.option("--email", required=True)
def remove_second_step(email: str) -> None:
    """Let someone who has lost the device and the recovery codes sign in with the password alone.

    First make sure that it is really this person who asks. The log records it, and the person is told by email.
    """
    try:
        remove(normal_email(email) or "")
    except NotFound:
        raise click.ClickException(
            f"{email} has no account, or has not set up two-step sign-in. Nothing was changed."
        ) from None
    click.echo(f"Two-step sign-in of {email} has been turned off, and all their sessions have been ended.")


@users.command()
@click.option("--message", type=int, help="Number of a message with the words of the person.")
@click.option("--moderator", help="Name of a moderator whom a loaded forum names, even without messages.")
@click.option("--typed-by", is_flag=True, help="Erase the person who typed this message for someone else.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(message: int | None, moderator: str | None, typed_by: bool, yes: bool) -> None:
    """Erase someone who has no account, but a name in a forum that was loaded from its archive, or wrote by letter.

    The messages remain, by a former participant with a number, as when an account is deleted. Of a message that was
    typed for someone else, this other person is erased, in all messages that were typed for the same name.
    """
    if message is not None and moderator is None:
        find = partial(author_without_account, message, typed=typed_by)
        refusal = f"Message {message} is not by someone without an account."
        done = "The messages of {} are now those of former participant {}."
    elif moderator is not None and message is None and not typed_by:
        find, done = partial(moderator_without_account, moderator), "{} is now former participant {}."
        refusal = f"No moderator without an account has the name {moderator}."
    else:
        raise click.UsageError("Give either --message, with or without --typed-by, or --moderator.")
    try:
        user = find()
        name = f"{user.title} {user.name}".strip()
        db.session.rollback()  # keeps no connection to the database while it asks
        if not yes:
            click.confirm(f"The name of {name} will be lost for good. Go on?", abort=True)
        number = erase_without_account(find)
    except NotFound:
        raise click.ClickException(
            f"{refusal} Accounts are deleted in the administration. Nothing was changed."
        ) from None
    click.echo(done.format(name, number))


def _password_given(email: str) -> str:
    """The password from standard input, "" if there is none. Raises ClickException for a weak one."""
    password = "" if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    reason = weakness(password, email=email, site_name=current_app.config["SITE"].site_name) if password else None
    if reason:
        raise click.ClickException(str(reason))
    return password
