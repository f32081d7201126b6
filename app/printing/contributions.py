"""Every contribution to a forum: as a table in the reader's language, and as data (docs/contributions.md).

Both contain only public content, no matter who asks, and are made in parts, by message number, so that a forum of any
length needs little memory.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import bindparam, select

from app.addresses import absolute, link, link_in
from app.database import in_parts, utcnow
from app.extensions import db
from app.forums.annotation_queries import list_annotations
from app.forums.history_queries import count_versions, numbers_of_revisions, public_files, public_revisions
from app.forums.queries import get_forum, load_questions, named_moderators
from app.forums.topic_queries import MESSAGE_COLUMNS, ShownMessage, read_messages
from app.labels import CAPACITY, STATUS
from app.languages import Language, site_default, site_languages
from app.markup import CITED, text_of
from app.models import (
    ActKind,
    Capacity,
    Forum,
    Group,
    Message,
    MessageStatus,
    Question,
    Topic,
    User,
    Viewer,
)
from app.moderation.record import Line, whole_record
from app.permissions import require
from app.spreadsheets import BYTE_ORDER_MARK, line

FORMAT, VERSION = "plenary-contributions", 1
PART = 500  # messages
_message = Message.__table__.c
_IN_PART = MESSAGE_COLUMNS.where(_message.id.in_(bindparam("numbers", expanding=True))).order_by(_message.id)
_PUBLIC_TOPICS = (
    select(
        Topic.id,
        Group.number.label("group"),
        Question.number.label("question"),
        Topic.title,
        Topic.language,
        Topic.created_at,
        Topic.pinned_at,
        Topic.locked_at,
        Topic.merged_into_id,
        Topic.author_id,
        User.title.label("author_title"),
        User.name.label("author_name"),
        User.former_number,
    )
    .join(Group, Group.id == Topic.group_id)
    .join(User, User.id == Topic.author_id)
    .outerjoin(Question, Question.id == Topic.question_id)
    .where(Topic.last_position > 0)
    .order_by(Topic.id)
)


def get_forum_to_list(slug: str, *, viewer: Viewer) -> Forum:
    """A forum with all its texts, for its table of contributions. Raises NotFound, and NotArchivedYet or Forbidden."""
    forum = get_forum(slug, viewer=viewer)
    require(viewer, "see_contributions", forum)
    load_questions(forum)
    return forum


def as_table(forum: Forum, language: Language) -> Iterator[str]:
    """The lines of a CSV file with a heading."""
    yield BYTE_ORDER_MARK + line(
        language,
        _("Number"),
        _("Date and time (UTC)"),
        _("Received on"),
        _("Status"),
        _("Participant"),
        _("On behalf of"),
        _("Posted by"),
        _("Capacity"),
        _("State"),
        _("Organization"),
        _("Group"),
        _("Question"),
        _("Topic"),
        _("In reply to"),
        _("Language"),
        _("Text"),
        _("Address"),
        _("Files"),
    )
    for messages, topics in _parts(forum):
        for message in messages:
            topic = topics[message.topic_id]
            yield line(
                language,
                message.id,
                f"{message.posted_at:%Y-%m-%d %H:%M:%S}",
                message.received_on or "",
                _(STATUS[MessageStatus(message.status)]),
                message.speaker or message.author,
                message.on_behalf_of if _is_shown(message) else "",
                message.author if message.speaker else "",
                _(CAPACITY[Capacity(message.capacity)]),
                language.state_name(message.country),
                message.organization,
                topic.group,
                topic.question or "",
                topic.title,
                message.reply_to_id or "",
                _language_name(message.language),
                text_of(message.html),
                absolute(link("forums.message", number=message.id)),
                "; ".join(f"{file.name} {absolute(_address_of(file))}" for file in message.files),
            )


def as_data(forum: Forum) -> Iterator[str]:
    """The same with all texts of the forum, in all languages, and its record: enough to load it into another site. The
    same forum gives the same text in each language of the site."""
    data = _Data(forum)
    yield from _written(
        {
            "format": FORMAT,
            "version": VERSION,
            "site": forum.origin or current_app.config["SITE"].site_url,
            "languages": list(site_languages()),
            "forum": data.forum_itself(),
            "periods": data.periods(),
            "groups": data.groups(),
            "pages": data.pages(),
            "notices": data.notices(),
            "documents": data.documents(),
            "summaries_and_follow_up": data.annotations(),
            "messages": data.messages(),
            "topics": data.topics(),  # after the messages, so that it holds those of all of them
            "record": data.record(),
        }
    )


def _parts(forum: Forum) -> Iterator[tuple[list[ShownMessage], dict[int, Any]]]:
    """The public messages of a forum, part by part, each with the topics in which they stand, by key."""
    public = select(Message.id).where(Message.forum_id == forum.id, Message.position.is_not(None))
    for numbers in in_parts(db.session.scalars(public).all(), PART):
        messages = read_messages(_IN_PART, {"numbers": numbers})
        places = _PUBLIC_TOPICS.where(Topic.id.in_({message.topic_id for message in messages}))
        yield messages, {topic.id: topic for topic in db.session.execute(places)}


def _is_shown(message: ShownMessage) -> bool:
    """Whether its words can be read; others are numbers without words and files."""
    return message.status == MessageStatus.PUBLISHED


@dataclass
class _Data:
    """The parts of the data of a forum; `people` are the numbers in it of those who have an account, by its key."""

    forum: Forum
    now: datetime = field(default_factory=utcnow)
    people: dict[int, int] = field(default_factory=dict)

    def forum_itself(self) -> dict[str, Any]:
        forum = self.forum
        moderators = [
            {"title": one.title, "name": one.name, "languages": one.languages.split()}
            for one in named_moderators(forum, site_default())
        ]
        return {
            "slug": forum.slug,
            **_picked(forum, "published_at archived_at archived_before by_invitation"),
            "moderators": moderators if forum.names_moderators else None,
            "texts": _texts(forum),
        }

    def periods(self) -> Iterator[dict[str, Any]]:
        numbers = self.forum.group_numbers
        for period in self.forum.periods:
            dates = _picked(period, "kind opens_at closes_at called_off_at")
            group = numbers[period.group_id] if period.group_id else None
            yield {"group": group, **dates, "former_dates": period.former_dates or []}

    def groups(self) -> Iterator[dict[str, Any]]:
        for group in self.forum.groups:
            questions = [{"number": one.number, "key": one.id, "texts": _texts(one)} for one in group.questions]
            about = {"number": group.number, "key": group.id, "slug": group.slug}
            yield {**about, "texts": _texts(group), "questions": questions}

    def pages(self) -> Iterator[dict[str, Any]]:
        for page in self.forum.pages:
            yield {"slug": page.slug, "position": page.position, "texts": _texts(page)}

    def notices(self) -> Iterator[dict[str, Any]]:
        for notice in sorted(self.forum.notices_at(self.now), key=lambda one: one.id):
            yield {"number": notice.id, "published_at": notice.published_at, "texts": _texts(notice)}

    def documents(self) -> Iterator[dict[str, Any]]:
        for document in self.forum.documents:
            files = [_file(file) for file in document.attachments if file.removed_at is None]
            about = _picked(document, "kind symbol dated position")
            yield {"number": document.id, **about, "texts": _texts(document), "files": files}

    def annotations(self) -> Iterator[dict[str, Any]]:
        for one in list_annotations(self.forum.id, with_messages=True):
            of = {"message": None, "group": None, "question": None} | one.place
            yield {**_picked(one, "kind written_at corrected_at"), **of, "texts": _texts(one)}

    def messages(self) -> Iterator[dict[str, Any]]:
        for messages, topics in _parts(self.forum):
            shown = [message.id for message in messages if _is_shown(message)]
            sources = select(Message.id, Message.body).where(Message.id.in_(shown))
            bodies = {row.id: row.body for row in db.session.execute(sources)}
            former, files, versions = public_revisions(shown), public_files(shown), count_versions(shown)
            for message in messages:
                topic, is_shown = topics[message.topic_id], _is_shown(message)
                yield {
                    "number": message.id,
                    **_picked(message, "posted_at received_on after_deadline status withdrawn_at withheld_at"),
                    "reason": _reason(message.withheld_for),
                    "author": self._person(message.author_id, message.title, message.name, message.former_number),
                    "speaker": message.speaker,
                    "on_behalf_of": message.on_behalf_of if is_shown else "",
                    **_picked(message, "capacity confirmed"),
                    "state": message.country,
                    "organization": message.organization,
                    "group": topic.group,
                    "question": topic.question,
                    "topic": topic.id,
                    "position": message.position,
                    "in_reply_to": message.reply_to_id,
                    "language": message.language,
                    "markdown": bodies.get(message.id, "") if is_shown else None,
                    "html": message.html if is_shown else None,
                    "edited_at": message.edited_at if is_shown else None,
                    "version": versions.get(message.id, 1) if is_shown else None,
                    "former": [_former(one) for one in former.get(message.id, ())],
                    "address": _address("forums.message", number=message.id),
                    "files": [_file(one) for one in files.get(message.id, ()) if not one.removed_at],
                    "removed_files": [_removed(one) for one in files.get(message.id, ()) if one.removed_at],
                }

    def topics(self) -> Iterator[dict[str, Any]]:
        for topic in db.session.execute(_PUBLIC_TOPICS.where(Group.forum_id == self.forum.id)):
            yield {
                "number": topic.id,
                **_picked(topic, "group question title language created_at pinned_at locked_at"),
                "merged_into": topic.merged_into_id,
                "author": self._person(topic.author_id, topic.author_title, topic.author_name, topic.former_number),
                "address": _address("forums.topic", topic_id=topic.id),
            }

    def record(self) -> Iterator[dict[str, Any]]:
        lines = whole_record(self.forum, now=self.now)
        made = numbers_of_revisions(
            {one.act.message_id for one in lines if isinstance(one, Line) and one.act.message_id}
        )
        for one in lines:
            if isinstance(one, Line):
                act = one.act
                revision = act.detail.get("revision") if act.kind == ActKind.EDIT else None
                yield {
                    **_picked(act, "at kind"),
                    "message": act.message_id,
                    "topic": act.topic_id,
                    "from_topic": act.detail.get("from_topic"),
                    "messages": act.detail.get("messages") or [],
                    "version": made[revision] + 1 if revision in made else None,
                    "hides": "hides" in act.detail,
                    "received_on": act.detail.get("received_on"),
                    "reason": _reason(act.reason),
                }
            else:
                about = _picked(one, "at change after_archiving kind name place former")
                yield {**about, "of": self._names.get((one.kind, one.thing_id))}

    def _person(self, key: int, title: str, name: str, former_number: int | None) -> dict[str, Any]:
        number = self.people.setdefault(key, len(self.people) + 1)
        return {"number": number, "title": title, "name": name, "former_number": former_number}

    @cached_property
    def _names(self) -> dict[tuple[str, int | None], dict[str, Any]]:
        """By what the data name each thing that can have been changed, by its kind and key."""
        forum, groups = self.forum, self.forum.groups
        return {
            ("forums", forum.id): {},
            **{("groups", group.id): {"group": group.number} for group in groups},
            **{
                ("questions", question.id): {"group": group.number, "question": question.number}
                for group in groups
                for question in group.questions
            },
            **{("forum-pages", page.id): {"page": page.slug} for page in forum.pages},
            **{("notices", notice.id): {"notice": notice.id} for notice in forum.notices},
            **{("documents", document.id): {"document": document.id} for document in forum.documents},
        }


def as_text(members: Mapping[str, Any]) -> str:
    """JSON, with one line for each member."""
    return "".join(_written(members))


def _written(members: Mapping[str, Any]) -> Iterator[str]:
    """JSON with one line for each member and for each item of those that are read one by one."""
    before = "{\n"
    for name, value in members.items():
        yield f"{before}{_json(name)}: "
        if isinstance(value, Iterator):
            between = "[\n"
            for item in value:
                yield between + _json(item)
                between = ",\n"
            yield "[]" if between == "[\n" else "\n]"
        else:
            yield _json(value)
        before = ",\n"
    yield "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: date) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value.isoformat()


def _picked(thing: Any, names: str) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names.split()}


def _texts(owner: Any) -> dict[str, dict[str, Any]]:
    """All that is written in each language, by its code."""
    return {code: _columns(text) for code, text in sorted(owner.texts.items())}


def _columns(text: Any) -> dict[str, Any]:
    columns = type(text).__table__.columns
    return {column.name: getattr(text, column.name) for column in columns if not column.primary_key}


def _reason(texts: Mapping[str, str] | None) -> dict[str, Any] | None:
    """A reason in its languages, and the messages that it cites; None if none was given."""
    said = {code: text for code, text in sorted((texts or {}).items()) if code != CITED}
    return {"texts": said, "cites": [int(number) for number in (texts or {}).get(CITED, "").split()]} if said else None


def _former(revision: Any) -> dict[str, Any]:
    about = _picked(revision, "written_at language on_behalf_of")
    return {"version": revision.number, **about, "markdown": revision.body, "html": revision.html}


def _file(file: Any) -> dict[str, Any]:
    return {**_kept(file), "address": _address_of(file)}


def _removed(file: Any) -> dict[str, Any]:
    """What remains of a file that the author has removed."""
    return {**_kept(file), "removed_at": file.removed_at}


def _kept(file: Any) -> dict[str, Any]:
    about = _picked(file, "name media_type size sha256 language")
    return {"number": file.id, **about, "attached_at": file.created_at}


def _address(endpoint: str, **values: object) -> str:
    """A path in the default language of the site."""
    return link_in(site_default().code, endpoint, **values)


def _address_of(file: Any) -> str:
    return link("attachments.download", attachment_id=file.id, name=file.name)


def _language_name(code: str) -> str:
    known = site_languages()
    return known[code].name if code in known else code
