"""What moderators can do with a message: a form each, with its words and its action."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from app.forms import AtMost, BodyField, ChoiceField, LineField, Renders, Required, VersionedForm
from app.languages import N_, reader_language, site_languages
from app.models import Message, Topic
from app.moderation import actions
from app.moderation.forms import ReasonForm
from app.moderation.queries import list_reasons
from app.moderation.queue_queries import Case


class PlainActForm(VersionedForm):
    @property
    def asked(self) -> dict[str, Any]:
        """What the action takes."""
        return {"version": self.version.data}


class ReasonedActForm(PlainActForm, ReasonForm):
    @property
    def asked(self) -> dict[str, Any]:
        """What the action takes."""
        return {**super().asked, "reason": self.reason}


class WithholdForm(ReasonedActForm):
    title = LineField(
        _l("New title of the topic"),
        [AtMost(Topic.MAX_TITLE)],
        description=_l("This message began the topic, and its author wrote the title too. Empty to keep the title."),
    )

    @property
    def asked(self) -> dict[str, Any]:
        """What the action takes."""
        return {**super().asked, "title": self.title.data or "" if "title" in self else ""}


class CorrectForm(ReasonedActForm):
    standing: Message
    body = BodyField(
        _l("Text of the message"),
        validators=[Required(_l("A message needs a text. Withhold it instead.")), AtMost(Message.MAX_BODY), Renders()],
        render_kw={"rows": 12, "dir": "auto"},
    )
    language = ChoiceField(_l("Language of the message"))
    on_behalf_of = LineField(_l("On behalf of (optional)"), validators=[AtMost(Message.MAX_ON_BEHALF_OF)])
    hide = BooleanField(_l("Hide from readers what it said before, such as personal data of others"))

    def validate(self, extra_validators: object = None) -> bool:
        """Something has to be changed; `standing` is the message."""
        valid = super().validate(extra_validators)
        if valid and all(getattr(self.standing, name) == value for name, value in self.changes.items()):
            self.body.errors = [str(actions.NOTHING_CHANGED)]
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
        """What the action takes."""
        return {**super().asked, "changes": self.changes, "hide": "hide" in self and self.hide.data}


@dataclass(frozen=True)
class Step:
    """One act: the rule that allows it, its form and action, and its words; `explanation` says what it leads to."""

    rule: str
    form: type[Any]
    action: Callable[..., None]
    heading: str
    explanation: str
    button: str
    done: str


STEPS = {
    "approve": Step(
        "approve",
        PlainActForm,
        actions.approve,
        N_("Approve"),
        N_("Everybody will be able to read it, and its author is told."),
        N_("Approve the message"),
        N_("Message number %(number)s is published."),
    ),
    "return": Step(
        "return",
        ReasonedActForm,
        actions.return_to_author,
        N_("Ask the author to change it"),
        N_("The author is told why, and can change the message. Until then it stays unpublished."),
        N_("Return it to its author"),
        N_("Message number %(number)s is returned to its author."),
    ),
    "correct": Step(
        "correct",
        CorrectForm,
        actions.correct,
        N_("Correct it"),
        N_("The author is told why. The history and the moderation record show that it was corrected."),
        N_("Save the correction"),
        N_("Message number %(number)s is corrected."),
    ),
    "withhold": Step(
        "withhold",
        WithholdForm,
        actions.withhold,
        N_("Withhold it"),
        N_("Readers will see its number, the day and the reason, but not what it says. Its author is told."),
        N_("Withhold the message"),
        N_("Message number %(number)s is withheld."),
    ),
    "restore": Step(
        "restore",
        ReasonedActForm,
        actions.restore,
        N_("Restore it"),
        N_("It is shown again at its place, or waits for approval again where it was never published."),
        N_("Restore the message"),
        N_("Message number %(number)s is restored."),
    ),
    "settle": Step(
        "moderate_message",
        PlainActForm,
        actions.settle,
        N_("Settle its reports"),
        N_("The message stays as it is, and its reports leave the queue."),
        N_("Settle the reports"),
        N_("The reports about message number %(number)s are settled."),
    ),
}


def sent_form(name: str, case: Case) -> Any:
    """The form of an act as it was sent."""
    return _ready(name, STEPS[name].form(), case)


def given_back(name: str, case: Case) -> Any:
    """The same, to be sent again once the moderator has read the present text."""
    form = sent_form(name, case)
    form.version.data = case.version
    return form


def new_form(name: str, case: Case) -> Any:
    """The form of an act to fill in, whatever the request sent."""
    message = case.message
    started: dict[str, Any] = {"version": case.version}
    if name == "withhold":
        started["title"] = actions.neutral_title(message)
    form = STEPS[name].form(formdata=None, obj=message if name == "correct" else None, data=started)
    return _ready(name, form, case)


def _ready(name: str, form: Any, case: Case) -> Any:
    """With its choices, without what this message does not need, and with ids of its own."""
    if isinstance(form, ReasonForm):
        form.offer(list_reasons(), reader_language())
    if isinstance(form, CorrectForm):
        form.standing = case.message
        form.language.offer([(code, language.name) for code, language in site_languages().items()])
        if case.message.position is None:
            del form.hide  # nobody has read it
    if isinstance(form, WithholdForm) and not case.begins_topic:
        del form.title
    form.named(name)
    return form
