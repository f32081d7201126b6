"""What all forms share: cleaned fields, validators with messages in the reader's language, one-time keys."""

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, request
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError

from app.errors import TooIntricate
from app.extensions import csrf
from app.markup import render, text_of
from app.plain import is_blank, plain, plain_line


def register(app: Flask) -> None:
    """Whatever sends something has to carry the token of a form; what only reads is not looked at."""

    @app.before_request
    def require_token() -> None:
        if request.method in app.config["WTF_CSRF_METHODS"] and app.config["WTF_CSRF_ENABLED"]:
            csrf.protect()


class Form(FlaskForm):
    """A form whose errors can be listed, each with the id of the field to go to."""

    class Meta:
        locales = ()

    def __init__(self, **given: Any) -> None:
        """Takes only what a form sends as text: a file or JSON in place of a text counts as nothing."""
        super().__init__(**{"formdata": request.form if self.is_submitted() else None, **given})

    def named(self, name: str) -> None:
        """Put a name before the ids of its fields, for a page that has several forms."""
        for field in self:
            field.id = field.label.field_id = f"{name}-{field.id}"

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """`(id of the field, message)` of every error, in the order of the fields."""
        return [(field.id, str(field.errors[0])) for field in self if field.errors and field.type != "CSRFTokenField"]


class OnceForm(Form):
    """A form that makes something: its key lets the action tell a form that was sent twice."""

    submission = HiddenField(default=lambda: secrets.token_hex(16))


class LineField(StringField):
    """One line of text, without control characters and direction overrides; empty where nothing could be seen."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, filters=[_cleaned(plain_line)], **kwargs)


class BodyField(TextAreaField):
    """Several lines, with Unix line ends and without control characters; empty where nothing could be seen."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, filters=[_cleaned(plain)], **kwargs)


def not_offered(label: Any) -> dict[str, Any]:
    """What fields with choices say of anything else."""
    message = _l("For “%(label)s”, please choose one of those that are offered.", label=label)
    return {"invalid_value_message": message, "invalid_choice_message": message}


class ChoiceField(SelectField):
    """One of the choices that `offer` has set."""

    def __init__(self, label: Any, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, **not_offered(label), **kwargs)

    def offer(self, choices: Sequence[tuple[Any, ...]]) -> None:
        """Offer these values with their labels, and attributes of the option where it has some, in this order."""
        self.choices = list(choices)


class Required(InputRequired):
    """Something other than white space has to be there."""

    def __call__(self, form: Any, field: Any) -> None:
        if not (field.data.strip() if isinstance(field.data, str) else field.data):
            field.errors[:] = []
            raise StopValidation(str(self.message or _l("Please fill in this field.")))


class AtMost(Length):
    """At most `most` characters, with a message that names both lengths. What is longer is looked at no further."""

    def __init__(self, most: int) -> None:
        super().__init__(max=most)

    def __call__(self, form: Any, field: Any) -> None:
        length = len(field.data or "")
        if length > self.max:
            raise StopValidation(
                str(
                    _l(
                        "This has %(length)s characters, and at most %(most)s are possible. Please shorten it.",
                        length=length,
                        most=self.max,
                    )
                )
            )


class Renders:
    """The Markdown can be rendered in good time; with `else_empty`, the message otherwise, leaves something to read."""

    def __init__(self, else_empty: LazyString | None = None) -> None:
        self.else_empty = else_empty

    def __call__(self, form: Any, field: Any) -> None:
        try:
            html = render(field.data or "")
        except TooIntricate as error:
            raise ValidationError(str(error.message)) from error
        if self.else_empty and is_blank(text_of(html)):
            raise ValidationError(str(self.else_empty))


def _cleaned(clean: Callable[[str], str]) -> Callable[[Any], Any]:
    def clean_or_empty(typed: Any) -> Any:
        if not isinstance(typed, str):
            return typed
        text = clean(typed)
        return "" if is_blank(text) else text

    return clean_or_empty
