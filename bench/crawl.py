"""All public addresses, found by following links from the first pages."""

import html
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask
from werkzeug.test import TestResponse

LINK = re.compile(r'(?:href|src|action)="([^"]+)"|<loc>([^<]+)</loc>')
FIRST = ("/", "/sitemap.xml", "/robots.txt", "/healthz")
MOST = 10_000


def crawl(app: Flask) -> list[str]:
    """All public addresses, and those of all routes whose only variable part is the language. Raises SystemExit
    if there are more than MOST."""
    site = app.config["SITE"].site_url
    found = dict.fromkeys([*FIRST, *_routes(app)])
    waiting = list(found)
    client = app.test_client(use_cookies=False)
    while waiting:
        for address in _links(client.get(waiting.pop(), buffered=True)):
            path = _path(address.removeprefix(site))
            if path not in found and path.startswith("/"):
                found[path] = None
                waiting.append(path)
        if len(found) > MOST:
            raise SystemExit("There are more public addresses than the sample can have.")
    return list(found)


def _routes(app: Flask) -> list[str]:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.arguments <= {"lang"}]
    return [re.sub("<.*>", code, rule.rule) for rule in rules for code in app.extensions["languages"]]


def _links(answer: TestResponse) -> list[str]:
    if "Location" in answer.headers:
        return [answer.headers["Location"]]
    if answer.mimetype not in {"text/html", "application/xml", "application/atom+xml"}:
        return []
    return [html.unescape(link or location) for link, location in LINK.findall(answer.text)]


def _path(address: str) -> str:
    """The address without `next`, which makes no other page but any number of addresses."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return ""
    kept = [pair for pair in parse_qsl(parts.query) if pair[0] != "next"]
    if "next" not in parts.query:
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return f"{parts.path}?{urlencode(kept)}" if kept else parts.path
