"""An act carries the version that the moderator was shown; if anything in it has changed, the act is refused."""

import re
import zlib
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import QuestionText, Topic, User
from app.versions import fingerprint
from tests.attachments.conftest import send
from tests.conftest import sign_in
from tests.files import make_attachment
from tests.moderation.conftest import BODY, changed, do, seen_by
from tests.world import World, make_pending, make_topic

# Two titles with the same CRC-32.
TITLE, ITS_TWIN = "Annual draft needs and regional plans", "Annual draft links and voluntary rules"
TOLD = "This was changed after you opened the page."
FORM = {"title": TITLE, "question": "0", "body": BODY, "language": "en", "on_behalf_of": ""}


@pytest.fixture
def first(app: Flask, world: World) -> int:
    """The number of a waiting message with a file that begins its topic."""
    with app.app_context():
        author = db.session.get_one(User, world.bruno)
        topic = make_topic(db.session.get_one(Topic, world.topic).group, author, TITLE)
        message = make_pending(topic, author, BODY)
        make_attachment(message, "paper.txt", b"Mild.")
        db.session.commit()
        return message.id


def question_texts(app: Flask) -> None:
    with app.app_context():
        for text in db.session.scalars(db.select(QuestionText)):
            text.text = f"Changed {text.text}"
        db.session.commit()


def edit(app: Flask, author: int, number: int, files: dict[str, bytes] | None = None, **fields: object) -> None:
    answer = send(sign_in(app, author), f"/en/messages/{number}/edit/", files or {}, **{**FORM, **fields})
    assert answer.status_code == 302


CHANGES: dict[str, tuple[Callable[[Flask, int, int], None], str]] = {
    "title": (lambda app, author, number: edit(app, author, number, title=ITS_TWIN), ITS_TWIN),
    "question": (lambda app, author, number: edit(app, author, number, question="1"), "What would help most?"),
    "body": (lambda app, author, number: edit(app, author, number, body="Wild words."), "Wild words."),
    "language": (lambda app, author, number: edit(app, author, number, language="fr"), "français"),
    "on behalf of": (lambda app, author, number: edit(app, author, number, on_behalf_of="Wild ones"), "Wild ones"),
    "file": (
        lambda app, author, number: edit(app, author, number, {"paper.txt": b"Wild."}, removed="1"),
        "paper.txt",
    ),
}


def test_the_two_titles_have_the_same_crc():
    assert TITLE != ITS_TWIN
    assert zlib.crc32(TITLE.encode()) == zlib.crc32(ITS_TWIN.encode())


@pytest.mark.parametrize("what", CHANGES)
def test_approval_is_refused_after_a_change_and_the_present_message_shown(
    what: str, app: Flask, world: World, first: int, moderator: FlaskClient, look
):
    seen = seen_by(moderator, first, "approve")
    change, stands_now = CHANGES[what]
    change(app, world.bruno, first)
    answer = do(moderator, first, "approve", version=seen)

    assert answer.status_code == 409
    assert TOLD in answer.text
    assert stands_now in answer.text
    assert look(first).status == "pending"


def test_change_of_only_the_content_of_a_file_changes_the_version(
    app: Flask, world: World, first: int, moderator: FlaskClient, look
):
    """The new file has the same name and size."""
    seen = seen_by(moderator, first, "approve")
    with app.app_context():
        file = db.session.get_one(type(look(first)), first).files[0]
        file.sha256 = "0" * 64
        db.session.commit()

    assert do(moderator, first, "approve", version=seen).status_code == 409


def test_text_of_the_question_is_shown_and_part_of_the_version(app: Flask, world: World, first, moderator, look):
    with changed(app, Topic, look(first).topic_id) as topic:
        topic.question = topic.group.questions[0]
    assert "What would help most? (en)" in moderator.get(f"/en/moderation/messages/{first}/").text
    assert "What would help most? (en)" in moderator.get("/en/moderation/").text
    seen = seen_by(moderator, first, "approve")
    question_texts(app)

    assert do(moderator, first, "approve", version=seen).status_code == 409


def test_refused_decision_can_be_repeated_from_the_page_with_the_present_message(app, world, first, moderator, look):
    seen = seen_by(moderator, first, "approve")
    edit(app, world.bruno, first, body="Other words.")
    answer = do(moderator, first, "return", version=seen, words="Name your source")
    assert "Name your source" in answer.text, "the typed text is kept"
    now = re.search(r'id="return-version"[^>]*value="([0-9a-f-]*)"', answer.text)[1]

    assert do(moderator, first, "return", version=now, words="Name your source").status_code == 302
    assert look(first).returned_at is not None


@pytest.mark.parametrize("act", ["approve", "return", "correct", "withhold", "settle"])
def test_every_act_requires_the_present_version(act: str, app, world, waiting, alice, moderator, acts):
    number = waiting
    if act == "settle":
        number = world.second
        alice.post(f"/en/messages/{number}/report/", data={"reason": "Look at it", "submission": "a"})
    data = {"body": "Corrected", "language": "en"} if act == "correct" else {}

    assert f'id="{act}-version"' in moderator.get(f"/en/moderation/messages/{number}/").text
    assert do(moderator, number, act, version="0" * 64, **data).status_code == 409
    assert acts() == []


def test_restoring_requires_the_present_version(world: World, moderator: FlaskClient, look):
    do(moderator, world.first, "withhold")

    assert 'id="restore-version"' in moderator.get(f"/en/moderation/messages/{world.first}/").text
    assert do(moderator, world.first, "restore", version="0" * 64).status_code == 409
    assert look(world.first).status == "withheld"


def test_form_that_does_not_say_what_was_seen_decides_nothing(waiting, moderator, acts):
    wrong = []
    for act in ("approve", "return", "correct", "withhold"):
        for seen in ({"version": ""}, {"version": None}):
            data = {"words": "Why", "body": "Corrected", "language": "en", **seen}
            answer = moderator.post(f"/en/moderation/messages/{waiting}/{act}/", data=data)
            if answer.status_code != 409 or TOLD not in answer.text or BODY not in answer.text or acts():
                wrong.append((act, seen))

    assert wrong == []


@pytest.mark.parametrize("act", ["settle", "withhold"])
def test_act_is_refused_if_a_report_has_come_meanwhile(act, world, alice, admin, moderator):
    alice.post(f"/en/messages/{world.second}/report/", data={"reason": "Look at it", "submission": "a"})
    seen = seen_by(moderator, world.second, act)
    admin.post(f"/en/messages/{world.second}/report/", data={"reason": "Far worse", "submission": "b"})
    answer = do(moderator, world.second, act, version=seen)

    assert answer.status_code == 409
    assert "Far worse" in answer.text
    assert do(moderator, world.second, act).status_code == 302


def test_act_is_refused_if_another_moderator_has_decided_meanwhile(waiting, moderator, admin, acts):
    seen = seen_by(moderator, waiting, "approve")
    do(admin, waiting, "return", words="Name your source")
    answer = do(moderator, waiting, "approve", version=seen)

    assert answer.status_code == 409
    assert "Name your source" in answer.text
    assert acts() == [("return", waiting)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", ""), ("a",)),
        (("a", ["b", "c"]), ("a", "b", "c")),
        ((["a"], ["b"]), (["a", "b"], [])),
        ((1,), ("1",)),
        ((None,), ("None",)),
        (('a", "b',), ("a", "b")),
    ],
)
def test_fingerprint_depends_on_the_boundaries_of_its_parts(one: tuple, other: tuple):
    assert fingerprint(*one) != fingerprint(*other)
    assert re.fullmatch("[0-9a-f]{64}", fingerprint(*one))
