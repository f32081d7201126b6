"""Forms for acts on topics. Each has a reason, and the version of the topic that the moderator was shown."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField
from wtforms.validators import ValidationError

from app.addresses import LARGEST_KEY
from app.forms import AtMost, ChoiceField, IdentifierField, LineField, OnceForm, Required, VersionedForm, not_offered
from app.languages import site_languages, text_in
from app.models import Forum, Group, Question, Topic
from app.moderation.forms import ReasonForm, number_in
from app.moderation.topic_queries import find_target, find_targets, list_targets
from app.moderation.topics import Place

MOST_AT_ONCE = 500
LONGEST_LIST = 2_000
LONGEST_ADDRESS = 300
TOPIC_ADDRESS = re.compile(r"(?:\S*/topics/)?(\d{1,10})(?:[/?#]\S*)?", re.ASCII)
OFFERED_TOPIC = re.compile(r"(\d{1,10})\s+\N{EN DASH}\s.*")  # as `_label_of` begins
NUMBERS = re.compile(r"(?:#?\d{1,10}(?:[\s,;]+|$))*", re.ASCII)

MESSAGES = _l("Messages")
WHICH_QUESTION = _l("The two topics come under different questions. Choose where to place the merged topic.")

Choice = tuple[str, str, dict[str, str]]  # the value, the label, and the attributes of the option


def _place(value: Any) -> Place:
    """The keys in a value such as `12-3`; 0 means no question. Raises ValueError for anything else."""
    if isinstance(value, tuple):
        return value
    group, question = value.split("-")
    return int(group), int(question) or None


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
            questions = [_choice_of_place(group, question) for question in (None, *group.questions)]
            offered[_name_of(group)] = questions
        self.place.choices = offered


class MessagesFields(OnceForm):
    """Messages of a topic: those ticked on the page, and others by their number."""

    messages = SelectMultipleField(MESSAGES, coerce=number_in, validate_choice=False, **not_offered(MESSAGES))
    further = IdentifierField(_l("Further messages, by number (optional)"), validators=[AtMost(LONGEST_LIST)])

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
            raise ValidationError(_("No more than %(most)s messages can be moved at once.", most=MOST_AT_ONCE))

    def validate_further(self, field: Any) -> None:
        if not NUMBERS.fullmatch(field.data or "") or any(number > LARGEST_KEY for number in self.numbers):
            raise ValidationError(_("Enter the numbers of the messages separated by commas, for example 12, 15."))


class TargetFields(OnceForm):
    """Another topic: one of those offered by title, its number or address, or words of its title, for which the form
    then offers the topics `found`."""

    target = LineField(
        _l("The other topic"),
        validators=[Required(_l("Choose the other topic, or enter part of its title.")), AtMost(LONGEST_ADDRESS)],
    )
    found = ChoiceField(_l("Topics found"), coerce=number_in, validate_choice=False)

    def offer_topics(self, topic: Topic) -> None:
        """Offer other topics of the forum: by default the most recent ones, and those with the words that were sent."""
        self.offered = [_label_of(row) for row in list_targets(topic)]
        words = self.target.data or ""
        is_sought = words and not self._typed_number and len(words) <= LONGEST_ADDRESS
        rows = find_targets(topic, words) if is_sought else []
        self.found.offer([(row.id, label, attributes) for row in rows for label, attributes in [_label_of(row)]])

    @property
    def target_id(self) -> int:
        """The key of the chosen topic, or 0."""
        is_offered = self.found.data in [choice[0] for choice in self.found.choices or ()]
        return self._typed_number or (self.found.data if is_offered else 0)

    def validate_target(self, field: Any) -> None:
        if self._typed_number > LARGEST_KEY or (not self.target_id and not self.found.choices):
            raise ValidationError(_("No other topic of this forum has these words in its title."))
        if not self.target_id:
            raise ValidationError(_("Choose one of the topics found, or enter more of its title."))

    @property
    def _typed_number(self) -> int:
        typed = self.target.data or ""
        number = TOPIC_ADDRESS.fullmatch(typed) or OFFERED_TOPIC.fullmatch(typed)
        return int(number[1]) if number else 0


class ActForm(ReasonForm, VersionedForm):
    """An act on a topic that needs only a reason."""

    NO_REASON = _l("Select a reason or write one. It will be shown in the public record.")

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
    """`under` is asked only if the two topics stand under different questions."""

    under = ChoiceField(_l("Place of the merged topic"), coerce=_place, validate_choice=False)

    def offer_questions(self, topic: Topic) -> None:
        """Offer the places of the two topics, or remove the field if they do not differ in the question."""
        other = find_target(topic, self.target_id)
        if other is None or other.question_id == topic.question_id:
            del self.under
            return
        self.under.offer([_choice_of_place(one.group, one.question, is_whole=True) for one in (other, topic)])

    def validate_under(self, field: Any) -> None:
        if field.data not in [_place(choice[0]) for choice in field.choices]:
            raise ValidationError(str(WHICH_QUESTION))

    @property
    def chosen_place(self) -> Place | None:
        return self.under.data if "under" in self else None


def _name_of(group: Group) -> str:
    text = text_in(group)
    return _("Group %(number)s: %(title)s", number=group.number, title=text.title if text else "")


def _choice_of_place(group: Group, question: Question | None, *, is_whole: bool = False) -> Choice:
    """A place as a choice; `is_whole` if the label names the group too."""
    asked = text_in(question) if question else None
    label = f"{question.number}. {asked.text if asked else ''}" if question else _("Not under a guiding question")
    attributes = {"lang": asked.language, "dir": "auto"} if asked and not is_whole else {}
    return (
        f"{group.id}-{question.id if question else 0}",
        f"{_name_of(group)} – {label}" if is_whole else label,
        attributes,
    )


def _label_of(row: Any) -> tuple[str, dict[str, str]]:
    """A topic as a text to choose, which begins with its number, and the attributes of that text."""
    values = {"number": row.id, "title": row.title, "group": row.number}
    label = _("%(number)s – %(title)s (group %(group)s)", **values)
    return label, {"lang": row.language, "dir": "auto"}
