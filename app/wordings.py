"""Every change of an official text is public: the former wordings of the Secretariat's own texts, what it deleted, and
what it added after archiving. Called inside the transaction of the change.

Once someone has posted under a text (under a question, in a group, in the forum for all others), or once its forum has
been archived, its former wording remains public. What was never public is not kept.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, inspect, or_, select, update

from app.citations import cited
from app.extensions import db
from app.markup import render
from app.models import (
    Annotation,
    AnnotationKind,
    ChangeKind,
    Document,
    Forum,
    Group,
    Message,
    MessageStatus,
    Notice,
    OfficialChange,
    Page,
    Question,
    Topic,
)

Wordings = Mapping[str, Mapping[str, str]]  # what a text says, by language code and field; "" for all languages

KINDS: dict[str, type[Any]] = {
    "forums": Forum,
    "forum-pages": Page,
    "groups": Group,
    "questions": Question,
    "notices": Notice,
    "documents": Document,
    AnnotationKind.SUMMARY: Annotation,
    AnnotationKind.FOLLOW_UP: Annotation,
}
# What stands beside the texts and is the same in all languages.
OWN: dict[type[Any], tuple[str, ...]] = {
    Group: ("number",),
    Question: ("number",),
    Notice: ("published_at",),
    Document: tuple(sorted({one.key for one in inspect(Document).column_attrs} - {"id", "forum_id", "position"})),
}
NOT_READ = frozenset({"language", "outdated_since", "short_title", "description"})  # but in lists and by search engines
FILES = "files"
# What is told of the follow-up of a message is told as long as the message is shown. A condition of every query.
IN_SIGHT = or_(
    OfficialChange.place["message"].as_integer().is_(None),
    exists().where(
        Message.id == OfficialChange.place["message"].as_integer(), Message.status == MessageStatus.PUBLISHED
    ),
)


def kept_in(kind: str, thing: Any, *, forum: Forum | None, now: datetime) -> list[str]:
    """The languages in which a change of this text will keep what it said in public sight, of which its form warns;
    `forum` as for `keep`."""
    if forum is None or kind not in KINDS or not _is_in_sight(thing, forum, now):
        return []
    return sorted(thing.texts) if _matters(thing, forum) else []


def texts_of(kind: str, thing: Any) -> dict[str, dict[str, str]]:
    """What a thing says, for `keep`: by language code and field, with "" for what is the same in all of them."""
    if kind not in KINDS:
        return {}
    said = {code: {name: getattr(text, name) for name in _fields(type(text))} for code, text in thing.texts.items()}
    own = {name: _as_text(getattr(thing, name)) for name in OWN.get(type(thing), ())}
    if isinstance(thing, Document):
        own[FILES] = "\n".join(file.description for file in thing.attachments)
    return {**said, "": own} if own else said


def keep(kind: str, thing: Any, before: Wordings, *, forum: Forum | None, now: datetime) -> None:
    """Keep what a thing said `before` it was changed, by language code and field, where readers are to be told.

    Without "" in `before`, what is the same in all languages has not changed. A text in a further language is a
    translation, of which they are told only once the forum has been archived. `forum` is that to which the thing
    belongs; a thing of the site belongs to none, and nothing is kept.
    """
    if forum is None or kind not in KINDS or not _matters(thing, forum):
        return
    if _was_in_sight(thing, before, forum, now):
        _keep(kind, thing, before, forum, now)
    elif _take_back(kind, thing, now):
        keep_added(kind, thing, forum=forum, now=now)


def keep_added(kind: str, thing: Any, *, forum: Forum | None, now: datetime) -> None:
    """Tell readers of a thing that was made in a forum which has been archived."""
    if forum is None or kind not in KINDS or not forum.first_archived_at:
        return
    _keep(kind, thing, {}, forum, max(now, thing.published_at) if isinstance(thing, Notice) else now)


def keep_deleted(kind: str, thing: Any, *, forum: Forum | None, now: datetime) -> None:
    """Leave a line of a thing that is about to be deleted, where readers had it before their eyes."""
    if forum is None or kind not in KINDS:
        return
    _take_back(kind, thing, now)
    its_own = _told_of(kind, thing)
    is_told = db.session.scalar(select(OfficialChange.id).where(its_own).limit(1)) is not None
    if is_told or (_is_in_sight(thing, forum, now) and _matters(thing, forum)):
        _add(ChangeKind.DELETED, kind, thing, forum, now)
        db.session.flush()
    # The key may be given again, to something else.
    db.session.execute(update(OfficialChange).where(its_own).values(thing_id=None))


def take_out(forum: Forum, *, now: datetime) -> None:
    """Keep the date of archiving of a forum that is being taken out of the archive, and tell readers."""
    forum.archived_before = forum.archived_at
    _add(ChangeKind.TAKEN_OUT, "forums", forum, forum, now)


def archive_again(forum: Forum, *, now: datetime) -> datetime:
    """The date of archiving of a forum that is being archived: now, or the first one, and then readers are told that
    it was archived again."""
    if forum.archived_before is None:
        return now
    _add(ChangeKind.ARCHIVED, "forums", forum, forum, now)
    return forum.archived_before


def _told_of(kind: str, thing: Any) -> ColumnElement[bool]:
    return (OfficialChange.kind == kind) & (OfficialChange.thing_id == thing.id)


def _take_back(kind: str, thing: Any, now: datetime) -> bool:
    """Delete what readers would have been told of a notice that is held back; False where there was nothing."""
    to_come = _told_of(kind, thing) & (OfficialChange.at > now)
    found = db.session.scalars(delete(OfficialChange).where(to_come).returning(OfficialChange.id)).all()
    return bool(found)


def _keep(kind: str, thing: Any, before: Wordings, forum: Forum, now: datetime) -> None:
    after = texts_of(kind, thing)
    codes = [*before, *(code for code in after if code and code not in before)]
    former = {code: found for code in codes if (found := _former(thing, code, before, after, forum))}
    if not forum.first_archived_at:
        former = _without_translations(former, before)
    is_new = not any(value for values in former.values() for value in values.values())
    if former:
        _add(ChangeKind.ADDED if is_new else ChangeKind.CORRECTED, kind, thing, forum, now, former=former)


def _former(thing: Any, code: str, before: Wordings, after: Wordings, forum: Forum) -> dict[str, dict[str, str]]:
    """What changed in one language, as it was; blank where it said nothing."""
    old, new = before.get(code, {}), after.get(code, {})
    found = {}
    for name in [*old, *(name for name in new if name not in old)]:
        was, is_now = old.get(name, ""), new.get(name, "")
        if was == is_now or not _is_read(thing, code, name):
            continue
        if name == FILES and Counter(was.splitlines()) <= Counter(is_now.splitlines()):
            was = ""  # files came, and none went
        found[name] = {_form(thing, code, name): _rendered(thing, code, name, was, forum)} if was else {}
    return found


def _without_translations(former: dict[str, dict[str, Any]], before: Wordings) -> dict[str, dict[str, Any]]:
    """Without the fields that were blank in one language only; what no language had was added."""
    return {
        code: left
        for code, values in former.items()
        if (left := {name: was for name, was in values.items() if was or not _stood(name, before)})
    }


def _stood(field: str, before: Wordings) -> bool:
    """Whether any language had this field; files come in languages too."""
    return field == FILES or any(values.get(field) for values in before.values())


def _is_read(thing: Any, code: str, field: str) -> bool:
    return field in _fields(text_model_of(type(thing))) if code else field in {*OWN.get(type(thing), ()), FILES}


def _form(thing: Any, code: str, field: str) -> str:
    return "html" if code and _column_of_html(text_model_of(type(thing)), field) else "text"


def _rendered(thing: Any, code: str, field: str, said: str, forum: Forum) -> str:
    """As it is shown; headings begin below that of a page, and places deeper in a page put them deeper."""
    if _form(thing, code, field) != "html":
        return said
    return render(said, first_heading=2, official=True, cited=cited(said, forum.id))


def _fields(text_model: type[Any]) -> list[str]:
    """What people write in each language and readers read."""
    mapper = inspect(text_model)
    keys = {column.key for column in mapper.primary_key}
    names = [one.key for one in mapper.column_attrs]
    made = {_column_of_html(text_model, name) for name in names}
    return [name for name in names if name not in keys | made | NOT_READ]


def _column_of_html(text_model: type[Any], field: str) -> str:
    """The column of the HTML of a Markdown field, "" for a plain one."""
    name = "html" if field == "body" else f"{field}_html"
    return name if hasattr(text_model, name) else ""


def text_model_of(model: type[Any]) -> type[Any]:
    """The model of the texts of objects of this model."""
    found: type[Any] = inspect(model).relationships["texts"].mapper.class_
    return found


def _is_in_sight(thing: Any, forum: Forum, now: datetime) -> bool:
    """Whether readers can see it: a notice that is dated later is held back."""
    return forum.published_at is not None and not (isinstance(thing, Notice) and thing.published_at > now)


def _was_in_sight(thing: Any, before: Wordings, forum: Forum, now: datetime) -> bool:
    """Whether readers could see it `before`: a notice may have been given another date now."""
    dated = before.get("", {}).get("published_at")
    if not dated:
        return _is_in_sight(thing, forum, now)
    return forum.published_at is not None and dated <= _as_text(now)


def _matters(thing: Any, forum: Forum) -> bool:
    if forum.first_archived_at:
        return True
    waits = select(Message.id).where(Message.topic_id == Topic.id, Message.status == MessageStatus.PENDING).exists()
    posted = select(Topic.id).join(Group, Group.id == Topic.group_id).where(or_(Topic.last_position > 0, waits))
    return db.session.scalar(posted.where(_under(thing, forum)).limit(1)) is not None


def _under(thing: Any, forum: Forum) -> ColumnElement[bool]:
    """Which topics stand under a text."""
    if isinstance(thing, Question):
        return Topic.question_id == thing.id
    return Topic.group_id == thing.id if isinstance(thing, Group) else Group.forum_id == forum.id


def _add(change: ChangeKind, kind: str, thing: Any, forum: Forum, now: datetime, **more: Any) -> None:
    made = OfficialChange(
        forum_id=forum.id,
        at=now,
        change=change,
        kind=kind,
        thing_id=thing.id,
        after_archiving=forum.first_archived_at is not None,
        name={code: text.title for code, text in thing.texts.items() if hasattr(text, "title")},
        place=_place_of(thing),
        **more,
    )
    db.session.add(made)


def _place_of(thing: Any) -> dict[str, int | str]:
    """What identifies it, in addition to its name."""
    if isinstance(thing, Annotation):
        return thing.place
    if isinstance(thing, Question):
        return {"group": thing.group.number, "question": thing.number}
    if isinstance(thing, Document):
        return {"document": str(thing.kind), "symbol": thing.symbol}
    return {"group": thing.number} if isinstance(thing, Group) else {}


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return "" if value is None else str(value)
