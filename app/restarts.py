"""What readers do not notice of a restart of PostgreSQL: connections wait for it, and a page is made once more.

A form that was being sent is not sent once more: nobody can tell whether it counted. Its key lets people send it again.
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

SECONDS_TO_RETURN = 10.0  # a database that is away for longer is not waited for
PAUSE = 0.1
LOST = "plenary.database_lost"


class Patience:
    """Connects to a database, and waits for one that has been away for less than SECONDS_TO_RETURN."""

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
    """A WSGI application that asks for a page once more where the first answer says that the database was lost."""

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
        app.teardown_appcontext(_let_go)  # before the extension's own, which was there first
        app.wsgi_app = AskedAgain(app.wsgi_app)  # type: ignore[method-assign]


def note(error: SQLAlchemyError) -> None:
    """Where the error may come of a restart, the request at hand is worth asking again."""
    if isinstance(error, DBAPIError):
        request.environ[LOST] = True


def _let_go(_error: BaseException | None) -> None:
    """A connection that is lost once the answer is made does not cost the answer."""
    try:
        db.session.close()
    except DBAPIError:
        db.session().invalidate()
