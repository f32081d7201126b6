"""Forms for reasons, for reports, and for each act on a message with its action and its texts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from app.addresses import LARGEST_KEY
from app.forms import (
    AtMost,
    BodyField,
    ChoiceField,
    ChoicesField,
    Form,
    LineField,
    OnceForm,
    Renders,
    Required,
    VersionedForm,
)
from app.languages import N_, Language, reader_language, site_languages, text_in
from app.models import ActKind, Message, Reason, Topic, User
from app.moderation import messages
from app.moderation.queue import MOST_IN_A_LIST, Case, list_reasons


def number_in(value: Any) -> int:
    """The number of a message or topic. Raises ValueError for anything else."""
    number = int(value)
    if not 0 < number <= LARGEST_KEY:
        raise ValueError(value)
    return number


def _shown(value: str) -> tuple[int, str]:
    """The number and the version of a message. Raises ValueError for anything else."""
    number, _dash, version = value.partition("-")
    return number_in(number), version


class ReasonForm(OnceForm):
    """A listed reason, or one in the moderator's own words."""

    NO_REASON = _l("Select a reason or write one. It will be sent to the author and shown in the public record.")

    listed = ChoiceField(_l("Reason"), coerce=int, default=0)
    words = LineField(_l("Or other reason (please specify)"), validators=[AtMost(User.MAX_REASON)])

    def offer(self, reasons: Sequence[Reason], language: Language) -> None:
        """Set the choices, in the reader's language."""
        self.reasons = {reason.id: reason for reason in reasons}
        texts = ((key, text_in(one, language)) for key, one in self.reasons.items())
        self.listed.offer(
            [(0, _("Other reason (please specify below)")), *((key, text.text) for key, text in texts if text)]
        )
        self.language_of_words = language.code

    def validate(self, extra_validators: object = None) -> bool:
        """A reason is required."""
        valid = super().validate(extra_validators)
        if not self.listed.data and not self.words.data and not self.words.errors:
            self.words.errors = [str(self.NO_REASON)]
            return False
        return valid

    @property
    def reason(self) -> dict[str, str]:
        """The reason by language code, as recorded. The moderator's own words take precedence over a listed reason."""
        if self.words.data:
            return {self.language_of_words: self.words.data}
        return {code: text.text for code, text in self.reasons[self.listed.data].texts.items()}


class SeveralForm(Form):
    """Messages of the queue to approve, each as its number and the version that was shown: `12-0-5f...`."""

    messages = ChoicesField(_l("Messages"), coerce=_shown, validate_choice=False)

    @property
    def versions(self) -> dict[int, str]:
        """The versions by number, of at most as many messages as the queue shows."""
        return dict((self.messages.data or [])[:MOST_IN_A_LIST])


class ReportForm(OnceForm):
    reason = BodyField(
        _l("What is wrong with this message?"),
        validators=[Required(_l("Please tell the Secretariat what is wrong.")), AtMost(User.MAX_REASON)],
    )

    @property
    def asked(self) -> dict[str, str]:
        """The arguments of the action."""
        return {"reason": (self.reason.data or "").strip(), "submission": self.submission.data or ""}


class PlainActForm(VersionedForm):
    @property
    def asked(self) -> dict[str, Any]:
        """The arguments of the action."""
        return {"version": self.version.data}


class ReasonedActForm(PlainActForm, ReasonForm):
    @property
    def asked(self) -> dict[str, Any]:
        """The arguments of the action."""
        return {**super().asked, "reason": self.reason}


class WithholdForm(ReasonedActForm):
    title = LineField(
        _l("New title of the topic"),
        [AtMost(Topic.MAX_TITLE)],
        description=_l(
            "This message started the topic, and its author also wrote the title. Leave blank to keep the title."
        ),
    )

    @property
    def asked(self) -> dict[str, Any]:
        """The arguments of the action."""
        return {**super().asked, "title": self.title.data or "" if "title" in self else ""}


