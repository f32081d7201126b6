"""Limits on what a request may contain, other than its size. Checked before parsing, which takes far more time and
memory than the request itself."""

import re
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote_plus, urlencode

from flask import Flask, abort, request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_ADDRESS = 8_000  # in bytes, as all lengths here; of the path, and of the query
# The page whose address people fill by typing, and how many characters of too many words it gets to give them back.
SEARCH, SEARCH_PATH, LONGEST_SEARCH = "search.index", re.compile(r"/[a-z]{2}/search/"), 1_000
MOST_ARGUMENTS = 100
LONGEST_HEADERS = 16_000  # of the values of all of them together
LONGEST_KEPT = 1_000  # of one header, if all together are too long
MOST_COOKIES = 100
# Enough for a check box for each message of the longest list that can be moved, and for forty groups of ten questions.
MOST_FIELDS = 3_000
# In percent signs: enough for a megabyte of text, which is then refused at its field and returned to the person.
MOST_ESCAPES = 1_100_000
MOST_PARTS = 200  # of a form with files, which has no list of check boxes
LONGEST_PART_HEADER = 1_200  # of one field or file: far longer than file names on any system
BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
FEW_ESCAPES = 50_000  # fewer take little time, whatever they encode
# Percent-encoded UTF-8 (RFC 3629, section 4). An invalid byte takes as much time as many valid ones.
TAIL = rb"%[89AB][0-9A-F]"
WELL_FORMED = re.compile(
    rb"(?:[^%]|%[0-7][0-9A-F]|%(?:C[2-9A-F]|D[0-9A-F])"
    + TAIL
    + rb"|%E(?:0%[AB][0-9A-F]|[1-9A-CEF]"
    + TAIL
    + rb"|D%[89][0-9A-F])"
    + TAIL
    + rb"|%F(?:0%[9AB][0-9A-F]|[1-3]"
    + TAIL
    + rb"|4%8[0-9A-F])(?:"
    + TAIL
    + rb"){2})*+",
    re.IGNORECASE,
)
ONE_RANGE = re.compile(r"bytes=(?:(?P<first>[0-9]{1,18})-(?P<last>[0-9]{1,18})?|-[0-9]{1,18})", re.IGNORECASE)
NOT_UNDERSTOOD, URI_TOO_LONG, HEADERS_TOO_LARGE, TOO_LARGE = 400, 414, 431, 413
EXCESS = "plenary.excess"  # in the environment of a request: the status with which to refuse it, or None


def register(app: Flask) -> None:
    """Refuse requests beyond the limits, with the usual error page."""
    app.config["MAX_FORM_PARTS"] = MOST_PARTS
    app.wsgi_app = _without_excess(app.wsgi_app)  # type: ignore[assignment, method-assign]

    @app.url_value_preprocessor
    def refuse_excess(endpoint: str | None, _values: Any) -> None:
        if (excess := request.environ.get(EXCESS)) and not (endpoint == SEARCH and request.query_string):
            abort(excess)
        if request.routing_exception is None:
            _refuse_excess_of_form()


