"""All texts in one table, object by language, and the form of one cell of it, which translators have too."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, inspect, literal, or_, select
from sqlalchemy.orm import selectinload

from app import wordings
from app.addresses import asked_page, link
from app.admin.crud import OneLanguage, Sent, form_of_texts, rewrite
from app.admin.frame import done, query_without_page, show
from app.admin.kinds import COMPLETE, TRANSLATED, Kind, blank_texts, find_kind, forum_of, get_object, state_in
from app.audit import name_of
from app.database import utcnow
from app.errors import NotFound
from app.extensions import db, transaction
from app.forms import ChoiceField, InnerForm, VersionedForm, carry_out
from app.languages import reader_language, site_default, site_languages, text_in
from app.markup import shortened
from app.models import Annotation, Forum, Group, Message, MessageStatus, Page, Role, User, Viewer
from app.paging import page_of_list
from app.permissions import require
from app.versions import fingerprint, require_version
from app.viewer import signed_in, signed_in_user

SITE = 0  # in place of the key of a forum, for the texts of the site
LONGEST_TITLE = 120

bp = Blueprint("texts", __name__)
translate = Blueprint("translate", __name__, url_prefix="/<language:lang>/translate")


@dataclass(frozen=True)
class Cell:
    """The text of an object in one language: its state, and the labels of what is blank."""

    code: str
    state: int
    blank: tuple[Any, ...]


@dataclass(frozen=True)
class Line:
    """An object of the table, with its name and the language of that."""

    kind: Kind
    key: int
    forum_id: int
    title: str
    language: str
    cells: tuple[Cell, ...]

    @property
    def worst(self) -> int:
        return min((cell.state for cell in self.cells), default=COMPLETE)


def list_lines(forums: Collection[int] | None = None, codes: Collection[str] = ()) -> list[Line]:
    """The objects of these forums (SITE for the site itself; by default of all) with their cells in these languages (by
    default all), those with empty or outdated cells first. Takes one query a kind; no text is read as a whole."""
    wanted = [code for code in site_languages() if not codes or code in codes]
    found = [line for kind in TRANSLATED.values() for line in _lines_of(kind, forums, wanted)]
    return sorted(found, key=lambda line: (line.worst, -line.forum_id))


def languages_to_write(forum: Forum) -> list[str]:
    """The names of the languages in which something of a forum is missing or outdated."""
    codes = {cell.code for line in list_lines({forum.id}) for cell in line.cells if cell.state != COMPLETE}
    return [language.name for code, language in site_languages().items() if code in codes]


def _lines_of(kind: Kind, forums: Collection[int] | None, codes: list[str]) -> Iterator[Line]:
    objects: dict[int, dict[str, Any]] = {}
    for row in db.session.execute(_statement(kind, forums)):
        objects.setdefault(row.key, {})[row.language] = row
    for key, texts in objects.items():
        best = texts.get(reader_language().code) or texts.get(site_default().code) or next(iter(texts.values()))
        cells = tuple(_cell(kind, texts, code) for code in codes)
        yield Line(kind, key, best.place, shortened(best.shown_title, LONGEST_TITLE), best.language, cells)


def _statement(kind: Kind, forums: Collection[int] | None) -> Select[Any]:
    """Of each text of a kind its object, its language, and which of its parts are written, each by its name."""
    [owner] = [column for column in inspect(kind.text_model).primary_key if column.name != "language"]
    forum_id: Any = {"forums": Forum.id, "questions": Group.forum_id, "reasons": literal(SITE)}.get(kind.name)
    place = func.coalesce(kind.model.forum_id if forum_id is None else forum_id, SITE)
    statement = select(
        owner.label("key"),
        place.label("place"),
        kind.text_model.language,
        kind.text_model.outdated_since,
        func.substr(getattr(kind.text_model, next(iter(kind.texts))), 1, LONGEST_TITLE + 1).label("shown_title"),
        *((getattr(kind.text_model, name) != "").label(name) for name in kind.texts),
    ).join(kind.model, kind.model.id == owner)
    if kind.name == "questions":
        statement = statement.join(Group, Group.id == kind.model.group_id)
    if kind.model is Annotation:
        statement = statement.outerjoin(Message, Message.id == Annotation.message_id).where(
            Annotation.kind == kind.name, or_(Message.id.is_(None), Message.status == MessageStatus.PUBLISHED)
        )
    if kind.model is Page:
        statement = statement.where(Page.forum_id.is_not(None) if kind.owner else Page.forum_id.is_(None))
    if forums is not None:
        statement = statement.where(place.in_(forums))
    return statement.order_by(owner, kind.text_model.language)


def _cell(kind: Kind, texts: Mapping[str, Any], code: str) -> Cell:
    blank = tuple(kind.texts[name].label for name in blank_texts(kind, texts, code))
    return Cell(code, state_in(kind, texts, code), blank)


# One cell


class CellForm(OneLanguage, VersionedForm):
    """Such a form on a page of its own."""


CELL_FORMS: dict[str, type[CellForm]] = {name: form_of_texts(kind, CellForm) for name, kind in TRANSLATED.items()}


def version_of_cell(kind: Kind, thing: Any, code: str) -> str:
    """The version of a text, and of that in the site's default language, which a translation follows."""
    texts = [thing.texts.get(one) for one in (code, site_default().code)]
    said = [[getattr(text, name, "") for name in kind.texts] for text in texts]
    return fingerprint(said, getattr(texts[0], "outdated_since", None))


