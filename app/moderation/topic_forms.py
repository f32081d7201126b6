"""Forms for acts on topics. Each has a reason, and the version of the topic that the moderator was shown."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField
from wtforms.validators import ValidationError

from app.addresses import LARGEST_KEY
from app.forms import AtMost, ChoiceField, LineField, OnceForm, Required, VersionedForm, not_offered
from app.languages import site_languages, text_in
from app.models import Forum, Topic
from app.moderation.forms import ReasonForm

MOST_AT_ONCE = 500
LONGEST_LIST = 2_000
LONGEST_ADDRESS = 300
TOPIC_ADDRESS = re.compile(r"(?:\S*/topics/)?(\d{1,10})(?:[/?#]\S*)?", re.ASCII)
NUMBERS = re.compile(r"(?:#?\d{1,10}(?:[\s,;]+|$))*", re.ASCII)

MESSAGES = _l("Messages")

Place = tuple[int, int | None]  # the keys of a group and of one of its questions


def _place(value: Any) -> Place:
    """The keys in a value such as `12-3`; 0 means no question. Raises ValueError for anything else."""
    if isinstance(value, tuple):
        return value
    group, question = value.split("-")
    return int(group), int(question) or None


def _number(value: Any) -> int:
    number = int(value)
    if not 0 < number <= LARGEST_KEY:
        raise ValueError(value)
    return number


class TitleFields(OnceForm):
    title = LineField(
        _l("Title of the topic"),
        validators=[Required(_l("Give the topic a title.")), AtMost(Topic.MAX_TITLE)],
    )
    language = ChoiceField(_l("Language of the title"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.language.offer([(code, language.name) for code, language in site_languages().items()])

    @property
    def titled(self) -> dict[str, str]:
        """The arguments of the actions."""
        return {"title": self.title.data or "", "language": self.language.data}


class PlaceFields(OnceForm):
    place = ChoiceField(_l("Group and guiding question"), coerce=_place)

    def offer_places(self, forum: Forum) -> None:
        """Offer every group of the forum with its questions."""
        offered: dict[str, list[tuple[Any, ...]]] = {}
        for group in forum.groups:
            text = text_in(group)
            label = _("Group %(number)s: %(title)s", number=group.number, title=text.title if text else "")
            offered[label] = [(f"{group.id}-0", _("Under no question"))]
            for question in group.questions:
                asked = text_in(question)
                words, attributes = (asked.text, {"lang": asked.language, "dir": "auto"}) if asked else ("", {})
                offered[label].append((f"{group.id}-{question.id}", f"{question.number}. {words}", attributes))
        self.place.choices = offered


class MessagesFields(OnceForm):
    """Messages of a topic: those ticked on the page, and others by their number."""

    messages = SelectMultipleField(MESSAGES, coerce=_number, validate_choice=False, **not_offered(MESSAGES))
    further = LineField(_l("Further messages, by number (optional)"), validators=[AtMost(LONGEST_LIST)])

    @property
    def numbers(self) -> frozenset[int]:
        typed = re.findall(r"\d{1,10}", self.further.data or "", re.ASCII)
        return frozenset(self.messages.data or ()) | frozenset(int(number) for number in typed)

    def is_ticked(self, number: int) -> bool:
        return number in (self.messages.data or ())

    def validate_messages(self, field: Any) -> None:
        if not self.numbers:
            raise ValidationError(_("Choose at least one message."))
        if len(self.numbers) > MOST_AT_ONCE:
            raise ValidationError(_("At most %(most)s messages can be moved at once.", most=MOST_AT_ONCE))

    def validate_further(self, field: Any) -> None:
        if not NUMBERS.fullmatch(field.data or "") or any(number > LARGEST_KEY for number in self.numbers):
            raise ValidationError(_("Write the numbers of messages with commas between them, such as 12, 15."))


class TargetFields(OnceForm):
    target = LineField(
        _l("The other topic"),
        validators=[Required(_l("Write the address or the number of the other topic.")), AtMost(LONGEST_ADDRESS)],
    )

    @property
    def target_id(self) -> int:
        """The number that was typed or is in the address, or 0."""
        found = TOPIC_ADDRESS.fullmatch(self.target.data or "")
        return int(found[1]) if found else 0

    def validate_target(self, field: Any) -> None:
        if not 0 < self.target_id <= LARGEST_KEY:
            raise ValidationError(_("This is no address of a topic. Please copy it from the page of that topic."))


class ActForm(ReasonForm, VersionedForm):
    """An act on a topic that needs only a reason."""

    NO_REASON = _l("Choose a reason, or write one. The public record shows it.")

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """In the order of the fields on the page, where the reason is last."""
        return sorted(super().error_list, key=lambda error: error[0] in {self.listed.id, self.words.id})


class StoredTitleForm(TitleFields, VersionedForm):
    pass


class StoredPlaceForm(PlaceFields, VersionedForm):
    pass


class RetitleForm(TitleFields, ActForm):
    pass


class RefileForm(PlaceFields, ActForm):
    pass


class MoveForm(MessagesFields, TargetFields, ActForm):
    pass


class SplitForm(MessagesFields, TitleFields, PlaceFields, ActForm):
    pass


class MergeForm(TargetFields, ActForm):
    pass
