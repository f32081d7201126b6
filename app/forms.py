"""What forms share: fields whose text is cleaned, numbers and dates, validators with translated messages, versions and
one-time keys."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    Field,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms import HiddenField as AnyHiddenField
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError
from wtforms.widgets import CheckboxInput

from app import continuation
from app.errors import ChangedMeanwhile, ForumError, TooIntricate
from app.extensions import csrf
from app.markup import render, text_of
from app.models import last_second
from app.plain import is_blank, plain, plain_identifier, plain_line

# Cleaning makes one character of at most four (an omega with three combining marks). A text of more than four times the
# limit of its field would still be too long, so it is refused without cleaning.
TYPED_FOR_ONE = 4
LONGEST_GIVEN_BACK = 2**20  # in characters, of a text of several lines
LONGEST_HIDDEN = 200
LONGEST_CHOICE = 100
YEARS = range(1945, 2200)  # those that a calendar of ours reaches
NO_DATE = _l("Please enter a date, such as 2026-12-31.")
NOT_COMPARED = frozenset({"HiddenField", "VersionField", "CSRFTokenField"})
# The endpoints whose address has a token that takes its place: mail programs send their form by themselves.
WITHOUT_TOKEN = frozenset({"following.stop"})
T = TypeVar("T")


def register(app: Flask) -> None:
    """Require the token of a form in every request that changes something."""

    # Evaluated at first use, when all forms have been defined.
    app.extensions["texts_of_forms"] = cache(lambda: frozenset(_names_of_texts(Form)))

    @app.before_request
    def require_token() -> None:
        is_exempt = request.routing_exception is not None or request.endpoint in WITHOUT_TOKEN
        if app.config["WTF_CSRF_ENABLED"] and not is_exempt:
            csrf.protect()


class Form(FlaskForm):
    """A form with a list of its errors, each with the id of its field."""

    class Meta:
        locales = ()

    def __init__(self, **given: Any) -> None:
        """Reads form fields only: a file or JSON in place of a text counts as missing."""
        super().__init__(**{"formdata": request.form if self.is_submitted() else None, **given})

    def validate_on_submit(self, extra_validators: Any = None) -> bool:
        """Whether the form was sent to be carried out and is valid. One that is only taken into another language is
        shown as it is, without any error."""
        return not continuation.is_under_way() and bool(super().validate_on_submit(extra_validators))

    def named(self, name: str) -> None:
        """Prefix the ids of the fields with a name, for a page with several forms."""
        for field in self:
            field.id = field.label.field_id = f"{name}-{field.id}"

    is_outdated = False  # whether someone else has changed the object meanwhile

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows the form."""
        return 422 if self.errors else 409 if self.is_outdated else 200

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """`(id of the field, message)` of every error, in the order of the fields."""
        return [(field.id, str(field.errors[0])) for field in self if field.errors and field.type != "CSRFTokenField"]


class InnerForm(Form):
    """A form without a token: part of another, or one that changes nothing."""

    class Meta(Form.Meta):
        csrf = False


class WithInner(Form):
    """A form with others in it. Their errors are its own, and say in which form they are."""

    @property
    def inner(self) -> list[tuple[str, Form]]:
        """The forms in it, each with its name; none by default."""
        return []

    @property
    def errors(self) -> dict[str | None, Any]:
        return {**super().errors, **{name: form.errors for name, form in self.inner if form.errors}}

    @property
    def error_list(self) -> list[tuple[str, str]]:
        inner = [(id_, f"{name}{_(':')} {text}") for name, form in self.inner for id_, text in form.error_list]
        return [*super().error_list, *inner]


