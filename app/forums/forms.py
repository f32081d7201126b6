"""The forms by which participants write."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, SubmitField

from app.forms import AtMost, BodyField, LineField, OnceForm, Renders, Required
from app.models import Message, Topic


class TopicFields(OnceForm):
    """What a topic has besides its first message; fields stand, and errors are listed, in the order made."""

    title = LineField(
        _l("Title of the topic"),
        validators=[Required(_l("Give the topic a title.")), AtMost(Topic.MAX_TITLE)],
    )
    question = SelectField(_l("Guiding question"), coerce=int)

    def offer_questions(self, questions: list[tuple[int, str]]) -> None:
        """The group's questions, as `(number, text)`; 0 stands for a topic of one's own."""
        self.question.choices = questions


class MessageForm(OnceForm):
    body = BodyField(
        _l("Your message"),
        validators=[Required(_l("Write your message first.")), AtMost(Message.MAX_BODY), Renders()],
    )
    language = SelectField(_l("Language of your message"))
    on_behalf_of = LineField(_l("On behalf of (optional)"), validators=[AtMost(Message.MAX_ON_BEHALF_OF)])
    preview = SubmitField(_l("Preview"))

    def offer_languages(self, names: list[tuple[str, str]]) -> None:
        """The languages of the site, as `(code, name)`."""
        self.language.choices = names

    @property
    def message(self) -> dict[str, Any]:
        """What the actions take."""
        return {
            "body": (self.body.data or "").strip(),
            "language": self.language.data,
            "on_behalf_of": self.on_behalf_of.data,
        }


class TopicForm(TopicFields, MessageForm):
    pass
