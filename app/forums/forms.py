"""The forms by which participants write."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SubmitField
from wtforms.validators import ValidationError

from app import labels
from app.attachments.forms import FilesField
from app.auth.forms import NoAddress, PersonsName, typed
from app.database import utcnow
from app.forms import (
    AtMost,
    BodyField,
    ChoiceField,
    ChoicesField,
    DayField,
    LineField,
    OnceForm,
    Renders,
    Required,
    VersionedForm,
)
from app.forums.actions import Sent
from app.languages import reader_language
from app.models import FOR_A_GOVERNMENT, FOR_AN_ORGANIZATION, Capacity, Message, Topic, User

RECEIVED, CLOSING = "received", "closing"
NO_MESSAGE = _l("Please write your message first.")


class TopicFields(OnceForm):
    """The fields of a topic apart from its first message; fields and errors are listed in the order made."""

    title = LineField(
        _l("Title of the topic"),
        validators=[Required(_l("Give the topic a title.")), AtMost(Topic.MAX_TITLE)],
    )
    question = ChoiceField(_l("Guiding question"), coerce=int)

    @property
    def topic(self) -> dict[str, Any]:
        """What the action takes in addition to the message."""
        return {"title": self.title.data, "question": self.question.data}


class MessageForm(OnceForm):
    body = BodyField(
        _l("Your message"),
        validators=[Required(NO_MESSAGE), AtMost(Message.MAX_BODY), Renders(else_empty=NO_MESSAGE)],
    )
    language = ChoiceField(_l("Language of your message"))
    on_behalf_of = LineField(_l("On behalf of (optional)"), validators=[AtMost(Message.MAX_ON_BEHALF_OF)])
    files = FilesField(_l("Attach files (optional)"))
    preview = SubmitField(_l("Preview"))

    def validate_files(self, field: Any) -> None:
        if not self.preview.data:
            field.require_choice()

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
            "on_behalf_of": typed(self.on_behalf_of),
        }

    @property
    def sent(self) -> dict[str, Any]:
        """The message with its files, and the key of the form."""
        return {"message": self.message, "files": self.files.uploads, "submission": self.submission.data or ""}


class SpeakerFields(OnceForm):
    """Who spoke, if the Secretariat types what came by email or letter; all blank if the author speaks.

    What is filled in always counts: the action refuses it from people who may not type for others, so no one's words
    are posted as someone else's.
    """

    speaker = LineField(_l("Name of the person"), validators=[AtMost(Message.MAX_SPEAKER), PersonsName()])
    capacity = ChoiceField(_l("In what capacity is this person speaking?"), default="")
    country = ChoiceField(_l("Party or Government"), default="")
    organization = LineField(
        _l("Organization, ministry or agency"), validators=[AtMost(User.MAX_ORGANIZATION), NoAddress()]
    )

    SPEAKER = ("speaker", "capacity", "country", "organization")

    @property
    def is_received(self) -> bool:
        """Whether it came before the deadline and is entered after it."""
        return False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = (capacity for capacity in Capacity if capacity != Capacity.SECRETARIAT)
        self.capacity.offer([("", _("Choose one")), *((one.value, _(labels.CAPACITY[one])) for one in offered)])
        states = reader_language().states_in_order()
        self.country.offer([("", _("None of these: an organization or an individual")), *states])

    @property
    def voice(self) -> dict[str, str]:
        """What the message says about who spoke; empty if its author did."""
        given = {name: typed(self[name]) for name in self.SPEAKER}
        return given if any(given.values()) else {}

    def validate_speaker(self, field: Any) -> None:
        if (self.voice or self.is_received) and not field.data:
            raise ValidationError(_("Enter the name of the person who sent this message, or leave this part blank."))

    def validate_capacity(self, field: Any) -> None:
        if (self.voice or self.is_received) and not field.data:
            raise ValidationError(_("Select the capacity in which this person is speaking."))

    def validate_country(self, field: Any) -> None:
        if self.capacity.data in FOR_A_GOVERNMENT and not field.data:
            raise ValidationError(_("Select the Party or Government on whose behalf this person speaks."))

    def validate_organization(self, field: Any) -> None:
        if self.capacity.data in FOR_AN_ORGANIZATION and not field.data:
            raise ValidationError(
                _("Enter the name of the organization or community on whose behalf this person speaks.")
            )


class LateFields(SpeakerFields):
    """What the Secretariat enters after the deadline. Other people's forms lack these fields."""

    entered_as = ChoiceField(_l("What are you entering?"), default="")
    received_on = DayField(_l("Received on"))

    def offer_late(self, open_days: tuple[date, date] | None) -> None:
        """Ask what is entered, or with None nothing of the kind; what was received came from the first day to the day
        of the deadline."""
        self.open_days = open_days
        if open_days is None:
            del self.entered_as, self.received_on
            return
        self.entered_as.offer(
            [
                ("", _("Choose one")),
                (RECEIVED, _("A contribution received in time by email or letter")),
                (CLOSING, _("A message from the Secretariat, such as a closing message")),
            ]
        )

    @property
    def is_received(self) -> bool:
        return "entered_as" in self and self.entered_as.data == RECEIVED

    @property
    def late(self) -> dict[str, date | None]:
        """What the message says about when it had come."""
        return {"received_on": self.received_on.data} if self.is_received else {}

    @property
    def entry(self) -> dict[str, Any] | None:
        """What the preview says of it; None before the deadline."""
        return {"received_on": None, "posted_at": utcnow()} | self.late if "entered_as" in self else None

    def validate_entered_as(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Select what you are entering."))
        if field.data == CLOSING and self.voice:
            raise ValidationError(_("A message from the Secretariat cannot be attributed to another person."))

    def validate_received_on(self, field: Any) -> None:
        if not self.is_received or field.errors:
            return
        if field.data is None:
            raise ValidationError(_("Enter the date on which the contribution was received."))
        first, last = self.open_days or (date.min, date.max)
        if field.data < first:
            day = reader_language().date(first)
            raise ValidationError(_("Only contributions received on or after %(day)s can be entered.", day=day))
        if field.data > last:
            day = reader_language().date(last)
            raise ValidationError(_("Only contributions received by the deadline, %(day)s, can be entered.", day=day))


class NewMessageForm(MessageForm, LateFields):
    @property
    def message(self) -> dict[str, Any]:
        """What the actions take, with who spoke if someone else typed it."""
        return super().message | self.voice | self.late


class TopicForm(TopicFields, NewMessageForm):
    pass


class EditForm(TopicFields, MessageForm, VersionedForm):
    """With the title and the question of the topic that the message begins, if they can still be changed."""

    removed = ChoicesField(_l("Remove attached files"))

    def leave_topic(self) -> None:
        """Take away what is not the message's own."""
        del self.title, self.question

    def offer_removal(self, message: Message) -> None:
        """Let the message's files be removed; a file that an earlier form has removed is no error."""
        self.removed.offer([(file.id, file.name) for file in message.attachments])

    @property
    def changes(self) -> dict[str, Any]:
        """What the action takes."""
        topic = self.topic if "title" in self else None
        files = {"files": self.files.uploads, "removed": self.removed.data or ()}
        return {
            "changes": self.message,
            "topic": topic,
            **files,
            "sent": Sent(self.submission.data or "", self.version.data),
        }
