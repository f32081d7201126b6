"""The filters of the log."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.kinds import DayField
from app.admin.log_queries import ACTIONS, COMMAND_LINE, SUBJECTS, Filter, people_in_log
from app.forms import ChoiceField, Form


class LogForm(Form):
    class Meta(Form.Meta):
        csrf = False

    person = ChoiceField(_l("Person"), coerce=lambda value: int(value or 0) or None)
    action = ChoiceField(_l("Action"), coerce=lambda value: value or None)
    kind = ChoiceField(_l("Kind"), coerce=lambda value: value or None)
    forum = ChoiceField(_l("Forum"), coerce=lambda value: int(value or 0) or None)
    since = DayField(_l("From"))
    until = DayField(_l("Up to and including"))

    def __init__(self, asked: Any, forums: list[tuple[int, str]]) -> None:
        """`asked` is the query of the address, `forums` are the keys and titles to choose from."""
        super().__init__(formdata=asked)
        self.person.offer([(0, _("Everybody")), *people_in_log(), (COMMAND_LINE, _("Command line"))])
        self.action.offer([("", _("All actions")), *((action, _(label)) for action, label in ACTIONS.items())])
        self.kind.offer([("", _("All kinds")), *((kind, _(label)) for kind, label in SUBJECTS.items())])
        self.forum.offer([(0, _("All forums")), *forums])

    @property
    def filter(self) -> Filter:
        return Filter(**{field.name: field.data for field in self})
