"""Writing: start a topic, reply, preview, edit, withdraw."""

from datetime import date
from typing import Any, TypeVar

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.addresses import LARGEST_KEY
from app.attachments.forms import takes_files
from app.database import utcnow
from app.errors import AnsweredIsGone, ChangedMeanwhile, HiddenMeanwhile, NotFound, TitleStands
from app.forms import VersionedForm, carry_out, given_back, tell_again, told_at_its_field, unsaved_text
from app.forums import actions, queries, topic_queries
from app.forums.forms import EditForm, MessageForm, NewMessageForm, TopicForm
from app.languages import N_, reader_language, site_languages, text_in
from app.markup import quote
from app.models import FOR_A_GOVERNMENT, FOR_AN_ORGANIZATION, Group, Message, MessageStatus, Topic, User
from app.permissions import PostingContext, can, needs_approval, require
from app.plain import plain
from app.viewer import signed_in, signed_in_user, to_message
from app.writing import html_of, last_correction, version_of, why_returned

SAID_OF_CHANGES = {
    "message": N_("Your message has been edited. Its earlier versions remain available in its history."),
    "topic": N_("The title and question of the topic have been saved; your message is unchanged."),
    "": N_("You made no changes, so your message remains as it was."),
}
Written = TypeVar("Written", bound=MessageForm)
bp = Blueprint("posting", __name__, url_prefix="/<language:lang>")


@bp.route("/forums/<forum_slug>/groups/<group_slug>/new/", methods=["GET", "POST"])
@takes_files
@signed_in
def new_topic(forum_slug: str, group_slug: str) -> ResponseReturnValue:
    author = signed_in_user()
    group = queries.get_group(forum_slug, group_slug, viewer=author)
    _require_to_open_the_form(author, "start_topic", group)
    form = TopicForm(question=request.args.get("question", 0, type=int))
    form.question.offer(_question_choices(group))
    form.offer_late(_open_days(author, group))
    if _is_sent(_ready(form)):
        first = actions.start_topic(group, author=author, **form.topic, **form.sent)
        said = _("Your topic has been started, and your message is #%(number)s.", number=first.id)
        return to_message(first, _waiting(first) or said)
    return _form_page("forums/new_topic.html", form, group.forum_id, group=group, **_posting_as(author, group))


@bp.route("/topics/<int:topic_id>/reply/", methods=["GET", "POST"])
@takes_files
@signed_in
def reply(topic_id: int) -> ResponseReturnValue:
    author = signed_in_user()
    topic = queries.get_topic_to_write_in(topic_id, viewer=author)
    _require_to_open_the_form(author, "reply", topic)
    answered, row = _answered(topic)
    quoted = quote(answered.body, _said_by(row)) if answered and request.args.get("quote") else ""
    form = NewMessageForm(body=quoted)
    form.offer_late(_open_days(author, topic.group))
    if _is_sent(_ready(form)):
        posted = actions.reply(topic, author=author, reply_to=answered, **form.sent)
        said = _("Your message has been posted. Its number is #%(number)s.", number=posted.id)
        return to_message(posted, _waiting(posted) or said)
    more = _posting_as(author, topic.group)
    return _form_page(
        "forums/reply.html", form, topic.group.forum_id, topic=topic, answered=answered, answered_row=row, **more
    )


@bp.route("/messages/<int:number>/edit/", methods=["GET", "POST"])
@takes_files
@signed_in
def edit(number: int) -> ResponseReturnValue:
    author = signed_in_user()
    message = queries.get_message(number, viewer=author)
    require(author, "edit", message)
    form, unsaved = _edit_form(message, author), given_back(Message.MAX_BODY)
    if _is_sent(form):
        try:
            with told_at_its_field(form):
                changed = actions.edit(message, author=author, **form.changes)
                return to_message(message, (changed and _waiting(message)) or _(SAID_OF_CHANGES[changed]))
        except ChangedMeanwhile as error:
            form, unsaved = _outdated(form, message, author, error, unsaved)
    else:
        tell_again(form, lambda: _edit_form(message, author, formdata=None))
    told = {"returned": why_returned([message]).get(number), "corrected": last_correction(message)}
    return _form_page("forums/edit.html", form, message.forum_id, message=message, unsaved=unsaved, **told)


@bp.route("/messages/<int:number>/withdraw/", methods=["GET", "POST"])
@signed_in
def withdraw(number: int) -> ResponseReturnValue:
    author = signed_in_user()
    message = queries.get_message(number, viewer=author)
    form = VersionedForm()
    withdrawn = carry_out(form, lambda: actions.withdraw(message, author=author, version=form.version.data))
    if withdrawn is not None:
        said = _("Your message has been withdrawn. Its number and place remain.")
        return to_message(message, said if withdrawn else _("This has already been done. No further change was made."))
    require(author, "withdraw", message)
    form.shows(version_of(message))
    row = topic_queries.get_shown_message(number, viewer=author)
    return render_template("forums/withdraw.html", message=message, row=row, form=form), form.status


