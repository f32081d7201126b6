"""How often the forms of accounts can be sent, from one network address and for one e-mail address.

What counts is what could do harm: at sign-in what failed, at forms that send a mail what was done. So a
meeting whose participants share one network address, or somebody who has to correct a form, is not held up.
Each limit can be set anew by the configuration, under `LIMIT_` and its name in capitals.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request

from app.auth.emails import LONGEST, normal_email
from app.extensions import limiter
from app.plain import plain_line
from app.viewer import awaited_second_step, viewer

FAILED = 422
DONE = 302
LIMITS = {
    "sign_in_from_address": "50 per 10 minutes",
    "sign_in_to_account": "10 per 10 minutes",
    "sign_up_from_address": "60 per hour",
    "sign_up_to_account": "5 per hour",
    "mail_from_address": "30 per hour",
    "mail_to_account": "5 per hour",
    "password_from_address": "20 per 10 minutes",
    "password_of_person": "10 per 10 minutes; 50 per day",
    "second_step_from_address": "50 per 10 minutes",
    "second_step_of_person": "10 per 10 minutes; 50 per day",
    "email_change_of_person": "5 per hour",
}


def from_address(name: str, *, counts: int) -> Any:
    """Limit a form's POSTs with this status from one network address; a decorator."""
    return limiter.limit(_setting(f"{name}_from_address"), methods=["POST"], deduct_when=_has_status(counts))


def to_account(name: str, *, counts: int) -> Any:
    """Limit a form's POSTs with this status for one e-mail address, whether or not it has an account; a decorator."""
    limit = _setting(f"{name}_to_account")
    return limiter.limit(limit, methods=["POST"], key_func=_account, deduct_when=_has_status(counts))


def of_person(name: str, *, counts: int) -> Any:
    """Limit the POSTs with this status of somebody who is signed in, or has written the right password and is asked
    for a code: over all the forms with this name, from wherever they are sent; a decorator."""
    limit = _setting(f"{name}_of_person")
    deducts = _has_status(counts)
    return limiter.shared_limit(limit, name, methods=["POST"], key_func=_person, deduct_when=deducts)


def _setting(name: str) -> Callable[[], str]:
    return lambda: current_app.config.get(f"LIMIT_{name.upper()}", LIMITS[name])


def _account() -> str:
    typed = plain_line(request.form.get("email", ""), LONGEST)
    email = normal_email(typed) or typed.casefold()
    return f"account {hashlib.sha256(email.encode()).hexdigest()}"


def _person() -> str:
    return f"person {viewer().id or awaited_second_step()[0]}"


def _has_status(status: int) -> Callable[[Response], bool]:
    return lambda response: response.status_code == status
