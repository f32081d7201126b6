"""The forms with which moderators give their reason, whatever they do, and readers report."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.forms import AtMost, BodyField, ChoiceField, LineField, OnceForm, Required
from app.languages import Language, text_in
from app.models import Reason, User


class ReasonForm(OnceForm):
    """A listed reason, or one in the moderator's own words."""

    NO_REASON = _l("Choose a reason, or write one. The author and the public record are told.")

    listed = ChoiceField(_l("Reason"), coerce=int, default=0)
    words = LineField(_l("Or in your own words"), validators=[AtMost(User.MAX_REASON)])

    def offer(self, reasons: Sequence[Reason], language: Language) -> None:
        """Set the choices, in the reader's language."""
        self.reasons = {reason.id: reason for reason in reasons}
        texts = ((key, text_in(one, language)) for key, one in self.reasons.items())
        self.listed.offer([(0, _("In my own words")), *((key, text.text) for key, text in texts if text)])
        self.language_of_words = language.code

    def validate(self, extra_validators: object = None) -> bool:
        """Some reason has to be given."""
        valid = super().validate(extra_validators)
        if not self.listed.data and not self.words.data and not self.words.errors:
            self.words.errors = [str(self.NO_REASON)]
            return False
        return valid

    @property
    def reason(self) -> dict[str, str]:
        """The reason by language code, as it is recorded; words of one's own win over a listed one."""
        if self.words.data:
            return {self.language_of_words: self.words.data}
        return {code: text.text for code, text in self.reasons[self.listed.data].texts.items()}


class ReportForm(OnceForm):
    reason = BodyField(
        _l("What is wrong with this message?"),
        validators=[Required(_l("Please tell the Secretariat what is wrong.")), AtMost(User.MAX_REASON)],
    )

    @property
    def asked(self) -> dict[str, str]:
        """What the action takes."""
        return {"reason": (self.reason.data or "").strip(), "submission": self.submission.data or ""}
