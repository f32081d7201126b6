"""Topics and messages of the sample, numbered in the order of time over all forums."""

from datetime import datetime
from typing import Any, NamedTuple

from app.extensions import db
from app.markup import render
from app.models import Forum, Message, MessageStatus, Revision, Topic, User
from app.sample.attaching import add_files
from app.sample.read import Calendar

Given = dict[str, Any]


class Post(NamedTuple):
    """A message of the files, with its time, its author and its topic."""

    at: datetime
    given: Given
    author: User
    topic: Topic


def gather(forum: Forum, given: list[Given], users: dict[str, User], calendar: Calendar) -> list[Post]:
    """Every message of a forum's topics; the topics get their keys when their first message is posted."""
    posts = []
    for one in given:
        first = one["message"][0]
        topic = _topic(one, forum, users[first["author"]], calendar.moment(first["at"]))
        posts += [
            Post(calendar.moment(message["at"]), message, users[message["author"]], topic) for message in one["message"]
        ]
    return posts


def add_messages(posts: list[Post], calendar: Calendar) -> None:
    """Post them one by one in the order of time, so that their numbers rise with it."""
    by_key: dict[str, Message] = {}
    for post in sorted(posts, key=lambda post: post.at):
        message = _message(post, by_key)
        _change(message, post.given, calendar)
        db.session.add(message)
        db.session.flush()
        add_files(message, post.given.get("files", ()), at=post.at)
        by_key[post.given.get("key", "")] = message


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
    )


def _change(message: Message, given: Given, calendar: Calendar) -> None:
    """Its edit and its withdrawal, where the files tell of one."""
    if edit := given.get("edit"):
        message.revisions = [
            Revision(
                body=message.body,
                html=message.html,
                language=message.language,
                on_behalf_of=message.on_behalf_of,
                written_at=message.posted_at,
            )
        ]
        message.body = edit["body"].strip()
        message.html = render(message.body)
        message.edited_at = calendar.moment(edit["at"])
    if "withdrawn" in given:
        message.status = MessageStatus.WITHDRAWN
        message.withdrawn_at = calendar.moment(given["withdrawn"])
