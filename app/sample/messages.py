"""Topics and messages of the sample, numbered by time, and what the Secretariat wrote about them."""

import re
from datetime import date, datetime
from typing import NamedTuple

from app.citations import cited
from app.difference import compare
from app.extensions import db
from app.markup import render
from app.models import ActKind, Annotation, AnnotationText, Forum, Message, MessageStatus, Reason, Revision, Topic, User
from app.sample.files import Calendar, Given, add_files
from app.writing import record_act

KEY = re.compile(r"#(m\d+)")


class Post(NamedTuple):
    """A message from the files, with its time, author and topic."""

    at: datetime
    given: Given
    author: User
    topic: Topic


def gather(forum: Forum, given: list[Given], users: dict[str, User], calendar: Calendar) -> list[Post]:
    """Every message of a forum; a topic gets its key when its first message is posted."""
    posts = []
    for one in given:
        first = one["message"][0]
        topic = _topic(one, forum, users[first["author"]], calendar.moment(first["at"]))
        posts += [
            Post(calendar.moment(message["at"]), message, users[message["author"]], topic) for message in one["message"]
        ]
    return posts


def add_messages(
    posts: list[Post], calendar: Calendar, reasons: dict[str, Reason], moderator: User
) -> dict[str, Message]:
    """Post them one by one in order of time, so that a later message has a higher number. Returns them by key."""
    by_key: dict[str, Message] = {}
    for post in sorted(posts, key=lambda post: post.at):
        message = _message(post, by_key)
        _change(message, post.given, calendar)
        db.session.add(message)
        db.session.flush()
        add_files(message, post.given.get("files", ()), at=post.at)
        if received := post.given.get("received"):
            _receive(message, calendar.day(received), post.given)
        if withheld := post.given.get("withheld"):
            _withhold(message, calendar.moment(withheld["at"]), reasons[withheld["reason"]], moderator)
        by_key[post.given.get("key", "")] = message
    return by_key


def _topic(given: Given, forum: Forum, author: User, at: datetime) -> Topic:
    group = next(group for group in forum.groups if group.slug == given["group"])
    return Topic(
        group=group,
        question=next((asked for asked in group.questions if asked.number == given.get("question")), None),
        author=author,
        title=given["title"],
        language=given["language"],
        created_at=at,
        last_position=0,
    )


def _message(post: Post, by_key: dict[str, Message]) -> Message:
    post.topic.last_position += 1
    body = post.given["body"].strip()
    return Message(
        topic=post.topic,
        position=post.topic.last_position,
        author=post.author,
        reply_to=by_key[post.given["reply_to"]] if "reply_to" in post.given else None,
        language=post.given["language"],
        body=body,
        html=render(body),
        capacity=post.author.capacity,
        organization=post.author.organization,
        country=post.author.country,
        on_behalf_of=post.given.get("on_behalf_of", ""),
        posted_at=post.at,
        published_at=post.at,
    )


def _receive(message: Message, day: date, given: Given) -> None:
    """Enter it after the deadline, as the letter of someone else that came in time."""
    message.speaker, message.received_on, message.after_deadline = given["speaker"], day, True
    message.capacity, message.organization, message.country = given["capacity"], given["organization"], ""
    forum, by = message.topic.group.forum, message.author
    act = record_act(ActKind.ENTER, by=by, forum=forum, reason={}, message=message, received_on=day.isoformat())
    act.at = message.posted_at


def _withhold(message: Message, at: datetime, reason: Reason, moderator: User) -> None:
    texts = {code: text.text for code, text in reason.texts.items()}
    message.status, message.withheld_at, message.withheld_for = MessageStatus.WITHHELD, at, texts
    forum = message.topic.group.forum
    record_act(ActKind.WITHHOLD, by=moderator, forum=forum, reason=texts, message=message).at = at


def add_annotations(given: list[Given], forum: Forum, messages: dict[str, Message], calendar: Calendar) -> None:
    """What the Secretariat wrote about the messages, which it cites by their keys."""
    for one in given:
        group = next((group for group in forum.groups if group.number == one.get("group")), None)
        asked = group.questions if group else ()
        question = next((question for question in asked if question.number == one.get("question")), None)
        made = Annotation(
            forum=forum,
            kind=one["kind"],
            group=None if question else group,
            question=question,
            message=messages[one["message"]] if "message" in one else None,
            written_at=calendar.moment(one["at"]),
        )
        for code, text in one["text"].items():
            body = KEY.sub(lambda found: f"#{messages[found[1]].id}", text["body"].strip())
            html = render(body, first_heading=2, official=True, cited=cited(body, forum.id))
            made.texts[code] = AnnotationText(language=code, body=body, html=html, url=text.get("url", ""))
        db.session.add(made)


def _change(message: Message, given: Given, calendar: Calendar) -> None:
    """Edit or withdraw the message, if the files say so."""
    if edit := given.get("edit"):
        body = edit["body"].strip()
        html = render(body)
        message.revisions = [
            Revision(
                body=message.body,
                html=message.html,
                language=message.language,
                on_behalf_of=message.on_behalf_of,
                written_at=message.posted_at,
                difference=compare(message.html, html),
            )
        ]
        message.body, message.html = body, html
        message.edited_at = calendar.moment(edit["at"])
    if "withdrawn" in given:
        message.status = MessageStatus.WITHDRAWN
        message.withdrawn_at = calendar.moment(given["withdrawn"])
