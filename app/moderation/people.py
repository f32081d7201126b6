"""Moderating people: suspending an account, lifting that, and withholding everything that a person has posted.

Each is called inside a transaction and raises AlreadyDecided where there is nothing to do.
"""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.audit import Change, changed, record
from app.auth import sign_in
from app.auth.account import require_other
from app.auth.emails import address_for, write_to
from app.citations import cited_in_reason, with_citations
from app.database import utcnow
from app.errors import AlreadyDecided, Refused
from app.languages import language_or_default
from app.markup import CITED
from app.models import User
from app.moderation.messages import Reason, withhold_all

NOT_ONESELF = _l("This is your own account. Ask another administrator to do it.")


def suspend(user: User, reason: Reason, viewer: User, *, withholds: bool) -> int:
    """End all sessions of a person and block sign-in to the account; the person is notified by email.

    Returns how many of their messages it `withholds`. Raises Refused for oneself, and LastAdministrator.
    """
    require_other(user, viewer, NOT_ONESELF)
    if user.suspended_at:
        raise AlreadyDecided
    told = text_for(user, reason)
    user.suspended_at, user.suspended_for, user.suspended_cited = utcnow(), told, cited_in_reason(told)
    sign_in.end_others(user, "")
    record(viewer, "suspend", "users", user, _why(told))
    withheld = withhold_all(user, reason, viewer, told=False)[0] if withholds else 0
    write_to(user, "suspended", reason=with_citations(reason, None), withheld=withheld)
    return withheld


def reinstate(user: User, reason: Reason, viewer: User) -> None:
    """Let a person sign in again, who is told by mail."""
    if not user.suspended_at:
        raise AlreadyDecided
    user.suspended_at, user.suspended_for, user.suspended_cited = None, "", ""
    record(viewer, "reinstate", "users", user, _why(text_for(viewer, reason)))
    write_to(user, "reinstated", sign_in=address_for(user, "auth.sign_in"))


def withhold_everything(user: User, reason: Reason, viewer: User) -> int:
    """Withhold all messages of a person, as far as the viewer can, and return how many. Raises Refused where none
    can be withheld."""
    withheld, left = withhold_all(user, reason, viewer)
    if not withheld:
        raise Refused(_("None of their messages can be withheld.")) if left else AlreadyDecided
    return withheld


def text_for(user: User, reason: Reason) -> str:
    """A reason in a person's language, or in the next best."""
    return reason.get(language_or_default(user.language).code) or next(iter(reason.values()))


def _why(reason: str) -> list[Change]:
    """What the log keeps of a reason, with the numbers of the messages that it cites."""
    cited = cited_in_reason(reason)
    return [{**change, CITED: cited} if cited else change for change in changed("reason", "", reason)]
