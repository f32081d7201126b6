"""Who takes part in a forum: the States that are invited, and who holds which role."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import labels
from app.auth.forms import EmailField, EmailForm
from app.forms import AtMost, ChoiceField, ChoicesField, Required, VersionedForm
from app.languages import Language, site_languages
from app.models import Forum, Role, User


class InvitationForm(VersionedForm):
    countries = ChoicesField(_l("States"), coerce=str)

    def offer(self, forum: Forum, language: Language) -> None:
        """Set the choices in the order of the reader's language, those of before among them."""
        present = [one.country for one in forum.invitations]
        self.countries.offer(language.states_in_order(*present))
        if not self.is_submitted():
            self.countries.data = present


class RoleForm(EmailForm, VersionedForm):
    """A role for somebody who has an account."""

    email = EmailField(
        _l("E-mail address"),
        validators=[Required(_l("Write the e-mail address of the person.")), AtMost(User.MAX_EMAIL)],
    )
    role = ChoiceField(_l("Role"), default=Role.MODERATOR)
    languages = ChoicesField(
        _l("As moderator, only for messages in"),
        coerce=str,
        description=_l("Without a mark, for messages in all languages."),
    )

    def offer(self) -> None:
        self.role.offer([(role.value, _(label)) for role, label in labels.ROLE.items()])
        self.languages.offer([(code, language.name) for code, language in site_languages().items()])

    @property
    def asked(self) -> dict[str, Any]:
        """What the action takes; only a moderator's role can be limited to languages."""
        role = Role(self.role.data)
        languages = self.languages.data or () if role == Role.MODERATOR else ()
        return {"email": self.email.data, "role": role, "languages": languages, "version": self.version.data}
