"""Fields and forms that the administration shares."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Field, IntegerField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput

from app.errors import Refused
from app.forms import NOT_OFFERED, Form

NO_DATE = _l("Please give a date, such as 2026-12-31.")
NO_NUMBER = _l("Please give a whole number, such as 3.")
YEARS = range(1945, 2200)
T = TypeVar("T")


class ChoicesField(SelectMultipleField):
    """Any number of the choices, by key; shown as check boxes."""

    option_widget = CheckboxInput()

    def __init__(self, label: Any, coerce: Callable[[Any], Any] = int, **kwargs: Any) -> None:
        super().__init__(label, coerce=coerce, **NOT_OFFERED, **kwargs)

    def offer(self, choices: Sequence[tuple[Any, Any]]) -> None:
        """Offer these keys with their labels, in this order."""
        self.choices = list(choices)


class NumberField(IntegerField):
    def __init__(self, label: Any, validators: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("invalid_value_message", NO_NUMBER)
        super().__init__(label, validators, **kwargs)


class DayField(DateField):
    """A date, which may be left out."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        kwargs.setdefault("invalid_value_message", NO_DATE)
        super().__init__(label, **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        if any(valuelist):
            super().process_formdata(valuelist)
            check_year(self.data, NO_DATE)
        else:
            self.data = None


class MomentField(Field):
    """A date and a time of day in UTC, typed in two inputs of the same name: first the date, then the time."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        try:
            typed = datetime.strptime(" ".join(valuelist)[:16], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        except ValueError as error:
            raise ValueError(self._what_is_needed()) from error
        check_year(typed, self._what_is_needed())
        self.data = typed

    def _what_is_needed(self) -> str:
        label = self.label.text
        return _("Please give a date and a time for “%(label)s”, such as 2026-12-31 and 23:00.", label=label)

    def parts(self) -> tuple[str, str]:
        """What the two inputs show: what was typed, else the date and time of the moment."""
        if self.raw_data:
            return self.raw_data[0], (*self.raw_data, "")[1]
        return (f"{self.data:%Y-%m-%d}", f"{self.data:%H:%M}") if self.data else ("", "")


class Between:
    """A number from `low` to `high`, both included."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def __call__(self, form: Any, field: Any) -> None:
        if field.data is None and not field.errors:
            raise ValidationError(str(NO_NUMBER))
        if field.data is not None and not self.low <= field.data <= self.high:
            message = _l("Please give a whole number from %(low)s to %(high)s.", low=self.low, high=self.high)
            raise ValidationError(str(message))


def check_year(day: date | None, message: Any) -> None:
    """Raise ValueError where the year is none that a calendar of ours reaches."""
    if day is not None and day.year not in YEARS:
        raise ValueError(message)


def carry_out(form: Form, action: Callable[[], T]) -> T | None:
    """The result of the action if the form is sent and valid, else None.

    Where the action finds that a field breaks a rule, the form is given back with the reason beside that field.
    Raises Refused where the rule concerns no field of the form.
    """
    if not form.validate_on_submit():
        return None
    try:
        return action()
    except Refused as refusal:
        if refusal.field not in form:
            raise
        form[refusal.field].errors = [refusal.message]
        return None