class HiddenField(AnyHiddenField):
    """A value that the page sends back. A longer one did not come from the page, and counts as empty."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata([value if len(value) <= LONGEST_HIDDEN else "" for value in valuelist[:1]])


class VersionField(HiddenField):
    """The version that the form showed; "" if it was sent without one."""

    data: str

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist or [""])


class OnceForm(Form):
    """A form that creates something. Its key shows the action whether the same form is sent twice."""

    submission = HiddenField(default=lambda: secrets.token_hex(16))


class VersionedForm(Form):
    """A form about an existing object, with the version of the object that was shown.

    With `formdata=None`, it shows what is stored, whatever was sent.
    """

    version = VersionField()
    overwrites = HiddenField()  # filled in once the page has said that the form would overwrite something newer

    def __init__(self, **source: Any) -> None:
        self.is_of_what_is_stored = "formdata" in source and source["formdata"] is None
        super().__init__(**source)

    def is_submitted(self) -> bool:
        return not self.is_of_what_is_stored and super().is_submitted()

    def tell_what_is_stored(self, stored: Form) -> None:
        """Mark the form as outdated, and show the stored value beside each field that differs.

        `stored` is the form with what is stored now. Sent again, this form overwrites that version.
        """
        self.is_outdated = True
        self.version.data, self.overwrites.data = stored["version"].data, "yes"
        tell_differences(self, stored)

    def shows(self, version: str) -> None:
        """Set the version that the page shows. A form shown again with an error keeps the version that was sent."""
        if self.is_outdated or not self.is_submitted():
            self.version.data = version


class LineField(StringField):
    """One line of text, without control characters and direction overrides; empty if nothing in it is visible."""

    clean = staticmethod(plain_line)

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        self.longest = longest_typed(validators)
        super().__init__(label, validators, filters=[_cleaned(self.clean, self.longest)], **kwargs)

    def _value(self) -> str:
        return str(super()._value())[: self.longest]  # type: ignore[misc]


class IdentifierField(LineField):
    """An email address or a code, without what copying it has added."""

    clean = staticmethod(plain_identifier)


class BodyField(TextAreaField):
    """Several lines, with Unix line ends and without control characters; empty if nothing in them is visible."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, filters=[_cleaned(plain, longest_typed(validators))], **kwargs)

    def _value(self) -> str:
        return str(super()._value())[:LONGEST_GIVEN_BACK]  # type: ignore[misc]


def not_offered(label: Any) -> dict[str, Any]:
    """The messages of fields with choices for any other value."""
    message = _l("Please select one of the options offered for “%(label)s”.", label=label)
    return {"invalid_value_message": message, "invalid_choice_message": message}


