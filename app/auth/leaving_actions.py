"""Deleting one's own account."""

from app.audit import record
from app.auth import proof
from app.auth.erasing import erase
from app.errors import LastAdministrator
from app.extensions import transaction
from app.models import User
from app.permissions import count_other_administrators


def delete_account(user: User, *, password: str, code: str) -> bool:
    """Erase the person and leave the record. Raises WrongPassword, WrongCode and LastAdministrator."""
    verified = proof.check_password(user, password)
    with transaction():
        is_last = user.is_admin and not count_other_administrators(user)  # which holds rows, so before all others
        proof.require_unchanged(user, verified)
        proof.use_code(user, code)
        if is_last:
            raise LastAdministrator
        erase(user)
        record(user, "delete", "users", user, [])
    return True
