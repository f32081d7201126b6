"""A cache of whole responses for signed-out readers, valid until the database or the minute changes.

The database itself is asked, at most once a second, whether it has changed, so no action needs to report a change, and
what a reader gets is at most one second old. Deadlines, notices and the time left depend on the minute. Both are read
before a page is rendered, so a change during rendering is noticed the next time, and everything is then discarded.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Event, Lock, get_ident
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlencode

from flask import Flask
from sqlalchemy import Engine, PoolProxiedConnection, event
from werkzeug.datastructures import Accept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header, parse_etags, remove_entity_headers
from werkzeug.wrappers import Response

from app.addresses import ARGUMENTS
from app.bounds import excess_of
from app.extensions import db

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

READING = frozenset({"GET", "HEAD"})
NEVER_KEPT = ("/static/", "/healthz")
TOO_MANY = frozenset({"search.index"})  # of these pages there are too many to keep, but for that without a query
ENCODINGS = ("zstd", "br", "gzip", "identity")  # in the order of preference of Flask-Compress
LARGEST_ANSWER = 1024 * 1024  # in bytes
OVERHEAD = 3072  # bytes of an answer, other than body and headers; about 2,100 were measured
LONGEST_QUERY = 1024  # in characters; longer ones are left to the application
LONGEST_ACCEPT = 256
LONGEST_WAIT = 5  # seconds for a page that another request is rendering
QUESTIONS = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT pg_current_snapshot()::text"}

log = logging.getLogger(__name__)


def register(app: Flask, most_bytes: int, *, seconds: float = 1, clock: Callable[[], float] = time.time) -> None:
    """Put a cache of at most so many bytes in front of the application and its other middleware.

    `seconds` is the time between two questions to the database; `clock` returns the seconds since 1970.
    """
    with app.app_context():
        database = Database(db.engine)
    app.wsgi_app = PageCache(app, database, most_bytes=most_bytes, seconds=seconds, clock=clock)  # type: ignore[method-assign]


class Database:
    """Detects changes of the database, on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._file: tuple[int, int] | None = None
        self._connections = 0
        event.listen(engine, "engine_disposed", lambda _engine: self.close())

    def version(self) -> tuple[int, Any] | None:
        """A value that changes whenever anything is committed; None if the database does not answer."""
        try:
            connection = self._connection
            if connection is None or self._file != self._file_now():
                connection = self._connect()
            cursor = connection.cursor()
            cursor.execute(QUESTIONS[self._engine.dialect.name])
            found = cursor.fetchone()
            cursor.close()
            connection.rollback()  # otherwise, the connection would not see later changes
            return self._connections, found
        except Exception as error:  # noqa: BLE001  whatever it is, the application answers instead
            log.warning("The page cache could not ask the database for changes: %s", error)
            self.close()
            return None

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # closing a broken connection may fail
                connection.close()

    def _connect(self) -> PoolProxiedConnection:
        """Connect again. The values of two connections cannot be compared, so each connection has a number."""
        self.close()
        self._file, self._connections = self._file_now(), self._connections + 1
        # From another pool: the connections of the application may be in use, or lost after a restart of the database.
        self._connection = connection = self._engine.pool.recreate().connect()
        connection.detach()
        return connection

    def _file_now(self) -> tuple[int, int] | None:
        """The file that SQLite would open, which is another one after a backup was restored."""
        if self._engine.dialect.name != "sqlite":
            return None
        status = Path(self._engine.url.database or "").stat()
        return status.st_dev, status.st_ino