class ChoiceField(SelectField):
    """One of the choices set by `offer`."""

    def __init__(self, label: Any, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, **not_offered(label), **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(bounded_choices(valuelist))

    def offer(self, choices: Sequence[tuple[Any, ...]]) -> None:
        """Offer these choices, in this order: `(value, label)` or `(value, label, attributes of the option)`."""
        self.choices = list(choices)


class ChoicesField(SelectMultipleField):
    """Any number of the choices, by key; shown as check boxes."""

    option_widget = CheckboxInput()

    def __init__(self, label: Any, coerce: Callable[[Any], Any] = int, **kwargs: Any) -> None:
        super().__init__(label, coerce=coerce, **not_offered(label), **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(bounded_choices(valuelist))

    def offer(self, choices: Sequence[tuple[Any, Any]]) -> None:
        """Offer these keys with their labels, in this order."""
        self.choices = list(choices)


class NumberField(IntegerField):
    def __init__(self, label: Any, validators: Any = None, **kwargs: Any) -> None:
        kwargs["invalid_value_message"] = _no_number(label)
        super().__init__(label, validators, **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.raw_data = bounded_choices(valuelist)
        super().process_formdata(self.raw_data)


class DayField(DateField):
    """A date, which may be left out."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        kwargs["invalid_value_message"] = NO_DATE
        super().__init__(label, **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data, self.raw_data = None, bounded_choices(valuelist)
        if any(self.raw_data):
            super().process_formdata(self.raw_data)
            _check_year(self.data, NO_DATE)


class MomentField(Field):
    """A date and a time of day in UTC, typed in two inputs of the same name: first the date, then the time.

    A moment that is left as it was shown keeps its seconds, which the inputs do not show.
    """

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data, self.raw_data = None, bounded_choices(valuelist)
        try:
            typed = datetime.strptime(" ".join(self.raw_data)[:16], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        except ValueError as error:
            raise ValueError(self._what_is_needed()) from error
        _check_year(typed, self._what_is_needed())
        shown = self.object_data
        self.data = shown if shown and shown.replace(second=0, microsecond=0) == typed else self.whole(typed)

    def whole(self, minute: datetime) -> datetime:
        """The moment that a typed minute stands for: its first second."""
        return minute

    def _what_is_needed(self) -> str:
        label = self.label.text
        return _("Please enter a date and a time for “%(label)s”, such as 2026-12-31 and 23:00.", label=label)

    def parts(self) -> tuple[str, str]:
        """What the two inputs show: what was typed, else the date and time of the moment."""
        if self.raw_data:
            return self.raw_data[0], (*self.raw_data, "")[1]
        return (f"{self.data:%Y-%m-%d}", f"{self.data:%H:%M}") if self.data else ("", "")


class LastMomentField(MomentField):
    """A deadline. Its minute is included as a whole, as readers take it who read it without seconds."""

    def whole(self, minute: datetime) -> datetime:
        return last_second(minute)


class Required(InputRequired):
    """The field must contain something other than white space."""

    def __call__(self, form: Any, field: Any) -> None:
        if not (field.data.strip() if isinstance(field.data, str) else field.data):
            field.errors[:] = []
            raise StopValidation(str(self.message or _l("Please fill in this field.")))


class AtMost(Length):
    """At most `most` characters, with a message that gives both lengths. Longer texts are not validated further."""

    def __init__(self, most: int) -> None:
        super().__init__(max=most)

    def __call__(self, form: Any, field: Any) -> None:
        length = len(field.data or "")
        if length > self.max:
            raise StopValidation(
                str(
                    _l(
                        "This text has %(length)s characters; the maximum is %(most)s. Please shorten it.",
                        length=length,
                        most=self.max,
                    )
                )
            )


class Between:
    """A number from `low` to `high`, both included."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def __call__(self, form: Any, field: Any) -> None:
        if field.data is None and not field.errors:
            raise ValidationError(str(_no_number(field.label.text)))
        if field.data is not None and not self.low <= field.data <= self.high:
            told = {"label": field.label.text, "low": self.low, "high": self.high}
            raise ValidationError(_("For “%(label)s”, please enter a whole number from %(low)s to %(high)s.", **told))


def web_address(_form: Any, field: Any) -> None:
    """A validator: an http or https address, or nothing."""
    if field.data and not _is_web_address(field.data):
        raise ValidationError(_("Please enter a web address that begins with https:// or http://."))


class Renders:
    """The Markdown can be rendered in reasonable time and, if `else_empty` gives the message, is not empty then."""

    def __init__(self, else_empty: LazyString | None = None) -> None:
        self.else_empty = else_empty

    def __call__(self, form: Any, field: Any) -> None:
        try:
            html = render(field.data or "")
        except TooIntricate as error:
            raise ValidationError(str(error.message)) from error
        if self.else_empty and is_blank(text_of(html)):
            raise ValidationError(str(self.else_empty))


def carry_out(form: Form, action: Callable[[], T], stored: Callable[[], Form] | None = None) -> T | None:
    """The result of the action if the form was sent and is valid, otherwise None.

    If the action finds that a field breaks a rule, the error is shown at that field. If someone else has changed the
    object meanwhile, the form becomes outdated and shows what is stored, as the form that `stored` returns. Raises all
    other errors.
    """
    if not form.validate_on_submit():
        tell_again(form, stored)
        return None
    try:
        with told_at_its_field(form):
            return action()
    except ChangedMeanwhile:
        if not isinstance(form, VersionedForm):
            raise
        form.is_outdated = True
        if stored:
            form.tell_what_is_stored(stored())
    return None


def tell_again(form: Form, stored: Callable[[], Form] | None) -> None:
    """Show again what a form would overwrite, if its page has said so before: it comes back in another language, as a
    preview or with an error."""
    if stored and isinstance(form, VersionedForm) and form.is_submitted() and form.overwrites.data:
        form.tell_what_is_stored(stored())


def given_back(longest: int) -> str:
    """The text that an earlier page has given back unsaved, to copy from; each page that follows shows it again."""
    return plain(request.form.get("unsaved", ""), TYPED_FOR_ONE * longest)


def unsaved_text(form: Form, stored: Form, *names: str) -> str:
    """What was typed into a form that cannot be saved: the body, and what else differs from what is stored, by name."""
    differing = [name for name in names if name in form and form[name].data and form[name].data != stored[name].data]
    lines = [f"{form[name].label.text}{_(':')} {form[name].data}" for name in differing]
    return "\n\n".join([form["body"].data or "", *lines])


@contextmanager
def told_at_its_field(form: Form) -> Iterator[None]:
    """Show an error of the block at its field. Raises errors that concern no field of the form."""
    try:
        yield
    except ForumError as error:
        if error.field not in form:
            raise
        form[error.field].errors = [error.message]


def tell_differences(form: Form, stored: Form) -> None:
    """Set `stored`, the stored value as a text, on each field with another value."""
    for field in form:
        if field.short_name in stored and field.type not in NOT_COMPARED:
            now = stored[field.short_name]
            if _comparable(field.data) != _comparable(now.data):
                field.stored = told(now)


def told(field: Any) -> str:
    """The value of a field as a text for people; "" for none."""
    if hasattr(field, "parts"):  # a moment
        return f"{' '.join(field.parts())} UTC" if field.data else ""
    if isinstance(field, BooleanField):
        return _("yes") if field.data else _("no")
    if isinstance(field, SelectField | SelectMultipleField):
        chosen = field.data if isinstance(field.data, list) else [field.data]
        choices: Any = field.choices or ()
        if isinstance(choices, dict):  # in groups
            choices = [choice for group in choices.values() for choice in group]
        return ", ".join(str(choice[1]) for choice in choices if field.coerce(choice[0]) in chosen)
    return "" if field.data is None else str(field.data)


def _comparable(value: Any) -> Any:
    """The value for comparison: all empty values are equal, and the order of choices does not matter."""
    if isinstance(value, list):
        return frozenset(value)
    return value.strip() if isinstance(value, str) else value or ""


def bounded_choices(sent: Sequence[str]) -> list[str]:
    """The choices that were sent, each cut to a length that no choice has."""
    return [value[:LONGEST_CHOICE] for value in sent]


def longest_typed(validators: Sequence[Any] | None) -> int:
    """The largest number of characters of a field that are cleaned, from its AtMost, which every text field has."""
    [limit] = [one.max for one in validators or () if isinstance(one, AtMost)]
    return TYPED_FOR_ONE * int(limit)


def _check_year(day: date | None, message: Any) -> None:
    """Raise ValueError where the year is none that a calendar of ours reaches."""
    if day is not None and day.year not in YEARS:
        raise ValueError(message)


def _no_number(label: Any) -> LazyString:
    return _l("For “%(label)s”, please enter a whole number, such as 3.", label=label)


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not set(address) & set(' "<>\\')


def _names_of_texts(kind: type[Form]) -> Iterator[str]:
    """The names of all text fields in forms of this kind."""
    for name, field in vars(kind).items():
        if isinstance(field, UnboundField) and issubclass(field.field_class, LineField | BodyField):
            yield name
    for narrower in kind.__subclasses__():
        yield from _names_of_texts(narrower)


def _cleaned(clean: Callable[[str, int], str], longest: int) -> Callable[[Any], Any]:
    """A filter that cleans texts. Longer ones remain as they are and are refused by AtMost."""

    def clean_or_empty(typed: Any) -> Any:
        if not isinstance(typed, str) or len(typed) > longest:
            return typed
        text = clean(typed, longest)
        return "" if is_blank(text) else text

    return clean_or_empty
