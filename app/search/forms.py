"""What a search looks for: words, and what the texts have to be. The address says all of it."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import ValidationError

from app import labels
from app.bounds import LONGEST_ADDRESS
from app.forms import AtMost, ChoiceField, DayField, InnerForm, LineField
from app.languages import reader_language, site_languages, text_in
from app.models import Forum, Group, Question, User
from app.search.queries import Filters
from app.search.tokens import words_of
from app.search.words import LONGEST, MOST_WORDS, Search, named, understood

LONGEST_TITLE = 90  # characters of a title in a list
BEST, NEWEST = "", "newest"


class WordsField(LineField):
    """Words of any length come back to be shortened: the address of a page bounds them."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.longest = LONGEST_ADDRESS


class SearchForm(InnerForm):
    q = WordsField(_l("Words"), [AtMost(LONGEST)], render_kw={"type": "search"})
    order = ChoiceField(_l("Order"), coerce=lambda value: value or None)
    forum = ChoiceField(_l("Forum"), coerce=lambda value: value or None)
    group = ChoiceField(_l("Discussion group"), coerce=lambda value: value or None)
    question = ChoiceField(_l("Guiding question"), coerce=lambda value: value or None)
    author = LineField(_l("Author"), [AtMost(User.MAX_NAME)])
    state = ChoiceField(_l("Party or Government"), coerce=lambda value: value or None)
    capacity = ChoiceField(_l("Capacity"), coerce=lambda value: value or None)
    organization = LineField(_l("Organization"), [AtMost(User.MAX_ORGANIZATION)])
    language = ChoiceField(_l("Language"), coerce=lambda value: value or None)
    since = DayField(_l("From"))
    until = DayField(_l("Up to and including"))
    files = BooleanField(_l("Only with files"), false_values=("",))

    def __init__(self, asked: Any, forums: list[Forum], chosen: Forum | None) -> None:
        """`chosen` is the forum that is asked for, with its groups and questions."""
        super().__init__(formdata=asked)
        self.in_forum = chosen
        self.order.offer([(BEST, _("Most relevant first")), (NEWEST, _("Newest first"))])
        self.forum.offer(
            [("", _("The whole site")), *((one.slug, *_named(text_in(one), "short_title")) for one in forums)]
        )
        state = asked.get("state", "")[:2]
        is_known = reader_language().state_name(state) != state
        states = reader_language().states_in_order(state if is_known else "")
        self.state.offer([("", _("All Parties and Governments")), *states])
        self.capacity.offer([("", _("All capacities")), *labels.choices(labels.CAPACITY)])
        self.language.offer(
            [("", _("All languages")), *((code, one.name, {"lang": code}) for code, one in site_languages().items())]
        )
        if chosen:
            self._offer_places(chosen)
        else:
            del self.group, self.question
        if not asked.get("organization"):
            del self.organization

    def _offer_places(self, forum: Forum) -> None:
        self.groups = {str(group.number): group for group in forum.groups}
        self.questions = {f"{group.number}.{one.number}": one for group in forum.groups for one in group.questions}
        groups = ((key, *_named(text_in(one), "title", f"{key}. ")) for key, one in self.groups.items())
        questions = ((key, *_named(text_in(one), "text", f"{key} ")) for key, one in self.questions.items())
        self.group.offer([("", _("All groups")), *groups])
        self.question.offer([("", _("All questions")), *questions])

    def validate_q(self, field: Any) -> None:
        if understood(field.data or "").is_too_long:
            raise ValidationError(_("Please search for at most %(most)s words.", most=MOST_WORDS))
        if field.data and not self.search.has_words:
            if self.search.leaves_out:
                raise ValidationError(_("Please add a word to search for: a minus sign only leaves texts out."))
            raise ValidationError(_("Please enter at least one word or number to search for."))

    def validate_author(self, field: Any) -> None:
        if field.data and not any(words_of(field.data)):
            raise ValidationError(_("Please enter at least one word of the author’s name."))

    def validate_until(self, field: Any) -> None:
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("The last day is before the first day."))

    def refuse_as_cut(self) -> None:
        """Say that of the words only the beginning has come."""
        text = _(
            "Please search for at most %(most)s characters. Only the beginning of your text is shown.", most=LONGEST
        )
        self.q.errors = [text]

    @property
    def search(self) -> Search:
        found, author = understood(self.q.data or ""), named(words_of(self.author.data or ""))
        return found.also_by(author) if author.words else found

    @property
    def filters(self) -> Filters:
        return Filters(
            forum=self.in_forum,
            group=self._group,
            question=self._question,
            capacity=self.capacity.data or "",
            state=self.state.data or "",
            organization=(self.organization.data or "") if "organization" in self else "",
            language=self.language.data or "",
            since=self.since.data,
            until=self.until.data,
            with_files=bool(self.files.data),
        )

    @property
    def is_blank(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.q.data or self.author.data) and self.filters.is_empty

    @property
    def has_filters(self) -> bool:
        """Whether more is asked for than words."""
        return bool(self.author.data) or not self.filters.is_empty

    @property
    def whose(self) -> str:
        """Whose messages are listed, if no words are asked for; "" otherwise."""
        if self.q.data:
            return ""
        one = self._state_name or self.filters.organization or self.author.data
        return one or self._chosen(self.capacity)[0]

    @property
    def asked(self) -> list[tuple[str, str, str]]:
        """The filters in use: the label and the value of each, and the language of the value or ""."""
        fields = [field for field in self if field.name not in {"q", "files"} and field.data]
        files = [(self.files.label.text, "", "")] if self.files.data else []
        return [(field.label.text, *self._chosen(field)) for field in fields] + files

    @property
    def _state_name(self) -> str:
        return reader_language().state_name(self.state.data) if self.state.data else ""

    @staticmethod
    def _chosen(field: Any) -> tuple[str, str]:
        """The value of a field as it is shown, and its language or ""."""
        if isinstance(field, DayField):
            return reader_language().date(field.data), ""  # type: ignore[arg-type]
        if not isinstance(field, ChoiceField):
            return field.data, ""
        chosen = (choice for choice in field.choices or () if field.data and choice[0] == field.data)
        _value, label, attributes = (*next(chosen, ("", "")), {})[:3]
        return str(label), attributes.get("lang", "")

    @property
    def _group(self) -> Group | None:
        return self.groups.get(self.group.data) if "group" in self else None

    @property
    def _question(self) -> Question | None:
        return self.questions.get(self.question.data) if "question" in self else None


def _named(text: Any, field: str, before: str = "") -> tuple[str, dict[str, str]]:
    """A name in a list, with the language of its text."""
    name = getattr(text, field)
    if len(name) > LONGEST_TITLE:
        name = f"{name[:LONGEST_TITLE].rpartition(' ')[0]} …"
    return f"{before}{name}", {"lang": text.language} if text.language != reader_language().code else {}
