"""Moderating topics: the acts that are possible on a topic, and a page with a form for each."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import asked_page, link
from app.database import utcnow
from app.forms import VersionedForm, carry_out
from app.forums import queries, topic_queries
from app.languages import N_, reader_language, site_default
from app.models import ActKind, Forum, Topic
from app.moderation import topics
from app.moderation.queue import list_reasons
from app.moderation.topic_forms import (
    ActForm,
    MergeForm,
    MoveForm,
    RefileForm,
    RetitleForm,
    SplitForm,
    StoredPlaceForm,
    StoredTitleForm,
)
from app.moderation.topics import Decision, version_of_topic
from app.permissions import can, require
from app.viewer import signed_in, signed_in_user

bp = Blueprint("topic_moderation", __name__, url_prefix="/<language:lang>/moderation/topics")

F = TypeVar("F", bound=ActForm)


class Words(NamedTuple):
    """The texts of an act: its name on the button and in the heading, what it does, and the message once done."""

    name: str
    explanation: str
    done: str


WORDS = {
    "pin": Words(
        N_("Pin the topic"),
        N_("It will be listed before the other topics of its group."),
        N_("The topic has been pinned."),
    ),
    "unpin": Words(
        N_("Unpin the topic"),
        N_("It will be listed with the other topics of its group."),
        N_("The topic is no longer pinned."),
    ),
    "lock": Words(
        N_("Lock the topic"),
        N_("It will no longer accept messages, and those in it can no longer be edited. Anyone can read it."),
        N_("The topic has been locked."),
    ),
    "unlock": Words(
        N_("Unlock the topic"),
        N_("It will accept messages again while its group is open."),
        N_("The topic has been unlocked."),
    ),
    "retitle": Words(
        N_("Rename the topic"),
        N_("The present title will remain only in the log, which is open to administrators."),
        N_("The topic has been renamed."),
    ),
    "refile": Words(
        N_("Move the topic to another group or guiding question"),
        N_("Its address and messages will not change."),
        N_("The topic has been moved."),
    ),
    "move": Words(
        N_("Move messages to another topic"),
        N_(
            "They will keep their numbers and addresses. If none remains here, the address of this topic will "
            "redirect to the other one."
        ),
        N_("The messages have been moved."),
    ),
    "split": Words(
        N_("Split off messages into a new topic"),
        N_(
            "They will keep their numbers and addresses. If none remains here, the address of this topic will "
            "redirect to the other one."
        ),
        N_("The messages now form a new topic."),
    ),
    "merge": Words(
        N_("Merge the topic into another one"),
        N_(
            "All its messages will be moved there and will keep their numbers. The address of this topic will "
            "redirect to the other one."
        ),
        N_("The topics have been merged."),
    ),
}
ON_MESSAGES = ("move", "split")


@bp.get("/<int:topic_id>/")
@signed_in
def overview(topic_id: int) -> ResponseReturnValue:
    viewer = signed_in_user()
    topic = queries.get_topic(topic_id, viewer=viewer)
    require(viewer, "moderate", topic.group.forum)
    if topic.merged_into_id:
        return redirect(link("topic_moderation.overview", topic_id=topic.merged_into_id))
    acts = _possible_acts(topic) if can(viewer, "moderate_topic", topic) else ON_MESSAGES
    return render_template("moderation/topic.html", topic=topic, acts=acts, words=WORDS)


@bp.route("/<int:topic_id>/<any(pin,unpin,lock,unlock):name>/", methods=["GET", "POST"])
@signed_in
def mark(topic_id: int, name: str) -> ResponseReturnValue:
    kind = ActKind(name)
    topic, form = _opened(topic_id, ActForm, kind)
    return _act(name, topic, form, lambda: topics.mark(topic_id, kind, decision=_decision(form)))


@bp.route("/<int:topic_id>/retitle/", methods=["GET", "POST"])
@signed_in
def retitle(topic_id: int) -> ResponseReturnValue:
    topic, form = _opened(topic_id, RetitleForm, ActKind.RETITLE)
    _preset(form, title=topic.title, language=topic.language)
    return _act(
        "retitle",
        topic,
        form,
        lambda: topics.retitle(topic_id, **form.titled, decision=_decision(form)),
        lambda: StoredTitleForm(formdata=None, title=topic.title, language=topic.language),
    )


@bp.route("/<int:topic_id>/refile/", methods=["GET", "POST"])
@signed_in
def refile(topic_id: int) -> ResponseReturnValue:
    topic, form = _opened(topic_id, RefileForm, ActKind.MOVE)
    form.offer_places(_forum_with_places(topic))
    _preset(form, place=(topic.group_id, topic.question_id))
    return _act(
        "refile",
        topic,
        form,
        lambda: topics.refile(topic_id, form.place.data, decision=_decision(form)),
        lambda: _stored_place(topic),
    )


@bp.route("/<int:topic_id>/move/", methods=["GET", "POST"])
@signed_in
def move(topic_id: int) -> ResponseReturnValue:
    topic, form = _opened(topic_id, MoveForm, ActKind.MOVE, "rearrange")
    form.offer_topics(topic)
    return _act(
        "move",
        topic,
        form,
        lambda: topics.move_messages(topic_id, form.numbers, form.target_id, decision=_decision(form)),
    )


@bp.route("/<int:topic_id>/split/", methods=["GET", "POST"])
@signed_in
def split(topic_id: int) -> ResponseReturnValue:
    topic, form = _opened(topic_id, SplitForm, ActKind.SPLIT, "rearrange")
    form.offer_places(_forum_with_places(topic))
    _preset(form, place=(topic.group_id, topic.question_id), language=topic.language)
    return _act(
        "split",
        topic,
        form,
        lambda: topics.split(topic_id, form.numbers, form.titled, form.place.data, decision=_decision(form)),
    )


@bp.route("/<int:topic_id>/merge/", methods=["GET", "POST"])
@signed_in
def merge(topic_id: int) -> ResponseReturnValue:
    topic, form = _opened(topic_id, MergeForm, ActKind.MERGE)
    form.offer_topics(topic)
    form.offer_questions(topic)
    return _act(
        "merge",
        topic,
        form,
        lambda: topics.merge(topic_id, form.target_id, form.chosen_place, decision=_decision(form)),
    )


def _opened(topic_id: int, form_kind: type[F], act: ActKind, right: str = "moderate_topic") -> tuple[Topic, F]:
    """The topic and the form of an act on it, with the reasons for this act.

    The action checks the right to send it, since only the action recognizes a form sent twice.
    """
    viewer = signed_in_user()
    topic = queries.get_topic(topic_id, viewer=viewer)
    require(viewer, "moderate", topic.group.forum)
    if request.method == "GET":
        require(viewer, right, topic)
    form = form_kind()
    form.offer(list_reasons(act), reader_language())
    return topic, form


def _preset(form: ActForm, **values: object) -> None:
    """Fill in the form when it is opened."""
    if not form.is_submitted():
        for name, value in values.items():
            form[name].data = value


def _forum_with_places(topic: Topic) -> Forum:
    """The topic's forum with its groups and their questions."""
    forum = queries.get_forum(topic.group.forum.slug, viewer=signed_in_user())
    queries.load_questions(forum)
    return forum