class ShortHeaders:
    """The body of a form with files, refused if a part has a header that is too long."""

    def __init__(self, stream: IO[bytes], boundary: str) -> None:
        self._stream = stream
        self._boundary = f"--{boundary}".encode()
        self._unread = b""  # a possible start of a boundary or blank line, or part of a header
        self._is_in_header = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises RequestEntityTooLarge."""
        data = self._stream.read(size)
        self._follow(self._unread + data)
        return data

    def _follow(self, data: bytes) -> None:
        start = 0
        while (end := self._end_of_state(data, start)) >= 0:
            self._check_header(end - start)
            start, self._is_in_header = end, not self._is_in_header
        self._check_header(len(data) - start)
        self._unread = data[start if self._is_in_header else max(start, len(data) - len(self._boundary) + 1) :]

    def _check_header(self, length: int) -> None:
        if self._is_in_header and length > LONGEST_PART_HEADER:
            _refuse(TOO_LARGE)

    def _end_of_state(self, data: bytes, start: int) -> int:
        """The end of the header that begins at `start`, or of the content before the next one; -1 if not read yet."""
        if self._is_in_header:
            found = BLANK_LINE.search(data, start)
            return found.end() if found else -1
        at = data.find(self._boundary, start)
        return at + len(self._boundary) if at >= 0 else -1


def _refuse_excess_of_form() -> None:
    if request.mimetype == "multipart/form-data":
        boundary = request.mimetype_params.get("boundary", "")
        request.environ["wsgi.input"] = ShortHeaders(request.environ["wsgi.input"], boundary)
    elif request.mimetype == "application/x-www-form-urlencoded":
        sent = request.get_data()
        escapes = sent.count(b"%")
        if sent.count(b"&") >= MOST_FIELDS or escapes > MOST_ESCAPES:
            _refuse(TOO_LARGE)
        if escapes > FEW_ESCAPES and not WELL_FORMED.fullmatch(sent):
            _refuse(NOT_UNDERSTOOD)


def _refuse(status: int) -> NoReturn:
    """Raise the error, and note that the form must not be read."""
    request.environ[EXCESS] = status
    abort(status)


def _without_excess(answer: "WSGIApplication") -> "WSGIApplication":
    """The application, for which whatever exceeds the limits is removed from requests and noted in EXCESS."""

    def answer_in_bounds(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ[EXCESS] = excess_of(environ)
        if environ[EXCESS]:
            for name in (name for name, length in _lengths(environ).items() if length > LONGEST_KEPT):
                del environ[name]
            environ["PATH_INFO"], environ["QUERY_STRING"] = environ["PATH_INFO"][:LONGEST_ADDRESS], _kept_of(environ)
            environ.pop("HTTP_COOKIE", None)
        if not _is_one_range(environ.get("HTTP_RANGE", "")):
            environ.pop("HTTP_RANGE", None)
        return answer(environ, start_response)

    return answer_in_bounds


def _kept_of(environ: "WSGIEnvironment") -> str:
    """The beginning of the words of a search that are too long for an address; nothing of any other query."""
    query = environ.get("QUERY_STRING", "")
    if environ[EXCESS] != URI_TOO_LONG or not SEARCH_PATH.fullmatch(environ["PATH_INFO"]):
        return ""
    few = query.split("&", MOST_ARGUMENTS)[:MOST_ARGUMENTS]
    words = next((one.removeprefix("q=") for one in few if one.startswith("q=")), "")
    typed = unquote_plus(words[:LONGEST_ADDRESS], errors="ignore")[:LONGEST_SEARCH]
    return urlencode({"q": typed}) if len(words) > LONGEST_SEARCH else ""


def excess_of(environ: "WSGIEnvironment") -> int | None:
    """The error status for a request whose address or headers exceed the limits; None for others."""
    return _excess_of_address(environ) or _excess_of_headers(environ)


def _lengths(environ: "WSGIEnvironment") -> dict[str, int]:
    return {name: len(value) for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_"))}


def _is_one_range(header: str) -> bool:
    """Whether a Range header asks for one range of bytes. Any other is ignored, as RFC 9110 allows (section 14.2)."""
    found = ONE_RANGE.fullmatch(header)
    return found is not None and (not found["last"] or int(found["first"]) <= int(found["last"]))


def _excess_of_address(environ: "WSGIEnvironment") -> int | None:
    query = environ.get("QUERY_STRING", "")
    is_long = len(environ["PATH_INFO"]) > LONGEST_ADDRESS or len(query) > LONGEST_ADDRESS
    return URI_TOO_LONG if is_long or query.count("&") >= MOST_ARGUMENTS else None


def _excess_of_headers(environ: "WSGIEnvironment") -> int | None:
    length = sum(_lengths(environ).values())
    cookies = environ.get("HTTP_COOKIE", "").count(";") + 1
    return HEADERS_TOO_LARGE if length > LONGEST_HEADERS or cookies > MOST_COOKIES else None
