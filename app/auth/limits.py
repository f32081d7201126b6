"""How often the forms of accounts can be sent.

No stranger can lock an owner out. Wrong passwords count for a network and an account together, for a network alone,
and, with a far higher limit, for an account over all networks. Browsers that have signed in to the account before have
only their own limit; from others, owners can get in by a link sent by email. Emails to an account have no limit at the
form: past the limit the answer is the same, and nothing is sent (see `app.auth.emails`).

Administrators lift a lock of sign-in: the attempts of that account are then counted anew.

Only what could do harm counts: a wrong password or code, an email sent. So a meeting whose participants share one
network, or a person who has to correct a form, is not held up. The amounts are in `app.limits`.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps

from flask import make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.auth import known_browsers
from app.auth.emails import LONGEST, find_by_email, normal_email
from app.errors import ForumError, NotTheirPassword, WrongCode, WrongCredentials
from app.extensions import limiter
from app.languages import reader_language
from app.limits import Limit, network_of
from app.models import SignUp, User
from app.plain import plain_identifier
from app.viewer import viewer

FAILED = 422
DONE = 302
SECONDS_OF_A_MINUTE = 60
MINUTES_OF_AN_HOUR = 60
View = Callable[..., ResponseReturnValue]


class TooManyAttempts(ForumError):
    """`until` is when the person can try again; `reason` is a whole sentence that says why they cannot now."""

    status = 429
    form_can_be_sent_again = True
    reason = _l("This form has been sent too many times in a short time.")

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.retry_after = max(int((until - datetime.now(UTC)).total_seconds()), 1)
        self.message: object = f"{self.reason} {_try_again(until, self.retry_after)}"


class TooManyPasswords(TooManyAttempts):
    """The same for an address with an account and for one without."""

    reason = _l("Too many wrong passwords have been entered for this account or from your network.")
    ways = (("auth.forgot", _l("If you do not want to wait, ask us to email you a link to choose a new password")),)


class TooManyCodes(TooManyAttempts):
    reason = _l("Too many wrong codes have been entered for this account.")
    ways = (
        (
            "auth.forgot",
            _l("If this was not you, someone knows your password: ask us to email you a link to choose a new one"),
        ),
    )


def emails() -> Callable[[View], View]:
    """A decorator that limits emails requested from one network; a known browser has a limit of its own."""

    def limits() -> list[Limit]:
        browser = known_browsers.known(_email())
        return [Limit("mails_of_browser", browser) if browser else Limit("mails_from_network", _network())]

    return _limited(limits, counts=DONE)


def per_person(name: str, *, counts: int) -> Callable[[View], View]:
    """A decorator that limits the POSTs of a signed-in person with this status, over all forms with this name."""
    return _limited(lambda: [Limit(f"{name}_of_person", str(viewer().id))] if viewer().id else [], counts=counts)


@contextmanager
def passwords(email: str) -> Iterator[None]:
    """Around a sign-in with this address. Raises TooManyPasswords; counts WrongCredentials."""
    email = email[: User.MAX_EMAIL]
    browser, network, account = known_browsers.known(email), _network(), _anew(_hashed(email), find_by_email(email))
    limits = [
        Limit("sign_in_from_network", network),
        Limit("sign_in_to_account_from_network", f"{network} {account}"),
        Limit("sign_in_to_account", account),
    ]
    if browser:
        limits = [Limit("sign_in_of_browser", f"{browser} {account}")]
    with _counting(limits, WrongCredentials, TooManyPasswords):
        yield


@contextmanager
def sign_ups(email: str) -> Iterator[None]:
    """Around a sign-up with this normal address, whether or not it has an account. Raises TooManyAttempts."""
    network = _network()
    limits = [
        Limit("sign_up_from_network", network),
        Limit("sign_up_to_account_from_network", f"{network} {_hashed(email)}"),
    ]
    if until := limiter.take(*limits):
        raise TooManyAttempts(until)
    yield


@contextmanager
def codes(user: User) -> Iterator[None]:
    """Around the second step of this person, who has entered the right password. Raises TooManyCodes; counts WrongCode.

    A person who knows the password is no stranger, but may be a thief. Known browsers share a limit of their own here
    too: a browser becomes known only by the second step or by a link from an email.
    """
    key = _anew(str(user.id), user)
    limits = [
        Limit("second_step_of_person_from_network", f"{_network()} {key}"),
        Limit("second_step_of_person", key),
    ]
    if known_browsers.known(user.email):
        limits = [Limit("second_step_of_known_browsers", key)]
    with _counting(limits, WrongCode, TooManyCodes):
        yield


@contextmanager
def confirmations(sign_up: SignUp) -> Iterator[None]:
    """Around a confirmation by a link of this sign-up. Raises TooManyAttempts; counts NotTheirPassword."""
    limits = [Limit("confirmation_from_network", f"{_network()} {_hashed(sign_up.email)}")]
    with _counting(limits, NotTheirPassword, TooManyAttempts):
        yield


@contextmanager
def _counting(limits: list[Limit], counted: type[Exception], refusal: type[TooManyAttempts]) -> Iterator[None]:
    if until := limiter.take(*limits):
        raise refusal(until)
    is_counted = False
    try:
        yield
    except counted:
        is_counted = True
        raise
    finally:
        if not is_counted:
            limiter.give_back(*limits)


def _limited(limits: Callable[[], list[Limit]], *, counts: int) -> Callable[[View], View]:
    """Refuse POSTs to a view if a limit is used up, and count those that it answers with this status."""

    def decorate(view: View) -> View:
        @wraps(view)
        def limited(*args: object, **kwargs: object) -> ResponseReturnValue:
            if request.method != "POST":
                return view(*args, **kwargs)
            counted = limits()
            if until := limiter.take(*counted):
                raise TooManyAttempts(until)
            status = None
            try:
                response = make_response(view(*args, **kwargs))
                status = response.status_code
            finally:
                if status != counts:
                    limiter.give_back(*counted)
            return response

        return limited

    return decorate


def _network() -> str:
    return network_of(request.remote_addr)


def _email() -> str:
    """The address in the form, normalized if possible; one longer than any account's is cut."""
    typed = plain_identifier(request.form.get("email", ""), LONGEST)
    return normal_email(typed) or typed


def _anew(key: str, user: User | None) -> str:
    """The key of an account whose attempts are counted anew since a lock of it was lifted; the counts are in the memory
    of each worker or in Redis, and only the database is known to all."""
    return f"{key} {user.locks_lifted}" if user and user.locks_lifted else key


def _try_again(until: datetime, seconds_left: int) -> str:
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


def _hashed(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()
