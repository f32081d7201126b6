"""Choosing what the proceedings show; each choice is an address of its own."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import ValidationError

from app.forms import ChoiceField, DayField, InnerForm
from app.languages import reader_language, site_languages, text_in
from app.models import Group, Question
from app.printing.proceedings import Chosen

LONGEST_QUESTION = 80  # characters of its text in the list


class ChoiceForm(InnerForm):
    question = ChoiceField(_l("Guiding question"), coerce=lambda value: value or None)
    since = DayField(_l("From"))
    until = DayField(_l("Up to and including"))
    language = ChoiceField(_l("Messages"), coerce=lambda value: value or None)

    def __init__(self, asked: Any, groups: list[Group]) -> None:
        """The questions are those of these groups: `1.2` is question 2 of group 1."""
        super().__init__(formdata=asked)
        self.questions = {f"{group.number}.{one.number}": one for group in groups for one in group.questions}
        questions = ((key, *_name(key, one)) for key, one in self.questions.items())
        self.question.offer([("", _("All questions")), *questions])
        languages = site_languages().items()
        only = ((code, _("Only those written in: %(language)s", language=one.name)) for code, one in languages)
        self.language.offer([("", _("All, each in its original language")), *only])

    def validate_until(self, field: Any) -> None:
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("The last day is before the first day."))

    @property
    def chosen(self) -> Chosen:
        question = self.questions.get(self.question.data)
        return Chosen(question, self.since.data, self.until.data, self.language.data or "")

    def tell_empty(self) -> None:
        """Say at the days that nothing was posted on them."""
        field = self.until if self.until.data else self.since
        field.errors = [_("No messages were posted on these days.")]


def _name(key: str, question: Question) -> tuple[str, dict[str, str]]:
    """A question in the list, with the language of its text."""
    shown = text_in(question)
    text = shown.text
    if len(text) > LONGEST_QUESTION:
        text = text[:LONGEST_QUESTION].rpartition(" ")[0]
        text = f"{text.rpartition(' (')[0] if text.count('(') > text.count(')') else text} …"
    group, _dot, number = key.partition(".")
    name = _("Group %(group)s, question %(number)s: %(text)s", group=group, number=number, text=text)
    return name, {"lang": shown.language} if shown.language != reader_language().code else {}