def write_cell(kind: Kind, key: int, code: str, fields: Mapping[str, str], *, version: str, viewer: User) -> int:
    """Write the text of an object in one language, which is up to date from then on, and return the object's key.

    A text in another language than the site's default is a translation, and makes no other text outdated. `version` is
    the one of it that the form showed. Raises Refused, ChangedMeanwhile, NotFound and Forbidden.
    """
    with transaction():
        thing = get_object(kind, key)
        require(viewer, "translate", (forum_of(thing), code))
        present = version_of_cell(kind, thing, code)
        sent = Sent(texts={code: fields}, follows=code != site_default().code)
        was_there, is_outdated = code in thing.texts, code in thing.texts and thing.texts[code].outdated_since
        changes = rewrite(kind, thing, sent, viewer=viewer)
        if isinstance(thing, Annotation) and changes and was_there:
            thing.corrected_at = utcnow()
        require_version(version, present, changes=changes or is_outdated)
        if code in thing.texts:
            thing.texts[code].outdated_since = None
    return key


# Views


class FilterForm(InnerForm):
    forum = ChoiceField(_l("Forum"), coerce=lambda value: int(value) if value else None)
    language = ChoiceField(_l("Language"), coerce=lambda value: value or None)

    def __init__(self, forums: list[tuple[int, str]]) -> None:
        super().__init__(formdata=request.args)
        self.forum.offer([("", _("All")), *((str(key), title) for key, title in forums)])
        names = [(code, language.name) for code, language in site_languages().items()]
        self.language.offer([("", _("All languages")), *names])


@bp.get("/texts/")
def index() -> ResponseReturnValue:
    return show("admin/texts.html", _("Texts"), [], **_table([(SITE, _("The site")), *titles_of_forums()], None))


@translate.get("/")
@signed_in
def own() -> ResponseReturnValue:
    viewer = signed_in_user()
    require(viewer, "translate_anything")
    forums = None if viewer.is_admin else {held.forum_id for held in viewer.roles if held.role == Role.TRANSLATOR}
    heading = _("Texts to translate")
    shown = _table(titles_of_forums(forums), forums)
    return render_template("admin/texts.html", heading=heading, steps=[(heading, request.path, "")], **shown), 200


