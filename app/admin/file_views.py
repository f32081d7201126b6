"""The files of a document: list, attach, delete."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import link
from app.admin import file_actions
from app.admin.common_views import Steps, ask, done, done_already, here, show, steps_to
from app.admin.file_forms import FileDeletionForm, FilesForm
from app.admin.object_queries import forum_of, get_file
from app.attachments.forms import takes_files
from app.audit import name_of
from app.forms import carry_out
from app.languages import reader_language
from app.models import Attachment, Document
from app.permissions import require_forum_takes
from app.rows import fetch
from app.viewer import signed_in_user

bp = Blueprint("files", __name__)


@bp.route("/documents/<int:document_id>/files/", methods=["GET", "POST"])
@takes_files
def index(document_id: int) -> ResponseReturnValue:
    document, form = fetch(Document, document_id), FilesForm()
    require_forum_takes("files", forum_of(document), "create")
    form.offer_languages()
    saved = carry_out(form, lambda: _add(document_id, form))
    if saved:
        return done(_("It is saved."), _address(document_id))
    heading, name = _("Files of the document"), name_of(document, reader_language())
    steps = [*_steps_to(document), here(heading)]
    return show("admin/files.html", heading, steps, form=form, document=document, name=name)


@bp.route("/documents/<int:document_id>/files/<int:attachment_id>/delete/", methods=["GET", "POST"])
def delete(document_id: int, attachment_id: int) -> ResponseReturnValue:
    form, back = FileDeletionForm(), _address(document_id)
    deleted = carry_out(
        form, lambda: file_actions.delete(document_id, attachment_id, **form.sent, viewer=signed_in_user())
    )
    if deleted is None:
        return _ask_to_delete(get_file(document_id, attachment_id), fetch(Document, document_id), form, back)
    return done(_("It is deleted."), back) if deleted else done_already(back)


def _ask_to_delete(file: Attachment, document: Document, form: FileDeletionForm, back: str) -> ResponseReturnValue:
    return ask(
        _("Delete the file"),
        _steps_to(document),
        form=form,
        version=file_actions.version_of_file(file),
        name=file.name,
        explanation=_("Its address will lead nowhere. The log keeps its name and its checksum. This cannot be undone."),
        button=_("Delete"),
        back=back,
    )


def _add(document_id: int, form: FilesForm) -> bool:
    file_actions.add(document_id, **form.sent, viewer=signed_in_user())
    return True


def _address(document_id: int) -> str:
    return link("admin.files.index", document_id=document_id)


def _steps_to(document: Document) -> Steps:
    edit = link("admin.objects.edit", kind_name="documents", key=document.id)
    return [*steps_to(forum_of(document)), (_("Edit the document"), edit, "")]
