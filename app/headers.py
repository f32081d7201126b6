"""Response headers: security and caching."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from app import continuation
from app.viewer import has_session

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
POLICY = ("Content-Security-Policy", CONTENT_SECURITY_POLICY)
SECURITY = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
REDIRECTS = frozenset({301, 302, 303, 307, 308})
FOR_ANYBODY = "public, max-age=0, must-revalidate"
FOR_ONE_PERSON = "private, no-cache"
NEVER_KEPT = "private, no-store"
# The blueprints whose pages are about people, or show a person what others do not see, without a script.
PERSONAL = frozenset({"auth", "admin", "following", "moderation", "figures", "news", "printing"})


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions, without `Vary: Cookie` on responses that do not depend on one: Flask-Login reads the session at
    the end of every request, which is enough for Flask to add it. Without a cookie, nothing is prepared for reading it.

    Nor is it on the answer to a form, which no cache gives to anybody else: browsers could not go back to it once a
    cookie has changed, and what was typed would be lost."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return super().open_session(app, request) if has_session() else self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if has_session() or session or session.modified:
            super().save_session(app, session, response)
        if request.method == "POST":
            response.vary.discard("cookie")  # in small letters, as Werkzeug compares it


def register(app: Flask) -> None:
    app.session_interface = Sessions()
    lines = [POLICY, *SECURITY, *([HSTS] if app.config["SITE"].is_https else [])]
    app.wsgi_app = _with_lines(app.wsgi_app, lines)  # type: ignore[assignment, method-assign]

    @app.after_request
    def add_headers(response: Response) -> Response:
        is_personal = _is_personal()
        if "Cache-Control" not in response.headers:
            response.headers.add("Cache-Control", _for_whom(is_personal))
        if "Vary" not in response.headers:  # browsers revalidate each time, so the cookie need not be named
            response.headers.add("Vary", "Cookie, Accept-Encoding" if is_personal else "Accept-Encoding")
        if response.status_code in REDIRECTS:
            response.set_data(b"")  # the framework's text is in English
        elif language := g.get("language"):
            response.headers["Content-Language"] = language.code
        return response


def _with_lines(answer: "WSGIApplication", lines: list[tuple[str, str]]) -> "WSGIApplication":
    """The application, with these headers added unless a response has its own, such as the policy of a picture."""

    def answer_with_lines(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            own = {name for name, _ in headers}
            return start_response(status, headers + [line for line in lines if line[0] not in own], *error)

        return answer(environ, start)

    return answer_with_lines


def _for_whom(is_personal: bool) -> str:
    """A page with a form is kept, so that what was typed is still there when one goes back; the script loads it again
    once its reader has signed out."""
    if not is_personal:
        return FOR_ANYBODY
    part = (request.blueprint or "").partition(".")[0]
    is_read = request.method == "GET" and has_session() and not continuation.places()
    return NEVER_KEPT if is_read and part in PERSONAL else FOR_ONE_PERSON


def _is_personal() -> bool:
    """Whether the page is for one person: it depends on a session, or has the token of a form (kept in `g`)."""
    return has_session() or "csrf_token" in g or request.method not in {"GET", "HEAD"}
