"""The forms by which people are suspended and reinstated, and accounts deleted."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from app.auth.forms import TypedAddress
from app.forms import AtMost, LineField, OnceForm, Required, VersionedForm
from app.models import User


class StandingForm(OnceForm, VersionedForm):
    reason = LineField(_l("Reason"), validators=[Required(_l("Write the reason.")), AtMost(User.MAX_REASON)])

    @property
    def sent(self) -> dict[str, str]:
        """What the actions take."""
        return {"reason": self.reason.data or "", "key": self.submission.data or "", "version": self.version.data}


class DeletePersonForm(TypedAddress, VersionedForm):
    is_speaker = BooleanField()

    def offer(self, numbers: Sequence[int]) -> None:
        """Ask about the messages with these numbers, where there are any."""
        if not numbers:
            del self.is_speaker
            return
        self.is_speaker.label.text = _(
            "The Secretariat has posted these messages for somebody of the same name: %(messages)s. I am sure that it "
            "is the same person; remove the name and the organization there too.",
            messages=", ".join(f"#{number}" for number in numbers),
        )

    @property
    def has_spoken(self) -> bool:
        return "is_speaker" in self and bool(self.is_speaker.data)
