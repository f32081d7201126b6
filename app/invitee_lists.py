"""Reading a pasted list of people to invite, line by line."""

import csv
import re
from dataclasses import dataclass
from types import SimpleNamespace

from babel import Locale
from flask_babel import gettext as _
from wtforms.validators import ValidationError

from app import labels
from app.auth.forms import NoAddress, PersonsName, checked_email
from app.languages import site_default, site_languages, speaking
from app.models import FOR_A_GOVERNMENT, FOR_AN_ORGANIZATION, Capacity, Role, User
from app.plain import comparable, plain_identifier, plain_line

LONGEST_LINE = 1_000
SEPARATORS = ("\t", ";", ",")
REMARK = "  # "
IS_HEADING = re.compile(r"mail|correo|courriel", re.IGNORECASE)
INVITABLE = {
    role: tuple(one for one in Capacity if one != Capacity.SECRETARIAT or role == Role.MODERATOR) for role in Role
}


@dataclass
class Line:
    """A line with its number, from 1: either the person, as `invite` expects them, or the reason for refusal."""

    number: int
    text: str
    person: dict[str, str] | None = None
    reason: str = ""

    def __str__(self) -> str:
        """As it comes back in the box; the reason is not read when it is sent again."""
        return f"{self.text}{REMARK}{self.reason}"


class Vocabulary:
    """The States, capacities and languages of a list, by their codes and their names in every language of the site."""

    def __init__(self, role: Role) -> None:
        self.invitable = INVITABLE[role]
        self.states: dict[str, str] = {}
        self.languages: dict[str, str] = {}
        self.capacities: dict[str, Capacity] = {capacity.value: capacity for capacity in self.invitable}
        for language in site_languages().values():
            for code, name in (language.invented_states | language.states).items():
                self.states |= {comparable(name): code, comparable(code): code}
                self.states.setdefault(comparable(name.partition(" (")[0]), code)
            with speaking(language):
                self.capacities |= {comparable(_(labels.CAPACITY[one])): one for one in self.invitable}
            for code, other in site_languages().items():
                shown = Locale.parse(code).get_display_name(language.code) or code
                self.languages |= {code: code, comparable(other.name): code, comparable(shown): code}

    def capacity_of(self, text: str) -> Capacity | None:
        """The capacity with this name, or the only one whose name has this word: “Government” is “Other Government”."""
        wanted = comparable(text)
        found = {capacity for name, capacity in self.capacities.items() if wanted in name.split()}
        return self.capacities.get(wanted) or (found.pop() if len(found) == 1 else None)


def read_list(text: str, role: Role = Role.PARTICIPANT) -> list[Line]:
    """The lines of a list of people who are invited in a role, without headings and empty lines.

    A line has name, email address, State or organization, capacity and, if it is not that of the site, the language,
    separated by tabs, semicolons or commas. A value that contains a separator is in quotation marks.
    """
    words, seen = Vocabulary(role), set[str]()
    lines: list[Line] = []
    for number, whole in enumerate(text.split("\n"), start=1):
        kept = whole.partition(REMARK)[0].strip()
        if not kept or (number == 1 and IS_HEADING.search(kept) and "@" not in kept):
            continue
        try:
            person = _read_line(kept, words)
            if person["email"] in seen:
                raise ValidationError(_("This address is in the list twice."))
        except ValidationError as error:
            lines.append(Line(number, kept, reason=str(error)))
        else:
            seen.add(person["email"])
            lines.append(Line(number, kept, person))
    return lines


def _read_line(line: str, words: Vocabulary) -> dict[str, str]:
    """Raises ValidationError with the reason why it cannot be taken."""
    if len(line) > LONGEST_LINE:
        raise ValidationError(_("This line is too long."))
    mark = next((mark for mark in SEPARATORS if mark in line), ",")
    cells = [plain_line(cell, LONGEST_LINE) for cell in next(csv.reader([line], delimiter=mark, skipinitialspace=True))]
    if not 4 <= len(cells) <= 5:
        raise ValidationError(
            _("Each line must contain a name, an address, a State or organization, a capacity and a language.")
        )
    name, address, whom, capacity_name, language_name = [*cells, ""][:5]
    if not name or len(name) > User.MAX_NAME:
        raise ValidationError(_("Please enter the name."))
    PersonsName()(None, SimpleNamespace(data=name))
    capacity = words.capacity_of(capacity_name)
    if capacity is None:
        known = ", ".join(_(labels.CAPACITY[one]) for one in words.invitable)
        raise ValidationError(
            _(
                "This capacity does not exist: “%(text)s”. Choose one of: %(known)s.",
                text=capacity_name[:60],
                known=known,
            )
        )
    language = words.languages.get(comparable(language_name)) if language_name else site_default().code
    if language is None:
        raise ValidationError(_("The site is not available in this language: “%(text)s”.", text=language_name[:60]))
    person = {
        "name": name,
        "email": checked_email(plain_identifier(address)),
        "capacity": capacity.value,
        "language": language,
    }
    return person | _whom(whom, capacity, words)


def _whom(text: str, capacity: Capacity, words: Vocabulary) -> dict[str, str]:
    """The State or the organization for which a person with this capacity speaks."""
    state = "" if capacity in FOR_AN_ORGANIZATION else words.states.get(comparable(text), "")
    if capacity in FOR_A_GOVERNMENT and not text:
        raise ValidationError(_("Please enter the State."))
    if capacity in FOR_A_GOVERNMENT and not state:
        raise ValidationError(_("This State is not in the list of States: “%(text)s”.", text=text[:60]))
    organization = "" if state else text
    if capacity in FOR_AN_ORGANIZATION and not organization:
        raise ValidationError(_("Enter the name of the organization or community on whose behalf the person speaks."))
    if len(organization) > User.MAX_ORGANIZATION:
        raise ValidationError(_("The name of the organization is too long."))
    NoAddress()(None, SimpleNamespace(data=organization))
    return {"country": state, "organization": organization}
