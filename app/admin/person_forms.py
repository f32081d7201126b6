"""The forms by which people are suspended and reinstated."""

from flask_babel import lazy_gettext as _l

from app.forms import AtMost, Form, LineField, Required
from app.models import User


class StandingForm(Form):
    reason = LineField(_l("Reason"), validators=[Required(_l("Write the reason.")), AtMost(User.MAX_REASON)])
