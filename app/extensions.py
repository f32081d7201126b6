"""The extensions, unbound (`create_app` binds them), and the one way to write: `transaction()`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask_babel import Babel
from flask_compress import Compress
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Executable, Result

from app.database import Base
from app.limits import Limiter

if TYPE_CHECKING:
    from app.submissions import Once

db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate()
babel = Babel(configure_jinja=False)  # app/templating.py does
csrf = CSRFProtect()
login_manager = LoginManager()
limiter = Limiter()
compress = Compress()


def read(statement: Executable, asked: Mapping[str, object]) -> Result[*tuple[Any, ...]]:
    """The rows of a statement on columns, at less cost than `db.session.execute`, which prepares for entities. What has
    not been flushed yet is not seen."""
    return db.session.connection().execute(statement, asked)


@dataclass
class Consequences:
    """What to do outside the database after a transaction is committed, or after it has failed."""

    of_success: list[Callable[[], None]] = field(default_factory=list)
    of_failure: list[Callable[[], None]] = field(default_factory=list)


def consequences() -> Consequences:
    """Those of the current transaction."""
    found: Consequences = db.session.info["consequences"]
    return found


@contextmanager
def transaction(*, once: "Once | None" = None) -> Iterator[None]:
    """The one way to write: begin immediately, commit at the end, roll back on any error.

    With `once`, `once.before` gives the result of the same form if it was sent before.

    What the view has read is discarded and read again inside, because SQLite cannot turn an older reading transaction
    into a writing one, and because rights and deadlines must be checked at the time of writing.
    """
    db.session.rollback()
    db.session.info["consequences"] = expected = Consequences()
    db.session.connection(execution_options={"begin": "IMMEDIATE"})
    is_written = False
    try:
        if once:
            once.begin()
        yield
        db.session.flush()
        is_written = True  # if the commit fails now, it is unknown whether it took effect
        db.session.commit()
    except BaseException:
        db.session.rollback()
        for step in () if is_written else expected.of_failure:
            step()
        raise
    for step in expected.of_success:
        step()
