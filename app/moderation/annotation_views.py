"""Summaries and follow-up: all of a forum, and the form of each."""

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app import wordings
from app.addresses import link
from app.database import utcnow
from app.forms import carry_out
from app.forums import queries
from app.forums.annotation_queries import list_annotations
from app.languages import N_
from app.models import AnnotationKind, Message
from app.moderation.annotation_actions import write
from app.moderation.annotation_forms import AnnotationForm
from app.moderation.annotation_queries import ABOUT, find_annotation, get_subject, list_contributions, messages_by_key
from app.permissions import can, require
from app.turns import in_turn
from app.viewer import signed_in, signed_in_user

DONE = {
    "create": N_("The text has been published."),
    "edit": N_("The text has been changed."),
    "delete": N_("The text has been deleted."),
    "": N_("You made no changes."),
}
KINDS = ",".join(f'"{kind}"' for kind in AnnotationKind)
THINGS = ",".join({about: None for kind in ABOUT.values() for about in kind})

bp = Blueprint("annotations", __name__, url_prefix="/<language:lang>/moderation")


@bp.get("/forums/<forum_slug>/annotations/")
@signed_in
def overview(forum_slug: str) -> ResponseReturnValue:
    viewer = signed_in_user()
    forum = queries.get_forum_and_groups(forum_slug, viewer=viewer)
    require(viewer, "annotate", forum)
    found = list_annotations(forum.id, with_messages=True)
    messages = messages_by_key([one.message_id for one in found if one.message_id])
    own = {message.id for message in messages if can(viewer, "follow_up", message)}
    return render_template("moderation/annotations.html", forum=forum, annotations=found, open_to_viewer=own)


@bp.route(f"/<any({KINDS}):kind>/<any({THINGS}):about>/<int:key>/", methods=["GET", "POST"])
@signed_in
@in_turn
def edit(kind: str, about: str, key: int) -> ResponseReturnValue:
    viewer = signed_in_user()
    subject = get_subject(kind, about, key, viewer=viewer)
    found = find_annotation(subject)
    form = AnnotationForm(kind, found)
    sent = {"version": form.version.data, "submission": form.submission.data or ""}
    done = carry_out(
        form,
        lambda: write(kind, about, key, form.typed, **sent, by=viewer),
        lambda: AnnotationForm(kind, find_annotation(subject), formdata=None),
    )
    if done is not None:
        flash(_(DONE[done]), "success")
        if isinstance(subject.thing, Message):
            return redirect(link("forums.message", number=key))
        return redirect(link("annotations.overview", forum_slug=subject.forum.slug))
    kept_in = wordings.kept_in(kind, found, forum=subject.forum, now=utcnow()) if found else []
    shown = {"subject": subject, "form": form, "kept_in": kept_in, "contributions": list_contributions(subject)}
    return render_template("moderation/annotation.html", **shown), form.status
