"""Pages of bounded length with the most demanding text that a message accepts: for twice as much of it, the processor
time grows within bounds."""

from dataclasses import dataclass
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.markup import render
from app.models import Message, Topic
from tests.conftest import sign_in
from tests.growth import MOST, ratio
from tests.world import World, make_pending

LONGEST = Message.MAX_BODY
IN_THE_QUEUE = 10
ORDINARY = "What would help most? A form.\n\n" * 200
# With letters in between if nothing would be visible otherwise, and with as many lines and signs as a message accepts.
CONTENTS = {
    "combining marks": "a\u0301\u0327",
    "one letter": "a",
    "words": "a1 b2 c3 d4 e5 f6 g7 ",
    "brackets": "[aaa] ",
    "asterisks": "*" * 100 + " a\n\n",
    "asterisks apart": "*" + "a" * 300 + "\n\n",
    "quotes": "> aaaaaaaaaaaaaaa\n",
    "quotes in quotes": "> > > aaaaaaaaaaaaaaaaaaaaaaaaa\n",
    "pipes": "|aaaaa",
    "tables": "|a|b|c|\n|-|-|-|\n|" + "a" * 60 + "|b|c|\n\n",
    "digits": "1",
    "numbered items": "1. aaaaaaaaaaaaa\n",
    "items": "- aaaaaaaaaaaaa\n",
    "white space": "a \t\u00a0\u2003",
    "pictures": "\U0001f468\u200d\U0001f469\ufe0f",
    "marks of direction": "\u200f\u05d0 ",
    "less than": "a < b ",
    "ampersands": "a & b ",
    "links": "[aaaaaa](http://aaaaaaaaa) ",
    "bare addresses": "http://aaaaaaaa.example/a ",
    "hosts of one name": "www.aaaaaaaaaaaa/",
    "symbols": "UNEP/CBD/6/7/Add.1 ",
    "rules": "---\n\naaaaaaaaaaaaaaaaaaaaaaaaaaaa\n\n",
    "emphasis": "*aaa* bbbbbbbbbbbbbb\n\n",
    "code": "`aaa` bbbbbbbbbbbbbb\n\n",
}


@dataclass(frozen=True)
class Stored:
    """A topic with one message, which has been edited and reported."""

    topic: int
    number: int

    def pages(self) -> dict[str, str]:
        return {
            "topic": f"/en/topics/{self.topic}/",
            "history": f"/en/messages/{self.number}/history/",
            "print of the message": f"/en/print/messages/{self.number}/",
            "print of the topic": f"/en/print/topics/{self.topic}/",
            "feed": f"/en/feeds/topics/{self.topic}.atom",
            "reply with a quote": f"/en/topics/{self.topic}/reply/?to={self.number}&quote=1",
            "form to edit it": f"/en/messages/{self.number}/edit/",
            "page of its moderators": f"/en/moderation/messages/{self.number}/",
        }


def write(app: Flask, author: FlaskClient, reader: FlaskClient, text: str) -> Stored:
    """Through the forms; edited from the end to the beginning, which is the most work for the difference."""
    form = {"title": "What is heavy", "question": "0", "language": "en", "on_behalf_of": ""}
    answers = [author.post("/en/forums/open-forum/groups/group-1/new/", data={**form, "body": text})]
    with app.app_context():
        made = db.session.scalars(db.select(Message).order_by(Message.id.desc())).first()
        stored = Stored(made.topic_id, made.id)
    backwards = "\n".join(reversed(text.split("\n")))
    for body in (f"a\n\n{backwards}"[:LONGEST], text):
        answers.append(author.post(f"/en/messages/{stored.number}/edit/", data={**form, "body": body}))
    assert [answer.status_code for answer in answers] == [302] * 3
    assert reader.post(f"/en/messages/{stored.number}/report/", data={"reason": "Heavy"}).status_code == 302
    return stored


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_work_on_pages_grows_no_faster_than_their_text(
    content: str, app: Flask, world: World, alice: FlaskClient, bruno: FlaskClient
):
    text = (content * LONGEST)[:LONGEST].strip()
    moderator = sign_in(app, world.moderator)
    ordinary = write(app, alice, bruno, ORDINARY).pages()
    half, whole = (write(app, alice, bruno, part).pages() for part in (text[: LONGEST // 2].strip(), text))

    for name in half:
        client = moderator if "moderators" in name else alice
        asked = [partial(client.get, pages[name]) for pages in (half, whole, ordinary)]
        assert all(ask().status_code == 200 for ask in asked), name
        assert ratio(*asked) <= MOST, name


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_work_on_the_queue_grows_no_faster_than_its_text(
    content: str, app: Flask, world: World, bruno: FlaskClient, moderator: FlaskClient
):
    """The same queue, with another text in its messages each time."""
    text = (content * LONGEST)[:LONGEST].strip()
    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        for _ in range(IN_THE_QUEUE):
            make_pending(topic, topic.author, "x")
        db.session.commit()

    def queue_of(body: str) -> None:
        with app.app_context():
            html = render(body)
            db.session.execute(db.update(Message).where(Message.position.is_(None)).values(body=body, html=html))
            db.session.commit()
        moderator.get("/en/moderation/")

    parts = text[: LONGEST // 2].strip(), text, ORDINARY
    assert ratio(*(partial(queue_of, part) for part in parts)) <= MOST
