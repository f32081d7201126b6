"""How what is found is shown: topics and texts of the Secretariat, in the language in which the words stand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import gettext as _

from app.addresses import link
from app.forums.topic_queries import ShownMessage
from app.labels import DOCUMENT
from app.languages import N_, text_in
from app.markup import text_of
from app.models import Document, Forum, Group, Page, PageKind
from app.models.forum import DocumentKind
from app.pages.queries import BUILT_IN
from app.search.queries import Hit
from app.search.snippets import Piece, snippet, whole
from app.search.words import Term

KINDS = {
    "topic": N_("Topic"),
    "forum": N_("Forum"),
    "group": N_("Discussion group"),
    "page": N_("Page"),
}


class Text(NamedTuple):
    language: str
    title: Sequence[Piece]
    body: Sequence[Piece]


@dataclass(frozen=True)
class Shown:
    """Something found that is no message: what it is called, and where it is."""

    name: str
    path: str
    text: Text
    symbol: Sequence[Piece] = ()
    at: datetime | None = None
    files: Sequence[Sequence[Piece]] = ()


def shown(hit: Hit, terms: Sequence[Term]) -> Shown:
    thing, path = hit.thing, _path(hit)
    if hit.kind == "topic":
        return Shown(_(KINDS[hit.kind]), path, Text(thing.language, whole(thing.title, terms), ()), at=thing.created_at)
    text = _best(hit, terms)
    if isinstance(thing, Document):
        files = [whole(file.name, terms) for file in thing.attachments]
        return Shown(_(DOCUMENT[DocumentKind(thing.kind)]), path, text, whole(thing.symbol, terms), hit.at, files)
    return Shown(_(KINDS[hit.kind]), path, text)


def cut(hit: Hit, terms: Sequence[Term]) -> tuple[Sequence[Piece], list[Sequence[Piece]]]:
    """Of a message the part of the text in which the words stand, and the names of its files."""
    message: ShownMessage = hit.thing
    return snippet(text_of(message.html), terms), [whole(file.name, terms) for file in message.files]


def _best(hit: Hit, terms: Sequence[Term]) -> Text:
    """The text in the reader's language or, if only another one has words that are looked for, that one."""
    thing = hit.thing
    preferred = text_in(thing)
    found = [
        Text(one.language, whole(one.title, terms), snippet(_body_of(hit, one), terms))
        for one in (preferred, *(other for other in thing.texts.values() if other is not preferred))
    ]
    return next((one for one in found if any(marked for _text, marked in (*one.title, *one.body))), found[0])


def _body_of(hit: Hit, text: Any) -> str:
    thing = hit.thing
    said = [text_of(one.texts[text.language].html) for one in hit.annotations if text.language in one.texts]
    if isinstance(thing, Forum):
        return _joined([text.description, text.remarks, text_of(text.about_html), text_of(text.mandate_html), *said])
    if isinstance(thing, Group):
        questions = [one.texts[text.language].text for one in thing.questions if text.language in one.texts]
        return _joined([*questions, text_of(text.introduction_html), text_of(text.remarks_html), *said])
    if isinstance(thing, Page):
        return _joined([text.description, text_of(text.html)])
    return str(text.note)


def _joined(parts: Iterable[str]) -> str:
    return " · ".join(part for part in parts if part)


def _path(hit: Hit) -> str:
    thing, forum = hit.thing, hit.forum
    if hit.kind == "topic":
        return link("forums.topic", topic_id=thing.id)
    if isinstance(thing, Page) and forum is None:
        return link("pages.page", slug=thing.slug) if thing.kind == PageKind.TEXT else link(BUILT_IN[thing.kind])
    own = {"forum_slug": forum.slug if forum else ""}
    if isinstance(thing, Page):
        return link("forums.forum_page", **own, slug=thing.slug)
    if isinstance(thing, Group):
        return link("forums.group", **own, group_slug=thing.slug)
    anchor = {"_anchor": f"document-{thing.id}"} if isinstance(thing, Document) else {}
    return link("forums.forum", **own, **anchor)
