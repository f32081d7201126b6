"""Refusals when a limit is used up, and when people can try again."""

from datetime import UTC, datetime

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.errors import ForumError
from app.languages import reader_language

SECONDS_OF_A_MINUTE = 60
MINUTES_OF_AN_HOUR = 60


class TooManyAttempts(ForumError):
    """`until` is when the person can try again; `reason` is a whole sentence that says why they cannot now."""

    status = 429
    form_can_be_sent_again = True
    reason = _l("This form has been sent too many times in a short time.")

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.retry_after = max(int((until - datetime.now(UTC)).total_seconds()), 1)
        self.message: object = f"{self.reason} {try_again(until, self.retry_after)}"


class TooManyPasswords(TooManyAttempts):
    """The same for an address with an account and for one without."""

    reason = _l("Too many wrong passwords have been entered for this account or from your network.")
    ways = (("auth.forgot", _l("If you do not want to wait, ask us to email you a link to choose a new password")),)


class TooManyCodes(TooManyAttempts):
    reason = _l("Too many wrong codes have been entered for this account.")
    ways = (
        (
            "auth.forgot",
            _l("If it was not you, someone knows your password: ask us to email you a link to choose a new one"),
        ),
    )


def try_again(until: datetime, seconds_left: int) -> str:
    """When something can be done again, as a sentence in the reader's language."""
    minutes = -(-seconds_left // SECONDS_OF_A_MINUTE)
    clock = reader_language().patterns.time.format(h=until.hour, n=until.minute)
    if minutes < MINUTES_OF_AN_HOUR:
        return ngettext(
            "Please try again in %(num)s minute, at %(clock)s.",
            "Please try again in %(num)s minutes, at %(clock)s.",
            minutes,
            clock=clock,
        )
    return ngettext(
        "Please try again in about %(num)s hour, at %(clock)s.",
        "Please try again in about %(num)s hours, at %(clock)s.",
        round(minutes / MINUTES_OF_AN_HOUR),
        clock=clock,
    )
