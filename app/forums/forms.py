"""The forms by which participants write."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SubmitField

from app.forms import AtMost, BodyField, ChoiceField, LineField, OnceForm, Renders, Required
from app.models import Message, Topic


class TitleFields(OnceForm):
    title = LineField(
        _l("Title of the topic"),
        validators=[Required(_l("Give the topic a title.")), AtMost(Topic.MAX_TITLE)],
    )


class TopicFields(TitleFields):
    """What a topic has besides its first message; fields stand, and errors are listed, in the order made."""

    question = ChoiceField(_l("Guiding question"), coerce=int)

    @property
    def topic(self) -> dict[str, Any]:
        """What the action takes besides the message."""
        return {"title": self.title.data, "question": self.question.data}


class MessageForm(OnceForm):
    body = BodyField(
        _l("Your message"),
        validators=[Required(_l("Write your message first.")), AtMost(Message.MAX_BODY), Renders()],
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


class EditForm(TitleFields, MessageForm):
    """With the title of a topic that nobody else has seen yet."""

    @property
    def new_title(self) -> str:
        """The title, "" where the form has none."""
        return self.title.data or "" if "title" in self else ""
