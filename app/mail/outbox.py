"""Writing mails into the outbox, in the transaction that causes them; the worker sends them later.

A mail `<name>` is two templates, `mail/<name>.txt` and `mail/<name>.html`. The text template also holds
the subject, in a block of that name. Both see what the caller hands over, `language` (the recipient's)
and the site's globals, and nothing of the request or of who is asking.
"""

from flask import current_app

from app.extensions import db
from app.languages import Language, language_or_default, speaking
from app.mail.letters import is_one_address
from app.models import Mail
from app.plain import plain_line

MAX_SUBJECT = 300


def enqueue(name: str, /, *, recipient: str, language: str, user_id: int | None = None, **values: object) -> Mail:
    """Add the mail `<name>` to the caller's transaction; neither flushes nor commits.

    `language` is the code of the recipient's language; one that the site has no more gives way to the
    site's default. `user_id` says whose mail it is, so that it goes when that account is deleted. `values`
    fill the templates; addresses among them are absolute. Raises ValueError where the recipient is not one
    plain e-mail address.
    """
    if not is_one_address(recipient):
        raise ValueError("a mail goes to exactly one e-mail address")
    spoken = language_or_default(language)
    with speaking(spoken):
        subject, text, html = _render(name, spoken, values)
    mail = Mail(user_id=user_id, recipient=recipient, language=spoken.code, subject=subject, text=text, html=html)
    db.session.add(mail)
    return mail


def _render(name: str, language: Language, values: dict[str, object]) -> tuple[str, str, str]:
    """`(subject, text, HTML)`. The environment is used directly, so that no page's context slips in; it escapes in
    HTML alone, so that an apostrophe in a name stays one in plain text."""
    known = {"language": language, **values}
    template = current_app.jinja_env.get_template(f"mail/{name}.txt")
    subject = plain_line("".join(template.blocks["subject"](template.new_context(known))))[:MAX_SUBJECT]
    text = template.render(known).strip() + "\n"
    html = current_app.jinja_env.get_template(f"mail/{name}.html").render(known, subject=subject)
    return subject, text, html
