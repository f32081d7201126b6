"""`flask worker`: the process that sends mails."""

import click
from flask import current_app
from flask.cli import with_appcontext

from app.mail.letters import sender_of
from app.mail.sending import carrier_for
from app.mail.worker import deliver_due, run, until_signalled


@click.command()
@click.option("--once", is_flag=True, help="Send what is due now, and end.")
@click.option("--quiet", is_flag=True, help="Print nothing about mails that were sent.")
@with_appcontext
def worker(once: bool, quiet: bool) -> None:
    """Send mails from the outbox, over SMTP (MAIL_URL) or into files of the instance folder."""
    site = current_app.config["SITE"]
    carrier, sender = carrier_for(site), sender_of(site)
    say = (lambda _text: None) if quiet else click.echo
    with until_signalled() as stopping:
        if once:
            deliver_due(carrier, sender, say=say, stopping=stopping)
        else:
            run(carrier, sender, say=say, stopping=stopping)
