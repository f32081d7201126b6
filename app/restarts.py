"""Restarts of PostgreSQL, which readers do not notice: connecting waits for it, and a page is requested a second time.

A form is not repeated, since it may already have been processed. Its key lets people send it again safely.
"""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.extensions import db

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SECONDS_TO_RETURN = 10.0  # after that, connecting fails at once
PAUSE = 0.1
LOST = "plenary.database_lost"


class Patience:
    """Connects to a database, and waits for it until it has been unavailable for SECONDS_TO_RETURN."""

    def __init__(self) -> None:
        self._away_since: float | None = None

    def connect(self, dialect: Dialect, _record: Any, arguments: Any, options: Any) -> Any:
        while True:
            try:
                connection = dialect.connect(*arguments, **options)
            except dialect.loaded_dbapi.OperationalError:
                since = self._away_since = self._away_since or time.monotonic()
                if time.monotonic() - since > SECONDS_TO_RETURN:
                    raise
                time.sleep(PAUSE)
            else:
                self._away_since = None
                return connection


class AskedAgain:
    """A WSGI middleware that requests a page a second time if the connection to the database was lost."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self._ask(environ, start_response)
        told: list[Any] = []
        body = self._ask(environ, lambda *answer: told.append(answer))  # type: ignore[arg-type]
        if environ.pop(LOST, False):
            if hasattr(body, "close"):
                body.close()
            return self._ask(environ, start_response)
        start_response(*told[-1])
        return body

    def _ask(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer


def register(app: Flask) -> None:
    with app.app_context():
        engine: Engine = db.engine
    if engine.dialect.name == "postgresql":
        event.listen(engine, "do_connect", Patience().connect)
        app.teardown_appcontext(_let_go)  # runs before that of Flask-SQLAlchemy, which was registered first
        app.wsgi_app = AskedAgain(app.wsgi_app)  # type: ignore[method-assign]


def note(error: SQLAlchemyError) -> None:
    """Note that the current request should be repeated, if the error may be due to a restart."""
    if isinstance(error, DBAPIError):
        request.environ[LOST] = True


def _let_go(_error: BaseException | None) -> None:
    """Close the session. A connection lost at this point must not replace the answer by an error."""
    try:
        db.session.close()
    except DBAPIError:
        db.session().invalidate()
