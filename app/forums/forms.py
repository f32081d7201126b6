"""The forms by which participants write."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SubmitField

from app.admin.forms import ChoicesField
from app.attachments.forms import FilesField
from app.forms import AtMost, BodyField, ChoiceField, LineField, OnceForm, Renders, Required
from app.models import Message, Topic


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
        validators=[Required(_l("Write your message first.")), AtMost(Message.MAX_BODY), Renders()],
    )
    language = ChoiceField(_l("Language of your message"))
    on_behalf_of = LineField(_l("On behalf of (optional)"), validators=[AtMost(Message.MAX_ON_BEHALF_OF)])
    files = FilesField(_l("Attach files (optional)"))
    preview = SubmitField(_l("Preview"))

    def validate(self, extra_validators: object = None) -> bool:
        valid = super().validate(extra_validators)
        if not valid:
            self.files.ask_again()
        return valid

    @property
    def message(self) -> dict[str, Any]:
        """What the actions take."""
        return {
            "body": (self.body.data or "").strip(),
            "language": self.language.data,
            "on_behalf_of": self.on_behalf_of.data,
        }

    @property
    def sent(self) -> dict[str, Any]:
        """The message with its files, and the key of the form."""
        return {"message": self.message, "files": self.files.uploads, "submission": self.submission.data or ""}


class EditForm(MessageForm):
    removed = ChoicesField(_l("Remove attached files"))

    def offer_removal(self, message: Message) -> None:
        """Let the message's files be removed; one that a form sent before has removed is no mistake."""
        self.removed.offer([(file.id, file.name) for file in message.attachments])

    @property
    def changes(self) -> dict[str, Any]:
        """What the action takes."""
        sent = self.sent
        return {"changes": sent.pop("message"), "removed": self.removed.data or (), **sent}


class TopicForm(TopicFields, MessageForm):
    pass
