"""The form by which somebody deletes his or her account."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import ValidationError

from app.auth.emails import normal_email
from app.auth.forms import EmailField, OwnEmail
from app.auth.proof_forms import ProofForm
from app.forms import AtMost, Form, Required
from app.models import User


class TypedAddress(OwnEmail, Form):
    """The address of the account that is to be deleted, typed by whoever deletes it."""

    email = EmailField(
        _l("To confirm, write the e-mail address of the account"),
        validators=[Required(_l("Write the e-mail address of the account.")), AtMost(User.MAX_EMAIL)],
    )

    def validate_email(self, field: Any) -> None:
        if normal_email(field.data or "") != self.own_email:
            raise ValidationError(_("This is not the e-mail address of the account. Nothing was deleted."))


class DeleteAccountForm(TypedAddress, ProofForm):
    pass
