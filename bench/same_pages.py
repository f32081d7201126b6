"""Comparing all pages before and after a change that must not alter them.

    python -m bench.same_pages freeze FOLDER
    python -m bench.same_pages compare FOLDER OTHER

`freeze` creates the full world of the tests in a temporary folder, with the clock stopped, and writes the response of
each address in the tests' table of routes for each person in each language: status, headers and body. Random values are
removed: form tokens, one-time keys, secrets, and the digests of static files. `compare` prints a unified diff of each
page that differs, and fails if there is any. Runs of white space count as one space, white space beside block tags is
ignored, and the two ways to escape a quotation mark are equal.
"""

import argparse
import difflib
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import app.database
from app import create_app
from app.extensions import db
from app.models import ForumRole, Role
from config import Config
from tests.conftest import sign_in
from tests.full_world import FullWorld
from tests.route_table import ROWS, paths_of
from tests.world import make_user

FROZEN_AT = "2026-11-20T12:00:00+00:00"
LANGUAGES = ("en", "es", "fr")
HEADERS = ("Content-Type", "Location", "Cache-Control", "Vary", "Content-Language", "Content-Disposition")
NOWHERE = ("/nowhere/", "/topics/99999/", "/forums/nowhere/", "/topics/1/?page=99", "/portal/?page=x&q=<b>")
RANDOM = (
    (re.compile(r'(name="(?:[\w-]+-)?(?:csrf_token|submission)"[^>]*? value=")[^"]*'), r"\1RANDOM"),
    (re.compile(r"(/static/[\w.-]+\?)[0-9a-f]{10}"), r"\1DIGEST"),
    (re.compile(r"(?:\b[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b"), "SECRET"),
    (re.compile(r"secret=[A-Z2-7]{32}"), "secret=SECRET"),
    (re.compile(r'<svg[^>]*>(?:(?!</svg>).)*<path[^>]* d="[^"]{3000,}"(?:(?!</svg>).)*</svg>', re.DOTALL), "PICTURE"),
    (re.compile(r'src="data:image/[^"]*"'), 'src="PICTURE"'),
)
BLOCKS = (
    "html head title meta link script body header footer main nav section article aside div p ul ol li dl dt dd table"
    " caption thead tbody tr th td h1 h2 h3 h4 h5 h6 form fieldset legend blockquote pre br hr option select feed entry"
)
BESIDE_A_BLOCK = re.compile(rf"\s*(</?(?:{'|'.join(BLOCKS.split())})\b(?:[^>\"]|\"[^\"]*\")*>|<!doctype html>)\s*")
SAME = (("&#39;", "&#x27;"), ("&#34;", "&quot;"))
WHITE_SPACE = re.compile(r"[ \t\r\n]+")  # not the no-break space, which readers see


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("freeze", "compare"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("other", type=Path, nargs="?")
    given = parser.parse_args()
    if given.what == "freeze":
        print(f"{freeze(given.folder)} answers written to {given.folder}")
    else:
        sys.exit(compare(given.folder, given.other))


def freeze(folder: Path) -> int:
    """Write all answers to the folder; return their number."""
    stop_the_clock()
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    with tempfile.TemporaryDirectory() as name:
        for file, answer in answers(Path(name)):
            (folder / file).write_text(answer, "utf-8")
            written += 1
    return written


def stop_the_clock() -> None:
    """Stop the clock. Modules and column defaults refer to `utcnow` itself, so its code is replaced, not its name."""

    def frozen():
        return datetime.fromisoformat(FROZEN_AT)  # noqa: F821  both are names in app.database

    app.database.FROZEN_AT = FROZEN_AT
    app.database.utcnow.__code__ = frozen.__code__


def answers(instance: Path) -> Iterator[tuple[str, str]]:
    """`(file name, answer)` for all requests."""
    overrides = {"TESTING": True, "RATELIMIT_ENABLED": False, "PROPAGATE_EXCEPTIONS": False}
    secret = "a secret only for comparing, long enough"
    site = Config(
        secret_key=secret,
        site_url="http://127.0.0.1:8000",
        contact_email="secretariat@example.org",
        instance=instance,
        overrides=overrides,
    )
    application = create_app(site)
    with application.app_context():
        db.create_all()
        full = FullWorld.make()
        other = make_user("other-moderator")
        make_moderator_of_another_forum(other, full)
        people = {**full.people, "other": other.id}
        db.session.commit()
    clients = {name: sign_in(application, key) for name, key in people.items()}
    clients |= {"visitor": application.test_client(use_cookies=False), "returning": application.test_client()}
    for language in LANGUAGES:
        for path in dict.fromkeys(all_paths(full, language)):
            for name, client in clients.items():
                answer = client.get(path, buffered=True)
                head = [f"{answer.status_code} {path}", *(f"{key}: {answer.headers.get(key, '')}" for key in HEADERS)]
                head += [f"Set-Cookie: {'yes' if 'Set-Cookie' in answer.headers else 'no'}"]
                is_text = answer.mimetype.startswith("text/") or answer.mimetype.endswith(("xml", "json"))
                body = answer.text if is_text else f"{len(answer.data)} bytes"
                yield quote(f"{name}{path}", safe="")[:240], without_random("\n".join([*head, "", body]))


def make_moderator_of_another_forum(user: Any, full: FullWorld) -> None:
    db.session.add(ForumRole(user=user, forum_id=full.forums["closed-forum"], role=Role.MODERATOR))


def all_paths(full: FullWorld, language: str) -> Iterator[str]:
    for row in ROWS:
        yield from paths_of(row, full, language)
    yield from (f"/{language}{path}" for path in NOWHERE)


def without_random(text: str) -> str:
    for pattern, replacement in RANDOM:
        text = pattern.sub(replacement, text)
    return text


def compare(folder: Path, other: Path) -> int:
    """Print the differences; return the number of answers that differ."""
    names = sorted({path.name for place in (folder, other) for path in place.iterdir()})
    differing = 0
    for name in names:
        before, after = (lines_of(place / name) for place in (folder, other))
        if before != after:
            differing += 1
            print("\n".join(difflib.unified_diff(before, after, f"a/{name}", f"b/{name}", lineterm="", n=1)))
    print(f"{differing} of {len(names)} answers differ")
    return min(differing, 1)


def lines_of(path: Path) -> list[str]:
    """The answer with a line for each block tag, so that the diff shows where a difference is."""
    if not path.exists():
        return []
    head, _, body = path.read_text("utf-8").partition("\n\n")
    for one, other in SAME:
        body = body.replace(one, other)
    parted = BESIDE_A_BLOCK.sub("\n\\1\n", WHITE_SPACE.sub(" ", body))
    return head.splitlines() + [line.strip(" ") for line in parted.split("\n") if line.strip(" ")]


if __name__ == "__main__":
    main()
