"""A site whose every English text is in ⟦marks⟧ and whose every data is in Greek letters; what else has letters was
written past gettext."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import polib
from flask import Flask
from flask_babel import get_domain
from sqlalchemy import String, Text

from app import create_app
from app.database import Base
from app.extensions import db
from app.languages import KNOWN, Language
from app.models import Act, LogEntry, Message, OfficialChange
from config import ROOT, Config
from tests.full_world import FullWorld
from tools.catalogues import extract

GREEK = str.maketrans({code: chr(0x3B1 + code % 24) for code in (*range(65, 91), *range(97, 123))})
# Columns with codes, addresses and keys, of which no page makes a sentence.
CODES = frozenset(
    "slug language languages kind status approval role capacity country email password_hash token_hash url key"
    " recipient action browser change media_type sha256 totp_secret code_hash".split()
)
LETTER = re.compile("[A-Za-z\u00c0-\u024f]")
# What is the same in all languages: the names of the languages, of the site and of a checksum, addresses, the zone, a
# list of names in addresses that the administration shows, the secret of a second step and its codes.
SAME = re.compile(
    r"\b(?:English|español|français|Plenary|UTC|SHA-256|(?:\w+-)+forum|group-\d|home|portal|archive|rules|child)\b"
    r"|\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b|\b[a-z2-9]{5}-[a-z2-9]{5}\b"
)
# Addresses, checksums, and what feeds say to machines.
ADDRESS = re.compile(
    r"\b[0-9a-f]{12,64}\b…?|https?://[^\s<>]+|(?<![\w.])[\w.]++@[\w.]+|^tag:\S+$|^\d{4}-\d\d-\d\dT[\d:]+Z$"
)
# Messages in a feed, as escaped HTML; subjects of mails in the language of their readers, what a mail server said, and
# ready texts in other languages.
CONTENT = re.compile(
    r'<content.*?</content>|<bdi class="(?:about )?as-sent".*?</bdi>|<textarea[^>]*\blang="(?:es|fr)".*?</textarea>',
    re.DOTALL,
)
# A sentence goes on through these.
INLINE = frozenset("a bdi span strong time".split())
SHOWN_ATTRIBUTES = frozenset("title alt placeholder aria-label aria-description label summary abbr".split())


class ShownText(HTMLParser):
    """Everything of a page that somebody sees or hears, a piece each, with what of it stands outside any marks."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.pieces: list[tuple[str, str]] = []
        self.hidden = self.depth = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in {"script", "style"}
        self._end_sentence(tag)
        named = dict(attrs)
        shown = [value or "" for name, value in attrs if name in SHOWN_ATTRIBUTES or _is_shown_data(name)]
        if tag == "meta" and named.get("name") == "description":
            shown.append(named.get("content") or "")
        if tag == "input" and named.get("type") in {"submit", "button"}:
            shown.append(named.get("value") or "")
        self.pieces += [(text, _outside_marks(text)[0]) for text in shown]

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"script", "style"}
        self._end_sentence(tag)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            outside, self.depth = _outside_marks(data, self.depth)
            self.pieces.append((data, outside))

    def _end_sentence(self, tag: str) -> None:
        self.depth = self.depth if tag in INLINE else 0


def bare_texts(page: str) -> list[str]:
    """The pieces of a page, or of a plain text, that have a letter outside any marks."""
    pieces = ShownText(CONTENT.sub("", page)).pieces
    return [piece.strip() for piece, outside in pieces if LETTER.search(SAME.sub("", ADDRESS.sub("", outside)))]


