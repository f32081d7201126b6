"""The forms by which participants write."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SubmitField

from app.forms import AtMost, BodyField, ChoiceField, LineField, OnceForm, Renders, Required
from app.models import Message, Topic

NO_MESSAGE = _l("Write your message first.")


class TopicFields(OnceForm):
    """What a topic has besides its first message; fields stand, and errors are listed, in the order made."""

    title = LineField(
        _l("Title of the topic"),
        validators=[Required(_l("Give the topic a title.")), AtMost(Topic.MAX_TITLE)],
    )
    question = ChoiceField(_l("Guiding question"), coerce=int)

    @property
    def topic(self) -> dict[str, Any]:
        """What the action takes besides the message."""
        return {"title": self.title.data, "question": self.question.data}


class MessageForm(OnceForm):
    body = BodyField(
        _l("Your message"),
        validators=[Required(NO_MESSAGE), AtMost(Message.MAX_BODY), Renders(else_empty=NO_MESSAGE)],
    )
    language = ChoiceField(_l("Language of your message"))
    on_behalf_of = LineField(_l("On behalf of (optional)"), validators=[AtMost(Message.MAX_ON_BEHALF_OF)])
    preview = SubmitField(_l("Preview"))

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
