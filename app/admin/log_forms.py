"""The filters of the log."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.forms import DayField
from app.admin.log_queries import ACTIONS, Filter, people_in_log
from app.forms import ChoiceField, Form


class LogForm(Form):
    class Meta(Form.Meta):
        csrf = False

    person = ChoiceField(_l("Person"), coerce=lambda value: int(value or 0) or None)
    action = ChoiceField(_l("Action"), coerce=lambda value: value or None)
    since = DayField(_l("From"))
    until = DayField(_l("Up to and including"))

    def __init__(self, asked: Any) -> None:
        super().__init__(formdata=asked)
        self.person.offer([(0, _("Everybody")), *people_in_log()])
        self.action.offer([("", _("All actions")), *((action, _(label)) for action, label in ACTIONS.items())])

    @property
    def filter(self) -> Filter:
        return Filter(self.person.data, self.action.data, self.since.data, self.until.data)