def make_pseudo_site(folder: Path) -> tuple[Flask, FullWorld]:
    """The application and its world. `forget_catalogues` has to follow once it is used no more."""
    translations = folder / "translations"
    _write_catalogue(translations)
    _write_states(translations)
    site = Config(
        secret_key="k" * 40,
        site_url="http://127.0.0.1:8000",
        instance=folder / "instance",
        translations=(translations, ROOT / "translations"),
        largest_file=1_000,
        overrides={"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False},
    )
    known = KNOWN["en"]
    KNOWN["en"] = _with_marked_dates(known)
    try:
        app = create_app(site)
    finally:
        KNOWN["en"] = known
    with app.app_context():
        forget_catalogues()
        db.create_all()
        world = FullWorld.make()
        _put_data_into_greek()
        db.session.commit()
    return app, world


def forget_catalogues() -> None:
    """Flask-Babel keeps catalogues for the whole process."""
    get_domain().cache.clear()


def marked(text: str) -> str:
    return f"⟦{text}⟧"


def _write_catalogue(folder: Path) -> None:
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8", "Plural-Forms": "nplurals=2; plural=(n != 1);"}
    for entry in extract().values():
        if entry.msgid_plural:
            entry.msgstr_plural = {0: marked(entry.msgid), 1: marked(entry.msgid_plural)}
        else:
            entry.msgstr = marked(entry.msgid)
        catalogue.append(entry)
    target = folder / "en" / "LC_MESSAGES"
    target.mkdir(parents=True)
    catalogue.save_as_mofile(str(target / "messages.mo"))


def _write_states(folder: Path) -> None:
    """The names of States are lists of their own, not texts of the catalogue."""
    (folder / "states").mkdir()
    names = (ROOT / "translations" / "states" / "en.toml").read_text("utf-8")
    (folder / "states" / "en.toml").write_text(re.sub(r'= "(.*)"', r'= "⟦\1⟧"', names), "utf-8")


def _with_marked_dates(language: Language) -> Language:
    months = tuple(marked(month) for month in language.patterns.months)
    sizes = tuple(marked(size) for size in language.patterns.sizes)
    patterns = replace(language.patterns, months=months, sentence=marked(language.patterns.sentence), sizes=sizes)
    return replace(language, patterns=patterns)


def _put_data_into_greek() -> None:
    for mapper in Base.registry.mappers:
        columns = [column for column in mapper.column_attrs if isinstance(column.columns[0].type, String | Text)]
        names = [column.key for column in columns if column.key not in CODES]
        for thing in db.session.scalars(db.select(mapper.class_)):
            for name in names:
                setattr(thing, name, _greek(getattr(thing, name)))
    for act in db.session.scalars(db.select(Act)):
        act.reason = {code: _greek(text) for code, text in act.reason.items()}
    for message in db.session.scalars(db.select(Message).where(Message.withheld_at.is_not(None))):
        message.withheld_for = {code: _greek(text) for code, text in (message.withheld_for or {}).items()}
    for entry in db.session.scalars(db.select(LogEntry)):
        titles = [{**change, "old": _greek(change["old"]), "new": _greek(change["new"])} for change in entry.detail[:1]]
        entry.detail = titles + entry.detail[1:]
    for change in db.session.scalars(db.select(OfficialChange)):
        change.name = {code: _greek(text) for code, text in change.name.items()}
        change.place = {**change.place, "symbol": "Σ"}
        change.former = {
            code: {
                field: {form: said if field == "kind" else _greek(said) for form, said in was.items()}
                for field, was in fields.items()
            }
            for code, fields in change.former.items()
        }
    for message in db.session.scalars(db.select(Message)):
        message.withheld_for = {code: _greek(text) for code, text in (message.withheld_for or {}).items()}
    for act in db.session.scalars(db.select(Act)):
        act.reason = {code: _greek(text) for code, text in act.reason.items()}


def _greek(text: str | None) -> str | None:
    """The text in Greek letters, the tags and addresses in it left as they are."""
    if text is None:
        return None
    parts = re.split(r"(<[^>]*>|https?://[^\s)]+|&\w+;)", text)
    return "".join(part if at % 2 else part.translate(GREEK) for at, part in enumerate(parts))


def _is_shown_data(name: str) -> bool:
    return name == "data-label" or name.startswith("data-draft-")


def _outside_marks(text: str, depth: int = 0) -> tuple[str, int]:
    """What of a text stands outside any marks, `depth` of which are open at its beginning; and how many at its end."""
    outside = []
    for char in text:
        depth += char == "⟦"
        outside += [] if depth else [char]
        depth -= char == "⟧" and depth > 0
    return "".join(outside), depth