class Key(NamedTuple):
    """The parts of a request on which the answer depends. The application gets no other part of the query."""

    path: str
    query: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer with the status 200."""

    headers: list[tuple[str, str]]
    headers_unchanged: list[tuple[str, str]]  # of the answer 304
    body: bytes
    etag: str

    @classmethod
    def of(cls, response: Response) -> "Answer | None":
        """The answer to keep; None if the response must not be kept, which then stays unchanged."""
        if not _may_be_kept(response):
            return None
        body = response.get_data()
        response.close()
        response.add_etag()
        unchanged = response.headers.copy()
        remove_entity_headers(unchanged)
        etag, _is_weak = response.get_etag()
        return cls(response.headers.to_wsgi_list(), unchanged.to_wsgi_list(), body, etag or "")

    @property
    def size(self) -> int:
        """An upper estimate of its size in memory, in bytes."""
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers) + OVERHEAD

    def give(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known and parse_etags(known).contains_weak(self.etag):
            start_response("304 NOT MODIFIED", list(self.headers_unchanged))
            return []
        start_response("200 OK", list(self.headers))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.body]


@dataclass(frozen=True)
class Rendering:
    """A page that a thread is rendering; `since` is the state of database and minute before that."""

    since: object
    thread: int = field(default_factory=get_ident)
    done: Event = field(default_factory=Event)


class PageCache:
    """A WSGI middleware. When it is full, the least recently used answer is removed first."""

    def __init__(
        self, app: Flask, database: Database, *, most_bytes: int, seconds: float, clock: Callable[[], float]
    ) -> None:
        self._application, self._database = app.wsgi_app, database
        self._most_bytes, self._seconds, self._clock = most_bytes, seconds, clock
        self._addresses = app.url_map.bind("localhost")
        self._known = lru_cache(maxsize=1024)(self._find_known)
        self._session: str = app.config["SESSION_COOKIE_NAME"]
        self._lock = Lock()
        self._asked_at = float("-inf")
        self._version: object = None
        self._current: object = None  # the state of database and minute for which the kept answers are valid
        self._kept: OrderedDict[Key, Answer] = OrderedDict()
        self._rendering: dict[Key, Rendering] = {}
        self._bytes = 0

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        key = self._key(environ)
        found = self._find(key) if key else None
        if key and isinstance(found, Rendering) and found.thread != get_ident():
            found.done.wait(LONGEST_WAIT)
            found = self._find(key)
        if isinstance(found, Answer):
            return found.give(environ, start_response)
        if key and found:
            return self._render(key, found, environ, start_response)
        return self._application(environ, start_response)

    def _key(self, environ: "WSGIEnvironment") -> Key | None:
        """The key; None for requests that bypass the cache: writing, ranges, oversized requests, sessions."""
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        if environ["REQUEST_METHOD"] not in READING or "HTTP_RANGE" in environ or path.startswith(NEVER_KEPT):
            return None
        if self._session in environ.get("HTTP_COOKIE", "") or len(query) > LONGEST_QUERY or excess_of(environ):
            return None
        known = self._known(path, query) if query else ""
        return None if known is None else Key(path, known, encoding_for(environ.get("HTTP_ACCEPT_ENCODING", "")))

    def _find_known(self, path: str, query: str) -> str | None:
        """The query with only the arguments that the page knows, in a fixed order; None if nothing can be kept."""
        try:
            endpoint, _values = self._addresses.match(_decoded(path))
        except HTTPException:
            return None
        if endpoint in TOO_MANY:
            return None
        asked = parse_qs(_decoded(query), keep_blank_values=True)
        return urlencode({name: asked[name][0] for name in ARGUMENTS.get(endpoint, ()) if name in asked})

    def _find(self, key: Key) -> Answer | Rendering | None:
        """The answer, or its rendering, which may be by this thread from now on; None if the database does not answer,
        so that nothing can be kept."""
        with self._lock:
            self._turn()
            if self._current is None:
                return None
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            return self._rendering.setdefault(key, Rendering(self._current))

    def _turn(self) -> None:
        """Ask the database if it is time to, and discard everything if something has changed."""
        now = self._clock()
        if not 0 <= now - self._asked_at < self._seconds:
            self._asked_at, self._version = now, self._database.version()
        # Both ends of a period are inclusive, so the first second of a minute can differ from the others.
        current = self._version and (self._version, now // 60, now % 60 < 1)
        if current != self._current:
            self._current, self._bytes = current, 0
            self._kept.clear()
            self._rendering.clear()

    def _render(
        self, key: Key, rendering: Rendering, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        seen = {"REQUEST_METHOD": "GET", "QUERY_STRING": key.query, "HTTP_ACCEPT_ENCODING": key.encoding}
        try:
            response = Response.from_app(self._application, environ | seen)
            answer = Answer.of(response)
            if answer is not None:
                self._keep(key, answer, rendering.since)
        finally:
            with self._lock:
                if self._rendering.get(key) is rendering:
                    del self._rendering[key]
            rendering.done.set()
        if answer is not None:
            return answer.give(environ, start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            response.close()
        return response(environ, start_response)

    def _keep(self, key: Key, answer: Answer, since: object) -> None:
        """Keep an answer, unless something has changed since rendering began, or another request was faster."""
        with self._lock:
            if since != self._current or key in self._kept:
                return
            self._kept[key] = answer
            self._bytes += answer.size
            while self._bytes > self._most_bytes:
                self._bytes -= self._kept.popitem(last=False)[1].size


@lru_cache(maxsize=512)
def encoding_for(accepted: str) -> str:
    """The one of ENCODINGS that an `Accept-Encoding` header prefers."""
    if len(accepted) > LONGEST_ACCEPT:
        return "identity"
    wishes = {name.lower(): quality for name, quality in parse_accept_header(accepted, Accept)}
    quality = {**dict.fromkeys(ENCODINGS, wishes.get("*", 0.0)), "identity": 0.001, **wishes}
    return max(ENCODINGS, key=lambda name: quality[name])


def _decoded(text: str) -> str:
    """A string of the WSGI environment, whose characters stand for bytes, decoded as UTF-8."""
    return text.encode("latin-1").decode(errors="replace")


def _may_be_kept(response: Response) -> bool:
    """Whether the application has marked the response as public, and it depends on nothing that is not in the key."""
    length = response.content_length
    return (
        response.status_code == 200
        and response.cache_control.public
        and not response.vary.as_set() - {"accept-encoding", "cookie"}
        and "Set-Cookie" not in response.headers
        and length is not None
        and length <= LARGEST_ANSWER
    )
