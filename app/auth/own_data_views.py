"""One's own data as a file."""

import json

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from app.auth.own_data_queries import as_json, get_own_data
from app.database import utcnow
from app.turns import in_turn
from app.viewer import signed_in, signed_in_user

bp = Blueprint("data", __name__)


@bp.get("/account/data.json")
@signed_in
@in_turn
def file() -> ResponseReturnValue:
    user = signed_in_user()
    answer = Response(
        json.dumps(as_json(user, get_own_data(user)), ensure_ascii=False, indent=1), mimetype="application/json"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="my-data-{utcnow():%Y-%m-%d}.json"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
