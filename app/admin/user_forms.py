"""The form of a person: profile, administrator or not, roles in forums."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from app import labels
from app.admin.role_actions import covered, held_by
from app.admin.user_queries import PROFILE
from app.auth.forms import NoAddress, PersonsName
from app.forms import AtMost, ChoiceField, ChoicesField, LineField, Required, VersionedForm
from app.languages import Language, site_languages
from app.models import Role, User


class UserForm(VersionedForm):
    title = LineField(_l("Title (optional)"), [AtMost(User.MAX_TITLE), PersonsName()])
    name = LineField(_l("Name"), [Required(_l("Please write the name.")), AtMost(User.MAX_NAME), PersonsName()])
    organization = LineField(_l("Organization, ministry or agency"), [AtMost(User.MAX_ORGANIZATION), NoAddress()])
    country = ChoiceField(_l("Party, Government or organization"))
    capacity = ChoiceField(_l("Capacity"))
    language = ChoiceField(_l("Language of pages and mails"))
    is_admin = BooleanField(_l("Administrator of the site"))
    moderator = ChoicesField(_l("Moderator of"))
    languages = ChoicesField(
        _l("As moderator, only for messages in"),
        coerce=str,
        description=_l("A moderator of a forum without a mark here is one for messages in all languages."),
    )
    translator = ChoicesField(_l("Translator of"))
    participant = ChoicesField(_l("May post, where only approved participants may, in"))

    def offer(self, user: User, forums: list[tuple[int, str]], language: Language) -> None:
        """Set the choices: States as the reader's language names them, and the forums, as `(key, title)`."""
        self.country.offer([("", _("None")), *language.states_in_order(user.country)])
        self.capacity.offer([(value, _(label)) for value, label in labels.CAPACITY.items()])
        self.language.offer([(code, other.name) for code, other in site_languages().items()])
        for role in Role:
            self[role].offer(forums)
            if not self.is_submitted():
                self[role].data = list(held_by(user, role))
        self.languages.offer(
            [
                (f"{key}-{code}", _("%(forum)s: %(language)s", forum=title, language=other.name))
                for key, title in forums
                for code, other in site_languages().items()
            ]
        )
        if not self.is_submitted():
            held = held_by(user, Role.MODERATOR)
            self.languages.data = [f"{key}-{code}" for key, codes in held.items() for code in codes.split()]

    @property
    def profile(self) -> dict[str, Any]:
        values = {name: self[name].data for name in PROFILE}
        return {name: "" if value is None else value for name, value in values.items()}

    @property
    def roles(self) -> dict[Role, dict[int, str]]:
        """The forums in which each role is to be held, by key, with the languages that it covers."""
        return {role: {key: self._languages_of(role, key) for key in self[role].data or ()} for role in Role}

    def _languages_of(self, role: Role, forum_id: int) -> str:
        if role != Role.MODERATOR:
            return ""
        marks = (mark.split("-") for mark in self.languages.data or ())
        return covered(code for key, code in marks if key == str(forum_id))
