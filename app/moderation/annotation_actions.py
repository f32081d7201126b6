"""Writing summaries, and what became of contributions. Each action is one transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app import audit, wordings
from app.citations import cited
from app.database import LOCKED, utcnow
from app.extensions import db, transaction
from app.markup import render
from app.models import Annotation, AnnotationText, Forum, Message, User
from app.moderation.annotation_queries import find_annotation, get_subject, version_of
from app.notify import tell_of_follow_up
from app.permissions import require_forum_takes
from app.submissions import Once
from app.versions import require_version

Texts = Mapping[str, Mapping[str, str]]


def write(kind: str, about: str, key: int, texts: Texts, *, version: str, submission: str, by: User) -> str:
    """Write a summary or a follow-up with these texts, by language code, each with `body` (Markdown) and `url`. One
    that is blank in all languages is deleted.

    Returns what was done: "create", "edit", "delete", or "" if nothing changes or the same form was sent before. The
    author of a message is told of the first follow-up, and never again. Raises NotFound, Forbidden, ChangedMeanwhile,
    and Archived for a deletion in an archived forum.
    """
    once = Once(submission, by, kind, about, key, texts)
    with transaction(once=once):
        subject = get_subject(kind, about, key, viewer=by)
        # No two can write the first one at the same time.
        db.session.execute(select(Forum.id).where(Forum.id == subject.forum.id).with_for_update(**LOCKED))
        found = find_annotation(subject)
        if once.before is not None:
            return ""
        present, before = version_of(found), wordings.texts_of(kind, found) if found else {}
        found = found or Annotation(**subject.columns)
        changes = _assign(found, texts, subject.forum)
        require_version(version, present, changes=changes)
        if not changes:
            return ""
        db.session.add(found)
        done = "edit" if before and found.texts else "create" if found.texts else "delete"
        db.session.flush()
        _keep(done, found, before, subject.forum)
        audit.record(by, done, kind, found, changes)
        if isinstance(subject.thing, Message) and done == "create" and found.told_at is None:
            found.told_at = utcnow()
            tell_of_follow_up(subject.thing, found, by=by)
        once.made(found.id)
    return done


def _assign(found: Annotation, texts: Texts, forum: Forum) -> list[audit.Change]:
    """Set the texts and say what changed. Where a text is changed that was up to date, those in other languages are
    outdated until they are written again."""
    changes: list[audit.Change] = []
    written, leads = set(), False
    for code, fields in texts.items():
        known = found.texts.get(code)
        if not fields["body"]:
            for name in ("body", "url") if known else ():
                changes += audit.changed(name, getattr(known, name), "", code)
            found.texts.pop(code, None)
            continue
        text = known or AnnotationText(language=code, body="", html="", url="")
        made = audit.assign(text, fields, code)
        text.html = render(fields["body"], first_heading=2, official=True, cited=cited(fields["body"], forum.id))
        found.texts[code] = text
        if made:
            changes += made
            written.add(code)
            leads = leads or bool(known and not known.outdated_since)
            text.outdated_since = None
    if leads:
        for code in found.texts.keys() - written:
            found.texts[code].outdated_since = found.texts[code].outdated_since or utcnow()
    return changes


def _keep(done: str, found: Annotation, before: dict[str, Any], forum: Forum) -> None:
    """Keep the former wording public, as for every official text."""
    now = utcnow()
    if done == "create":
        found.written_at, found.corrected_at = now, None
        wordings.keep_added(found.kind, found, forum=forum, now=now)
    elif done == "delete":
        require_forum_takes(found.kind, forum, "delete")
        wordings.keep_deleted(found.kind, found, forum=forum, now=now)
    else:
        after = wordings.texts_of(found.kind, found)
        if any(after.get(code) != said for code, said in before.items()):
            found.corrected_at = now
        wordings.keep(found.kind, found, before, forum=forum, now=now)