@translate.route("/<kind_name>/<int:key>/<target>/", methods=["GET", "POST"])
@signed_in
def cell(kind_name: str, key: int, target: str) -> ResponseReturnValue:
    kind, viewer = find_kind(kind_name, TRANSLATED), signed_in_user()
    if target not in site_languages():
        raise NotFound
    require(viewer, "translate_anything")
    thing = get_object(kind, key)
    require(viewer, "translate", (forum_of(thing), target))
    form = _form_of(kind, thing, target)
    written = carry_out(
        form,
        lambda: write_cell(kind, key, target, form.typed, version=form.version.data, viewer=viewer),
        lambda: _form_of(kind, thing, target, formdata=None),
    )
    if written is not None:
        return done(_("The text has been saved."), _table_of(viewer)[1])
    return _cell_page(kind, thing, target, form, viewer)


def _form_of(kind: Kind, thing: Any, code: str, **source: Any) -> CellForm:
    """The form of a cell; with `formdata=None` of what is stored, whatever was sent."""
    return CELL_FORMS[kind.name](obj=thing.texts.get(code), version=version_of_cell(kind, thing, code), **source)


def _cell_page(kind: Kind, thing: Any, code: str, form: CellForm, viewer: Viewer) -> ResponseReturnValue:
    language, text = site_languages()[code], thing.texts.get(code)
    heading = f"{_(kind.label)}{_(':')} {language.name}"
    above = [(_("Administration"), link("admin.home"), "")] if viewer.is_admin else []
    forum = forum_of(thing)
    kept_in = wordings.kept_in(kind.name, thing, forum=forum, now=utcnow())
    page = render_template(
        "admin/cell.html",
        heading=heading,
        steps=[*above, (*_table_of(viewer), ""), (heading, request.path, "")],
        form=form,
        kind=kind,
        name=name_of(thing, reader_language()),
        forum=forum,
        code=code,
        direction=language.direction,
        others=[thing.texts[other] for other in site_languages() if other != code and other in thing.texts],
        blank=blank_texts(kind, thing.texts, code),
        outdated_since=text.outdated_since if text else None,
        kept_in=[one for one in kept_in if one == code],
        back=_table_of(viewer)[1],
    )
    return page, form.status


def _table_of(viewer: Viewer) -> tuple[str, str]:
    """The table from which the viewer came, by its name and address, with its filter and page."""
    if viewer.is_admin:
        return _("Texts"), link("admin.texts.index") + _place()
    return _("Texts to translate"), link("translate.own") + _place()


def _place() -> str:
    """The filter and the page of the table, which its cells keep in their addresses."""
    asked = {name: request.args[name] for name in ("forum", "language", "page") if request.args.get(name)}
    return f"?{urlencode(asked)}" if asked else ""


def titles_of_forums(keys: Collection[int] | None = None) -> list[tuple[int, str]]:
    """`(key, short title)` of these forums, by default of all, the latest made first."""
    statement = select(Forum).order_by(Forum.id.desc()).options(selectinload(Forum.texts))
    found = db.session.scalars(statement if keys is None else statement.where(Forum.id.in_(keys)))
    return [(forum.id, text_in(forum).short_title) for forum in found]


def _table(titles: list[tuple[int, str]], forums: Collection[int] | None) -> dict[str, Any]:
    """What the page shows: the lines that the filters leave, in pages. Raises NotFound beyond the last."""
    form, viewer = FilterForm(titles), signed_in_user()
    is_valid = form.validate()
    if is_valid and form.forum.data is not None:
        forums = {form.forum.data}
    codes = [form.language.data] if is_valid and form.language.data else list(site_languages())
    lines = list_lines(forums, codes)
    return {
        "form": form,
        "found": page_of_list(lines, asked_page()),
        "incomplete": sum(line.worst != COMPLETE for line in lines),
        "codes": codes,
        "titles": dict(titles),
        "may": lambda line, code: viewer.is_admin or viewer.has_role(Role.TRANSLATOR, line.forum_id, code),
        "query": query_without_page(),
        "place": _place(),
    }
