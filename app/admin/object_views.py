"""Pages, forums, groups, questions, notices and documents: one way to list, create, edit and delete them."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.admin import object_actions
from app.admin.common_views import (
    Steps,
    ask,
    done,
    done_already,
    here,
    list_of,
    page_of,
    refusal_text,
    show,
    steps_of,
    steps_to,
)
from app.admin.object_forms import form_for
from app.admin.object_queries import (
    Kind,
    find_kind,
    forum_of,
    get_object,
    get_owner,
    incomplete_languages,
    missing_languages,
    owner_id_of,
    version_of_object,
)
from app.admin.page_queries import list_pages
from app.admin.text_forms import ObjectForm
from app.audit import name_of
from app.forms import VersionedForm, carry_out
from app.languages import reader_language, site_languages
from app.models import Document, Forum, Group
from app.moderation.queries import list_reasons
from app.permissions import require_forum_takes
from app.viewer import signed_in_user
from app.wordings import is_kept

bp = Blueprint("objects", __name__)


@bp.get("/pages/")
def pages() -> ResponseReturnValue:
    heading = _("Pages of the site")
    found = list_pages()
    parents = {page.parent_id for _depth, page in found}
    return show("admin/pages.html", heading, [here(heading)], pages=found, parents=parents)


@bp.get("/reasons/")
def reasons() -> ResponseReturnValue:
    heading = _("Reasons for moderation")
    return show("admin/reasons.html", heading, [here(heading)], reasons=list_reasons())


@bp.route("/<kind_name>/new/", methods=["GET", "POST"], defaults={"owner_id": None})
@bp.route("/<kind_name>/new/<int:owner_id>/", methods=["GET", "POST"])
def new(kind_name: str, owner_id: int | None) -> ResponseReturnValue:
    kind, viewer = find_kind(kind_name), signed_in_user()
    owner = get_owner(kind, owner_id)
    require_forum_takes(kind.name, forum_of(owner), "create")
    form = form_for(kind, None, reader_language())
    key = form.submission.data or ""
    made = carry_out(form, lambda: object_actions.create(kind, owner_id, **form.asked, key=key, viewer=viewer))
    if made is not None:
        return done(_("It is saved."), page_of(kind, get_object(kind, made)))
    return _form_page(_(kind.add), steps_of(kind, owner), form, list_of(kind, owner_id))


@bp.route("/<kind_name>/<int:key>/edit/", methods=["GET", "POST"])
def edit(kind_name: str, key: int) -> ResponseReturnValue:
    kind = find_kind(kind_name)
    thing = get_object(kind, key)
    require_forum_takes(kind.name, forum_of(thing), "edit")
    language = reader_language()
    form = form_for(kind, thing, language)
    saved = carry_out(form, lambda: _update(kind, key, form), lambda: form_for(kind, thing, language, formdata=None))
    if saved is not None:
        return done(_("The changes are saved."), page_of(kind, thing))
    files = link("admin.files.index", document_id=key) if kind.model is Document else ""
    shown = {"files_path": files, "is_kept": is_kept(kind.name, thing)}
    return _form_page(_(kind.edit), _steps_above(kind, thing), form, page_of(kind, thing), **shown)


def _update(kind: Kind, key: int, form: ObjectForm) -> int:
    return object_actions.update(kind, key, **form.asked, version=form.version.data, viewer=signed_in_user())


@bp.route("/<kind_name>/<int:key>/delete/", methods=["GET", "POST"])
def delete(kind_name: str, key: int) -> ResponseReturnValue:
    kind = find_kind(kind_name)
    back = list_of(kind, owner_id_of(kind, key))
    form, viewer = VersionedForm(), signed_in_user()
    deleted = carry_out(form, lambda: object_actions.delete(kind, key, version=form.version.data, viewer=viewer))
    if deleted is None:
        return _ask_to_delete(kind, get_object(kind, key), form, back)
    return done(_("It is deleted."), back) if deleted else done_already(back)


def _ask_to_delete(kind: Kind, thing: Any, form: VersionedForm, back: str) -> ResponseReturnValue:
    return ask(
        _(kind.delete),
        _steps_above(kind, thing),
        form=form,
        version=version_of_object(kind, thing),
        name=name_of(thing, reader_language()),
        refusal=refusal_text(object_actions.deletion_refusal(kind, thing)),
        explanation=_("It is deleted with all its texts and all that is in it. This cannot be undone."),
        button=_("Delete"),
        back=back,
    )


@bp.app_template_global()
def missing_texts(thing: Any, kind_name: str) -> tuple[list[str], list[str]]:
    """The names of the languages in which an object has no text, and of those in which a part of it is missing."""
    names = {code: language.name for code, language in site_languages().items()}
    partial = incomplete_languages(find_kind(kind_name), thing)
    return [names[code] for code in missing_languages(thing)], [names[code] for code in partial]


bp.app_template_global("kind_named")(find_kind)


def _form_page(heading: str, steps: Steps, form: ObjectForm, back: str, **context: object) -> ResponseReturnValue:
    return show("admin/object.html", heading, [*steps, here(heading)], form=form, back=back, **context)


def _steps_above(kind: Kind, thing: Any) -> Steps:
    """The steps to where an object stands; forums and groups have a page of their own."""
    if isinstance(thing, Forum | Group):
        return steps_to(thing)
    owner_id = kind.owner_id_of(thing)
    return steps_of(kind, get_owner(kind, owner_id))
