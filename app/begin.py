"""What a new site has from the start, in each language: home with a provisional text, portal and archive with texts
that hold for any site, and reasons for moderation."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.extensions import db, transaction
from app.languages import site_languages
from app.markup import render
from app.models import Forum, Page, PageKind, PageText, Reason, ReasonText

FILE = Path(__file__).with_suffix(".toml")
UNDER_H1 = 2


def begin() -> bool:
    """Add these pages and reasons to a site that has no page, no forum and no reason yet, and return whether it is
    such a site."""
    with transaction():
        if any(db.session.scalar(select(model.id).limit(1)) for model in (Page, Forum, Reason)):
            return False
        add_missing()
    return True


def add_missing() -> tuple[dict[str, Page], dict[str, Reason]]:
    """Add those of these pages and reasons that the site does not have, inside a transaction.

    Returns the pages by kind and the reasons by their keys in the file.
    """
    pages: dict[str, Page] = {page.kind: page for page in _built_in()}
    for position, one in enumerate(_given()["page"]):
        if one["kind"] not in pages:
            pages[one["kind"]] = _page(one, position, pages.get(one.get("parent")))
    known = {_texts_of(reason): reason for reason in db.session.scalars(select(Reason))}
    reasons = {
        one["key"]: known.get(_in_order(_of_the_site(one["text"]))) or _reason(one, position)
        for position, one in enumerate(_given()["reason"])
    }
    db.session.add_all([*pages.values(), *reasons.values()])
    db.session.flush()
    return pages, reasons


def is_replaced() -> bool:
    """Whether the site has a page that is not one of these, or has another text."""
    given = {one["kind"]: one["text"] for one in _given()["page"]}
    texts = [(page.kind, text) for page in db.session.scalars(select(Page)) for text in page.texts.values()]
    return any(
        kind not in given or given[kind].get(text.language, {}).get("body", "").strip() != text.body
        for kind, text in texts
    )


def provisional_pages() -> list[tuple[Page, list[str]]]:
    """The pages whose texts were to be replaced on a new site, with the languages in which that is still to be done."""
    given = {one["kind"]: one["text"] for one in _given()["page"] if one.get("is_provisional")}
    found = []
    for page in _built_in():
        if texts := given.get(page.kind):
            kept = (code for code in site_languages() if code in page.texts)
            found.append((page, [code for code in kept if page.texts[code].body == texts[code]["body"].strip()]))
    return found


@cache
def _given() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


def _built_in() -> list[Page]:
    return list(db.session.scalars(select(Page).where(Page.kind != PageKind.TEXT)))


def _page(given: dict[str, Any], position: int, parent: Page | None) -> Page:
    texts = {
        code: PageText(
            language=code,
            title=text["title"],
            description=text["description"],
            body=text["body"].strip(),
            html=render(text["body"].strip(), first_heading=UNDER_H1, official=True),
        )
        for code, text in _of_the_site(given["text"]).items()
    }
    return Page(slug=given["kind"], kind=given["kind"], parent=parent, position=position, texts=texts)


def _reason(given: dict[str, Any], position: int) -> Reason:
    texts = {code: ReasonText(language=code, text=text) for code, text in _of_the_site(given["text"]).items()}
    return Reason(position=position, acts=given["acts"], texts=texts)


def _of_the_site(texts: dict[str, Any]) -> dict[str, Any]:
    """The texts in the languages of the site."""
    return {code: text for code, text in texts.items() if code in site_languages()}


def _texts_of(reason: Reason) -> tuple[tuple[str, str], ...]:
    return _in_order({code: text.text for code, text in reason.texts.items()})


def _in_order(texts: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(texts.items()))