def _decision(form: ActForm) -> Decision:
    return Decision(by=signed_in_user(), reason=form.reason, version=form.version.data, key=form.submission.data or "")


def _stored_place(topic: Topic) -> StoredPlaceForm:
    form = StoredPlaceForm(formdata=None, place=(topic.group_id, topic.question_id))
    form.offer_places(_forum_with_places(topic))
    return form


def _act(
    name: str,
    topic: Topic,
    form: ActForm,
    action: Callable[[], int],
    stored: Callable[[], VersionedForm] | None = None,
) -> ResponseReturnValue:
    """Carry out the act and redirect to the topic that it returns; or show the form, with the stored values if they
    have changed."""
    leads_to = carry_out(form, action, stored)
    if leads_to is not None:
        flash(_(WORDS[name].done), "success")
        return redirect(link("forums.topic", topic_id=leads_to))
    form.shows(version_of_topic(topic))
    shown = _messages_to_choose(topic) if name in ON_MESSAGES else None
    context = {"topic": topic, "form": form, "name": name, "words": WORDS[name], "shown": shown}
    return render_template("moderation/topic_act.html", **context), form.status


def _messages_to_choose(topic: Topic) -> topic_queries.TopicPage:
    language, default = reader_language().code, site_default().code
    return topic_queries.get_topic_page(
        topic.id, asked_page(), viewer=signed_in_user(), language=language, default=default, now=utcnow()
    )


def _possible_acts(topic: Topic) -> list[str]:
    ruled_out = {"unpin" if topic.pinned_at is None else "pin", "unlock" if topic.locked_at is None else "lock"}
    return [name for name in WORDS if name not in ruled_out]
