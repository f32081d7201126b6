"""What moderators choose from and see."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.extensions import db
from app.models import Reason


def list_reasons() -> Sequence[Reason]:
    """The reasons that administrators offer, in their order, with their texts."""
    statement = select(Reason).order_by(Reason.position, Reason.id).options(selectinload(Reason.texts))
    return db.session.scalars(statement).all()
