"""Pages and forums of the sample, made from its files."""

from typing import Any

from app.extensions import db
from app.markup import render
from app.models import (
    Document,
    DocumentText,
    Forum,
    ForumRole,
    ForumText,
    Group,
    GroupText,
    Invitation,
    Notice,
    NoticeText,
    Page,
    PageKind,
    PageText,
    Period,
    Question,
    QuestionText,
    Role,
    User,
    last_second,
)
from app.sample.files import Calendar, Given, add_files

UNDER_H1, UNDER_H2, UNDER_H3 = 2, 3, 4


def add_site_pages(given: list[Given], begun: dict[str, Page]) -> None:
    """The tree of the site's pages, each after its parent. A page in `begun`, by kind, gets the text of the sample."""
    pages: dict[str, Page] = {}
    for position, one in enumerate(given):
        parent = pages[one["parent"]] if "parent" in one else None
        pages[one["slug"]] = _page(one, position, parent, begun.get(one["kind"]))
        db.session.add(pages[one["slug"]])


def add_forum(given: Given, users: dict[str, User], calendar: Calendar) -> Forum:
    """A forum with everything but its topics, flushed."""
    forum = Forum(
        slug=given["slug"],
        archived_at=calendar.moment(given["archived"]) if "archived" in given else None,
        published_at=min(calendar.moment(at) for at in _first_moments(given)),
        texts={code: _forum_text(code, text) for code, text in given["text"].items()},
        pages=[_page(one, position) for position, one in enumerate(given["page"])],
        notices=[_notice(one, calendar) for one in given["notice"]],
        documents=[_document(one, position, calendar) for position, one in enumerate(given["document"])],
        groups=[_group(one) for one in given["group"]],
        invitations=[Invitation(country=code) for code in given.get("invited", ())],
        roles=[ForumRole(user=users[key], role=Role.MODERATOR) for key in given.get("moderators", ())],
    )
    db.session.add(forum)
    db.session.flush()
    _add_periods(forum, given, calendar)
    return forum


def _first_moments(given: Given) -> list[Any]:
    return [notice["at"] for notice in given["notice"]] + [period["opens"] for period in given["period"]]


def _add_periods(forum: Forum, given: Given, calendar: Calendar) -> None:
    """The periods of the forum and those of its groups, which need the keys of the groups."""
    numbers = {group.slug: group.id for group in forum.groups}
    owned: list[tuple[int | None, Given]] = [(None, one) for one in given["period"]]
    owned += [(numbers[group["slug"]], one) for group in given["group"] for one in group.get("period", ())]
    for group_id, one in owned:
        forum.periods.append(
            Period(
                group_id=group_id,
                kind=one["kind"],
                opens_at=calendar.moment(one["opens"]),
                closes_at=last_second(calendar.moment(one["closes"])),
            )
        )
    db.session.flush()


def _page(given: Given, position: int, parent: Page | None = None, replaced: Page | None = None) -> Page:
    texts = {
        code: PageText(
            language=code,
            title=text["title"],
            description=text["description"],
            body=text["body"].strip(),
            html=_html(text["body"], UNDER_H1),
        )
        for code, text in given["text"].items()
    }
    page = replaced or Page()
    page.slug, page.kind = given["slug"], given.get("kind", PageKind.TEXT)
    page.parent, page.position, page.texts = parent, position, texts
    return page


def _forum_text(code: str, given: Given) -> ForumText:
    return ForumText(
        language=code,
        title=given["title"],
        short_title=given["short_title"],
        description=given["description"],
        organizer=given["organizer"],
        remarks=given["remarks"].strip(),
        about=given["about"].strip(),
        about_html=_html(given["about"], UNDER_H2),
        mandate=given["mandate"].strip(),
        mandate_html=_html(given["mandate"], UNDER_H2),
    )


def _notice(given: Given, calendar: Calendar) -> Notice:
    texts = {
        code: NoticeText(
            language=code, title=text["title"], body=text["body"].strip(), html=_html(text["body"], UNDER_H3)
        )
        for code, text in given["text"].items()
    }
    return Notice(published_at=calendar.moment(given["at"]), texts=texts)


def _document(given: Given, position: int, calendar: Calendar) -> Document:
    document = Document(
        kind=given["kind"],
        symbol=given["symbol"],
        dated=calendar.day(given["date"]) if "date" in given else None,
        position=position,
        texts={
            code: DocumentText(language=code, title=text["title"], note=text["note"].strip(), url=text.get("url", ""))
            for code, text in given["text"].items()
        },
    )
    for code, name in given.get("file", {}).items():
        add_files(document, [name], at=calendar.moment(given["attached"]), language=code)
    return document


def _group(given: Given) -> Group:
    return Group(
        slug=given["slug"],
        number=given["number"],
        texts={
            code: GroupText(
                language=code,
                title=text["title"],
                introduction=text["introduction"].strip(),
                introduction_html=_html(text["introduction"], UNDER_H1),
                remarks=text["remarks"].strip(),
                remarks_html=_html(text["remarks"], UNDER_H1),
            )
            for code, text in given["text"].items()
        },
        questions=[_question(one) for one in given.get("question", ())],
    )


def _question(given: Given) -> Question:
    texts = {code: QuestionText(language=code, text=text) for code, text in given["text"].items()}
    return Question(number=given["number"], texts=texts)


def _html(source: str, first_heading: int) -> str:
    return render(source.strip(), first_heading=first_heading, official=True)
