"""Continuing a form in another language: a button at its end sends what was typed to the same page in that language,
which shows the form again and does nothing else."""

from flask import g, request

FIELD = "continue_in"


def is_under_way() -> bool:
    """Whether this request only takes a form into another language: nothing is checked, counted or written."""
    return request.method == "POST" and FIELD in request.form


def leaves_passwords_behind() -> bool:
    """Whether passwords were sent, which no page gives back."""
    return any(value for name, value in request.form.items() if name.endswith("password"))


def leaves_files_behind() -> bool:
    """The same for files."""
    return any(file.filename for file in request.files.values())


def next_place() -> str:
    """The suffix of the ids of one more form on this page that can be continued: "" for the first one."""
    g.places_to_continue = places() + 1
    return f"-{places()}" if places() > 1 else ""


def places() -> int:
    """How many forms of this page, as far as it has been rendered, can be continued in another language."""
    return int(g.get("places_to_continue", 0))
