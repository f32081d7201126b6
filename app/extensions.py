"""The extensions, unbound (`create_app` binds them), and the one way to write: `transaction()`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response
from flask_babel import Babel
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

from app.database import Base


class RouteLimiter(Limiter):
    """Every limit of ours stands on a route of a blueprint named here, so no other request pays for a check."""

    BLUEPRINTS = ("auth",)

    def init_app(self, app: Flask) -> None:
        super().init_app(app)
        if not self.enabled:  # it has registered nothing
            return
        registered: tuple[Any, ...] = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
        for hooks in registered:
            its_own = hooks[None].pop()
            for name in self.BLUEPRINTS:
                hooks[name].append(its_own)

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


class SignIns(LoginManager):
    """Nobody is remembered for longer than a session, so no answer has a cookie to set or to delete for that."""

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate()
babel = Babel(configure_jinja=False)  # app/templating.py does
csrf = CSRFProtect()
login_manager = SignIns()
limiter = RouteLimiter(get_remote_address)
compress = Compress()


@dataclass
class Consequences:
    """What is done outside the database once a transaction is committed, or once it has failed."""

    of_success: list[Callable[[], None]] = field(default_factory=list)
    of_failure: list[Callable[[], None]] = field(default_factory=list)


def consequences() -> Consequences:
    """Those of the transaction under way."""
    found: Consequences = db.session.info["consequences"]
    return found


@contextmanager
def transaction() -> Iterator[None]:
    """One write: begin immediately, commit at the end, roll back on any error.

    What the view read before is expired first and read again inside, because SQLite refuses to
    turn an older reading transaction into a writing one, and because rights and deadlines must
    hold at the moment of writing.
    """
    db.session.rollback()
    db.session.info["consequences"] = expected = Consequences()
    db.session.connection(execution_options={"begin": "IMMEDIATE"})
    is_written = False
    try:
        yield
        db.session.flush()
        is_written = True  # should the commit now fail, nobody knows whether it counts
        db.session.commit()
    except BaseException:
        db.session.rollback()
        for step in () if is_written else expected.of_failure:
            step()
        raise
    for step in expected.of_success:
        step()