@bp.post("/preview/")
@signed_in
def preview() -> ResponseReturnValue:
    """The text of an unsent message as it will be shown, for the live preview."""
    body = plain(request.form.get("body", ""), Message.MAX_BODY).strip()
    language = request.form.get("language", "")
    language = language if language in site_languages() else reader_language().code
    forum_id = queries.find_forum(request.args.get("forum", 0, type=int), viewer=signed_in_user())
    return render_template("forums/preview.html", html=html_of(body, language, forum_id))


def _require_to_open_the_form(author: User, action: str, thing: Group | Topic) -> None:
    """Say before anything is typed that nothing can be posted. The action checks what is sent, since only it can tell
    a form sent twice."""
    if request.method == "GET":
        require(author, action, thing)


def _ready(form: Written, default: str | None = None) -> Written:
    """The form with the site's languages; that of the interface (or of the message) is chosen."""
    form.language.offer([(code, language.name) for code, language in site_languages().items()])
    if not form.is_submitted():
        form.language.data = default or reader_language().code
    return form


def _edit_form(message: Message, author: User, **source: Any) -> EditForm:
    """The form of a message; with `formdata=None` it shows what is stored and ignores what was sent."""
    topic = message.topic
    stored = {"title": topic.title, "question": topic.question.number if topic.question else 0}
    form = EditForm(obj=message, version=version_of(message), **stored, **source)
    form.offer_removal(message)
    if can(author, "change_title", message):
        form.question.offer(_question_choices(topic.group))
    else:
        if form.is_submitted() and any(name in request.form and form[name].data != stored[name] for name in stored):
            raise TitleStands
        form.leave_topic()
    return _ready(form, default=message.language)


def _outdated(
    form: EditForm, message: Message, author: User, error: ChangedMeanwhile, unsaved: str
) -> tuple[EditForm, str]:
    """The form to show if the message was changed after the form was opened: what was typed beside what is stored, and
    the text that was `unsaved` before. If a moderator has hidden words since, only what is stored, with the typed texts
    to copy from, which are not saved."""
    stored = _edit_form(message, author, formdata=None)
    if isinstance(error, HiddenMeanwhile):
        stored.is_outdated = True
        return stored, unsaved_text(form, stored, "title", "on_behalf_of")
    form.tell_what_is_stored(stored)
    form.files.ask_again()
    return form, unsaved


def _is_sent(form: MessageForm) -> bool:
    return bool(form.validate_on_submit() and not form.preview.data)


def _form_page(template: str, form: MessageForm, forum_id: int, **context: object) -> ResponseReturnValue:
    wants_preview = form.preview.data and not form.errors
    shown = html_of((form.body.data or "").strip(), form.language.data or "", forum_id) if wants_preview else None
    return render_template(template, form=form, preview=shown, now=utcnow(), **context), form.status


def _posting_as(author: User, group: Group) -> dict[str, bool]:
    """What the form says about the author: whether the message will wait, and whether they may type for others."""
    return {"waits": needs_approval(author, group), "may_speak_for": can(author, "speak_for", group)}


def _open_days(author: User, group: Group) -> tuple[date, date] | None:
    """The days of the opening and of the deadline after which the author can enter messages for the Secretariat; None
    for all others."""
    where = PostingContext.of_group(group, utcnow())
    deadline = where.state.deadline
    if not deadline or not where.is_over or not can(author, "speak_for", group):
        return None
    periods = group.forum.group_periods(group)
    return min(one.opens_at for one in periods if one.called_off_at is None).date(), deadline.date()


def _answered(topic: Topic) -> tuple[Message | None, Any]:
    """The message of this topic to answer, if the address names one, and its row to show."""
    if "to" not in request.args:
        return None, None
    number = request.args.get("to", type=int)
    answered = queries.find_message(number, viewer=signed_in_user()) if number and number <= LARGEST_KEY else None
    if answered is None or answered.topic_id != topic.id or answered.status == MessageStatus.PENDING:
        raise NotFound
    if answered.status != MessageStatus.PUBLISHED:
        raise AnsweredIsGone
    return answered, topic_queries.get_shown_message(answered.id, viewer=signed_in_user())


def _said_by(row: topic_queries.ShownMessage) -> str:
    """Whom a quotation quotes. The number becomes a link, and gives the quotation its language (`writing.html_of`)."""
    state = reader_language().state_name(row.country) if row.country and row.capacity in FOR_A_GOVERNMENT else ""
    organization = row.organization if row.capacity in FOR_AN_ORGANIZATION else ""
    return f"{', '.join(filter(None, (row.speaker or row.author, state, organization)))} (#{row.id}){_(':')}"


def _question_choices(group: Group) -> list[tuple[Any, ...]]:
    """The numbers of the questions with their texts, each in its own language."""
    texts = [(question.number, text_in(question)) for question in group.questions]
    offered = [(number, f"{number}. {text.text}", {"lang": text.language, "dir": "auto"}) for number, text in texts]
    return [(0, _("None: another subject")), *offered]


def _waiting(message: Message) -> str:
    """What to say about a message that no one else sees yet, as the message itself tells; nothing about other ones."""
    if message.status != MessageStatus.PENDING:
        return ""
    return _("Your message #%(number)s has been received.", number=message.id)
