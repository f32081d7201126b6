"""The form that asks for another e-mail address."""

from flask_babel import lazy_gettext as _l

from app.auth.forms import EmailField, EmailForm
from app.auth.proof_forms import PasswordProofForm
from app.forms import AtMost, Required
from app.models import User


class EmailChangeForm(EmailForm, PasswordProofForm):
    email = EmailField(
        _l("New e-mail address"),
        validators=[Required(_l("Write your new e-mail address.")), AtMost(User.MAX_EMAIL)],
    )
