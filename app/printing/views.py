"""Printer-friendly views: the same queries and the same message macro as the screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.addresses import absolute, here, link, page_number
from app.database import utcnow
from app.errors import NotFound
from app.forums import queries, topic_queries
from app.forums.annotation_queries import Annotations, is_followed_up, list_annotations
from app.languages import reader_language, site_default, text_in
from app.models import Forum, Group, PageKind, Rendition
from app.moderation.record import whole_record
from app.pages.queries import get_page
from app.permissions import can
from app.printing import editions, renditions
from app.printing.forms import ChoiceForm
from app.printing.proceedings import Extent, Proceedings, extents_by_group, filled, frame_of, outline, sizes_of_notes
from app.turns import in_turn
from app.viewer import viewer

bp = Blueprint("printing", __name__, url_prefix="/<language:lang>/print")


@dataclass(frozen=True)
class Download:
    """A form of the record on the page that leads to all of them; `title` in its own language, if it has one."""

    name: str
    path: str
    about: str
    title: str = ""
    language: str = ""
    is_ready: bool = True


@bp.get("/pages/<slug>/")
def page(slug: str) -> ResponseReturnValue:
    found = get_page(slug)
    portal = queries.get_portal(viewer()) if found.kind in {PageKind.HOME, PageKind.PORTAL} else None
    archived = queries.list_archived(viewer()) if found.kind == PageKind.ARCHIVE else []
    return render_template("printing/page.html", page=found, portal=portal, archived=archived, now=utcnow())


@bp.get("/forums/<forum_slug>/")
@in_turn
def forum(forum_slug: str) -> ResponseReturnValue:
    """The proceedings: all pages, groups and messages of a forum, or what is chosen of them."""
    found = queries.get_forum(forum_slug, viewer=viewer())
    queries.load_questions(found)
    document, form = _document(found)
    record = whole_record(found, now=document.now) if document.is_last and not form.errors else ()
    shown = {
        "held": queries.count_kept(found),
        "moderators": queries.named_moderators(found, reader_language()),
        "annotations": _annotations(document, with_messages=document.is_last),
        "is_followed_up": not document.chosen.is_selection and is_followed_up(found.id),
    }
    return _answer("printing/forum.html", document, form, record=record, **shown)


@bp.get("/forums/<forum_slug>/pages/<slug>/")
def forum_page(forum_slug: str, slug: str) -> ResponseReturnValue:
    found, page = queries.get_forum_page(forum_slug, slug, viewer=viewer())
    return render_template("printing/forum_page.html", forum=found, page=page, now=utcnow())


@bp.get("/forums/<forum_slug>/groups/<group_slug>/")
@in_turn
def group(forum_slug: str, group_slug: str) -> ResponseReturnValue:
    found = queries.get_group(forum_slug, group_slug, viewer=viewer())
    document, form = _document(found.forum, found)
    return _answer("printing/group.html", document, form, annotations=_annotations(document))


@bp.get("/forums/<forum_slug>/download/")
@in_turn
def record(forum_slug: str) -> ResponseReturnValue:
    """The page that leads to all forms of the record of a forum."""
    found = queries.get_forum_and_groups(forum_slug, viewer=viewer())
    sections = [(_("For printing"), _to_print(found))]
    if found.published_at:
        sections.append((_("PDF"), _as_pdf(found)))
    if can(viewer(), "see_contributions", found):
        sections.append((_("Contributions as a table and as data"), _as_data(found)))
    made = editions.list_editions(found.id) if can(viewer(), "see_archive", found) else ()
    shown = {"editions": made, "reasons": editions.REASONS, "is_given_out": made and bool(made[0].key)}
    return render_template("printing/download.html", forum=found, sections=sections, now=utcnow(), **shown)


@bp.get("/topics/<int:topic_id>/")
@in_turn
def topic(topic_id: int) -> ResponseReturnValue:
    now = utcnow()
    shown = topic_queries.get_topic_page(
        topic_id, None, viewer=viewer(), language=reader_language().code, default=site_default().code, now=now
    )
    if shown.head.merged_into_id:
        return redirect(link("printing.topic", topic_id=shown.head.merged_into_id))
    return render_template("printing/topic.html", topic=shown, now=now)


@bp.get("/messages/<int:number>/")
def message(number: int) -> ResponseReturnValue:
    found = topic_queries.get_shown_message(number, viewer=viewer())
    shown = topic_queries.get_topic_head(
        found.topic_id, viewer=viewer(), language=reader_language().code, default=site_default().code
    )
    return render_template("printing/message.html", m=found, head=shown, now=utcnow())


def _document(forum: Forum, group: Group | None = None) -> tuple[Proceedings, ChoiceForm]:
    """What the address asks for; without messages if the form has errors."""
    form, now = ChoiceForm(request.args, [group] if group else forum.groups), utcnow()
    if not form.validate():
        return Proceedings(forum, (), Extent(), reader_language(), now, group=group), form
    document = outline(forum, group, language=reader_language(), now=now, chosen=form.chosen)
    if not document.extent.messages and form.chosen.days.is_selection and document.is_empty(form.chosen.days):
        form.tell_empty()
        return document, form
    return filled(document, _asked_part()), form


def _annotations(document: Proceedings, *, with_messages: bool = False) -> Annotations:
    """Those of the forum; for a selection, those of the question. Messages always show their own."""
    found = list_annotations(document.forum.id, with_messages=with_messages)
    chosen = document.chosen
    if not chosen.is_selection:
        return found
    return Annotations(one for one in found if chosen.question and one.question_id == chosen.question.id)


def _asked_part() -> int | None:
    """The first part by default, and None for all parts on one page. Raises NotFound."""
    if request.args.get("whole"):
        return None
    asked = page_number(request.args.get("part", "1"))
    if asked is None:
        raise NotFound
    return asked


def _answer(template: str, document: Proceedings, form: ChoiceForm, **context: object) -> ResponseReturnValue:
    chosen = {field.short_name: value for field in form if (value := request.args.get(field.short_name))}
    context |= {"forum": document.forum, "form": form, "now": document.now}
    address = absolute(f"/{reader_language().code}{here()}")
    query = urlencode(chosen)
    context |= {"document": document, "address": address, "query": query, "content_of": content_of}
    return render_template(template, **context), form.status


def _to_print(forum: Forum) -> Sequence[Download]:
    extents = extents_by_group(forum)
    notes = sizes_of_notes(forum)
    whole = sum(extents.values(), frame_of(forum, notes=notes))
    address = link("printing.forum", forum_slug=forum.slug)
    found = [Download(_("Proceedings of the whole forum"), address, content_of(whole))]
    for group in forum.groups:
        path = link("printing.group", forum_slug=forum.slug, group_slug=group.slug)
        found.append(
            _of_group(group, path, content_of(frame_of(forum, group, notes) + extents.get(group.id, Extent())))
        )
    return found


def _as_pdf(forum: Forum) -> Sequence[Download]:
    made = renditions.given_out(forum, reader_language().code)
    path = link("printing.forum_pdf", forum_slug=forum.slug)
    whole = made.get((renditions.FORUMS, forum.id))
    found = [Download(_("Proceedings of the whole forum"), path, _made(whole), is_ready=whole is not None)]
    for group in forum.groups:
        path = link("printing.group_pdf", forum_slug=forum.slug, group_slug=group.slug)
        one = made.get((renditions.GROUPS, group.id))
        found.append(_of_group(group, path, _made(one), is_ready=one is not None))
    return found


def _made(rendition: Rendition | None) -> str:
    if rendition is None or rendition.made_at is None:
        return _("Being prepared")
    language = reader_language()
    return _(
        "%(size)s, created on %(moment)s", size=language.size(rendition.size), moment=language.at(rendition.made_at)
    )


def _of_group(group: Group, path: str, about: str, *, is_ready: bool = True) -> Download:
    text = text_in(group)
    return Download(_("Group %(number)s", number=group.number), path, about, text.title, text.language, is_ready)


def _as_data(forum: Forum) -> Sequence[Download]:
    table = link("printing.contributions", forum_slug=forum.slug)
    data = link("printing.contributions_as_data", forum_slug=forum.slug)
    return [
        Download(_("Table of contributions (CSV)"), table, _("For spreadsheets: one row for each message number")),
        Download(_("All texts and contributions as data (JSON)"), data, _("The same file in each language")),
    ]


def content_of(extent: Extent) -> str:
    """`412 messages, about 900 KB`, without those that were withdrawn or withheld."""
    messages = ngettext("%(num)s message", "%(num)s messages", extent.published)
    if not extent.messages:
        return messages
    return _("%(messages)s, about %(size)s", messages=messages, size=reader_language().size(extent.size))
