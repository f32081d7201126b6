"""Ending sign-ins from afar."""

from sqlalchemy import delete

from app.auth import sign_ins
from app.errors import NotFound
from app.extensions import db, transaction
from app.models import SignIn, User
from app.permissions import require


def end(user: User, sign_in_id: int) -> None:
    """End one of this user's own sign-ins. Raises NotFound for any other."""
    with transaction():
        require(user, "change_account")
        own = delete(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user.id).returning(SignIn.id)
        if db.session.scalar(own) is None:
            raise NotFound


def end_all_others(user: User) -> None:
    """End every sign-in but the one by which this request came."""
    with transaction():
        require(user, "change_account")
        sign_ins.end_others(user, user.session_token)
