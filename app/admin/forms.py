"""Fields and forms that the administration shares."""

from datetime import UTC, date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from wtforms import DateField, Field, IntegerField
from wtforms.validators import ValidationError

from app.forms import bounded_choices
from app.models import last_second

NO_DATE = _l("Please give a date, such as 2026-12-31.")
YEARS = range(1945, 2200)


class NumberField(IntegerField):
    def __init__(self, label: Any, validators: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("invalid_value_message", _no_number(label))
        super().__init__(label, validators, **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.raw_data = bounded_choices(valuelist)
        super().process_formdata(self.raw_data)


class DayField(DateField):
    """A date, which may be left out."""

    def __init__(self, label: Any, **kwargs: Any) -> None:
        kwargs.setdefault("invalid_value_message", NO_DATE)
        super().__init__(label, **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.raw_data = bounded_choices(valuelist)
        if any(self.raw_data):
            super().process_formdata(self.raw_data)
            check_year(self.data, NO_DATE)
        else:
            self.data = None


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
        check_year(typed, self._what_is_needed())
        shown = self.object_data
        self.data = shown if shown and shown.replace(second=0, microsecond=0) == typed else self.whole(typed)

    def whole(self, minute: datetime) -> datetime:
        """The moment that a typed minute stands for: its first second."""
        return minute

    def _what_is_needed(self) -> str:
        label = self.label.text
        return _("Please give a date and a time for “%(label)s”, such as 2026-12-31 and 23:00.", label=label)

    def parts(self) -> tuple[str, str]:
        """What the two inputs show: what was typed, else the date and time of the moment."""
        if self.raw_data:
            return self.raw_data[0], (*self.raw_data, "")[1]
        return (f"{self.data:%Y-%m-%d}", f"{self.data:%H:%M}") if self.data else ("", "")


class LastMomentField(MomentField):
    """A deadline. Its minute is included as a whole, as readers take it who read it without seconds."""

    def whole(self, minute: datetime) -> datetime:
        return last_second(minute)


def _no_number(label: Any) -> LazyString:
    return _l("For “%(label)s”, please give a whole number, such as 3.", label=label)


class Between:
    """A number from `low` to `high`, both included."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def __call__(self, form: Any, field: Any) -> None:
        if field.data is None and not field.errors:
            raise ValidationError(str(_no_number(field.label.text)))
        if field.data is not None and not self.low <= field.data <= self.high:
            told = {"label": field.label.text, "low": self.low, "high": self.high}
            raise ValidationError(_("For “%(label)s”, please give a whole number from %(low)s to %(high)s.", **told))


def check_year(day: date | None, message: Any) -> None:
    """Raise ValueError where the year is none that a calendar of ours reaches."""
    if day is not None and day.year not in YEARS:
        raise ValueError(message)
