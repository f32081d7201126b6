"""Forms by which somebody shows once more who he or she is, and how a refusal gets to its field."""

from collections.abc import Callable
from typing import TypeVar

from flask_babel import lazy_gettext as _l

from app.auth.forms import PasswordField
from app.auth.second_step import LONGEST_CODE
from app.errors import SameAddress, WrongCode, WrongPassword
from app.forms import AtMost, Form, LineField, Required
from app.models import User

T = TypeVar("T")


class PasswordProofForm(Form):
    password = PasswordField(_l("Present password"), _l("Write your present password."))


class CodeForm(Form):
    code = LineField(_l("Code"), validators=[Required(_l("Write the code.")), AtMost(LONGEST_CODE)])


class ProofForm(PasswordProofForm, CodeForm):
    """The password, and a code of the second step where the account has one."""

    def ask(self, user: User) -> None:
        """Leave out the code where there is no second step."""
        if user.totp_secret is None:
            del self.code


def carry_out(form: Form, action: Callable[[], T]) -> T | None:
    """The result of the action if the form is sent and valid, else None; what was not right is told at its field."""
    if not form.validate_on_submit():
        return None
    try:
        return action()
    except (WrongPassword, WrongCode, SameAddress) as error:
        form[error.field].errors = [error.message]
        return None
