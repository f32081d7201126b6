"""Response headers: security for every page, caching for what signed-out readers get."""

from flask import Flask, Response, g, request

from app.viewer import has_session

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
FOR_ANYBODY = "public, max-age=0, must-revalidate"
FOR_ONE_PERSON = "private, no-cache"


def register(app: Flask) -> None:
    lines = (*SECURITY, HSTS) if app.config["SITE"].is_https else SECURITY

    @app.after_request
    def add_headers(response: Response) -> Response:
        if "Content-Security-Policy" not in response.headers:  # a picture has a stricter one of its own
            response.headers.add(*POLICY)
        for line in lines:
            response.headers.add(*line)
        if "Cache-Control" not in response.headers:
            response.headers.add("Cache-Control", FOR_ONE_PERSON if _is_personal() else FOR_ANYBODY)
        response.headers.add("Vary", "Cookie")
        if "language" in g:
            response.headers.add("Content-Language", g.language.code)
        return response


def _is_personal() -> bool:
    """Whether the page holds anything of one person: who is signed in, or the token of a form (kept in `g`)."""
    return has_session() or "csrf_token" in g or request.method not in {"GET", "HEAD"}
