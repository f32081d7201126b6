"""The places at which somebody is signed in. Called inside a transaction."""

from datetime import timedelta

from sqlalchemy import delete

from app.database import utcnow
from app.extensions import db
from app.models import SignIn, User

MAX_BROWSER = 200
LONGEST_SIGN_IN = timedelta(days=180)


def begin(user: User, browser: str) -> str:
    """The token of a new sign-in. Those that are long out of use, since nobody signed out, end here."""
    is_old = SignIn.created_at < utcnow() - LONGEST_SIGN_IN
    db.session.execute(delete(SignIn).where(SignIn.user_id == user.id, is_old))
    token = SignIn.new_token()
    db.session.add(SignIn(user_id=user.id, token_hash=SignIn.hash_of(token), browser=browser[:MAX_BROWSER]))
    return token


def end_others(user: User, kept: str) -> None:
    """End every sign-in of this user but the one with the token `kept`; with "", all of them."""
    db.session.execute(delete(SignIn).where(SignIn.user_id == user.id, SignIn.token_hash != SignIn.hash_of(kept)))