class CorrectForm(ReasonedActForm):
    stored: Message
    body = BodyField(
        _l("Text of the message"),
        validators=[
            Required(_l("A message cannot be left blank. You can withhold it instead.")),
            AtMost(Message.MAX_BODY),
            Renders(),
        ],
        render_kw={"rows": 12, "dir": "auto"},
    )
    language = ChoiceField(_l("Language of the message"))
    on_behalf_of = LineField(_l("On behalf of (optional)"), validators=[AtMost(Message.MAX_ON_BEHALF_OF)])
    hide = BooleanField(
        _l("Hide earlier versions from readers, for example where they contain personal data of third parties")
    )

    def validate(self, extra_validators: object = None) -> bool:
        """A change to `stored`, the message, is required."""
        valid = super().validate(extra_validators)
        if valid and all(getattr(self.stored, name) == value for name, value in self.changes.items()):
            self.body.errors = [str(messages.NOTHING_CHANGED)]
            return False
        return valid

    @property
    def changes(self) -> dict[str, Any]:
        return {
            "body": (self.body.data or "").strip(),
            "language": self.language.data,
            "on_behalf_of": self.on_behalf_of.data or "",
        }

    @property
    def asked(self) -> dict[str, Any]:
        """The arguments of the action."""
        return {**super().asked, "changes": self.changes, "hide": "hide" in self and self.hide.data}


@dataclass(frozen=True)
class Step:
    """An act: its kind, the rule that allows it, its form, its action and its texts. `kind` is None for an act that is
    not recorded and needs no reason."""

    kind: ActKind | None
    rule: str
    form: type[Any]
    action: Callable[..., None]
    heading: str
    explanation: str
    button: str
    done: str


STEPS = {
    "approve": Step(
        ActKind.APPROVE,
        "approve",
        PlainActForm,
        messages.approve,
        N_("Approve"),
        N_("It will be visible to everyone, and its author will be notified."),
        N_("Approve the message"),
        N_("Message #%(number)s has been published."),
    ),
    "return": Step(
        ActKind.RETURN,
        "return",
        ReasonedActForm,
        messages.return_to_author,
        N_("Ask the author to change the message"),
        N_("The author will be told why and can change the message. Until then it will remain unpublished."),
        N_("Return the message to its author"),
        N_("Message #%(number)s has been returned to its author."),
    ),
    "correct": Step(
        ActKind.EDIT,
        "correct",
        CorrectForm,
        messages.correct,
        N_("Correct the message"),
        N_("The author will be told why. The history and the moderation record will show that it was corrected."),
        N_("Save the correction"),
        N_("Message #%(number)s has been corrected."),
    ),
    "withhold": Step(
        ActKind.WITHHOLD,
        "withhold",
        WithholdForm,
        messages.withhold,
        N_("Withhold the message"),
        N_("Readers will see its number, the date and the reason, but not its text. Its author will be notified."),
        N_("Withhold the message"),
        N_("Message #%(number)s has been withheld."),
    ),
    "restore": Step(
        ActKind.RESTORE,
        "restore",
        ReasonedActForm,
        messages.restore,
        N_("Restore the message"),
        N_("It will be shown again in its place or, if it was never published, will again await approval."),
        N_("Restore the message"),
        N_("Message #%(number)s has been restored."),
    ),
    "settle": Step(
        None,
        "moderate_message",
        PlainActForm,
        messages.settle,
        N_("Close the reports"),
        N_("The message will remain unchanged, and its reports will be removed from the queue."),
        N_("Close the reports"),
        N_("The reports about message #%(number)s have been closed."),
    ),
}


def sent_form(name: str, case: Case) -> Any:
    """The form of an act, filled in from the request."""
    return _ready(name, STEPS[name].form(), case)


def new_form(name: str, case: Case) -> Any:
    """The form of an act, with nothing from the request."""
    message = case.message
    started: dict[str, Any] = {"version": case.version}
    if name == "withhold":
        started["title"] = messages.neutral_title(message)
    form = STEPS[name].form(formdata=None, obj=message if name == "correct" else None, data=started)
    return _ready(name, form, case)


def _ready(name: str, form: Any, case: Case) -> Any:
    """Offer the choices, remove fields that do not apply to the message, and make the ids unique on the page."""
    if isinstance(form, ReasonForm):
        form.offer(list_reasons(STEPS[name].kind), reader_language())
    if isinstance(form, CorrectForm):
        form.stored = case.message
        form.language.offer([(code, language.name) for code, language in site_languages().items()])
        if case.message.position is None:
            del form.hide  # the public has not seen the former text
    if isinstance(form, WithholdForm) and not case.begins_topic:
        del form.title
    form.named(name)
    return form
