"""The files of the sample are complete in each language and consistent with each other."""

import re
import tomllib
from datetime import UTC, date, datetime

import pytest

from app import begin
from app.models import (
    Capacity,
    Document,
    DocumentText,
    ForumText,
    GroupText,
    Message,
    NoticeText,
    Page,
    PageText,
    PeriodKind,
    QuestionText,
    ReasonText,
    Topic,
    User,
)
from app.models.annotation import AnnotationKind, AnnotationText
from app.models.forum import DocumentKind
from app.sample.files import Calendar, read
from app.sample.load import ANNOTATIONS, FORUMS, TOPICS

LANGUAGES = {"en", "es", "fr"}
LIMITS = {
    "page": {"title": PageText.MAX_TITLE, "description": PageText.MAX_DESCRIPTION, "body": PageText.MAX_BODY},
    "forum": {
        "title": ForumText.MAX_TITLE,
        "short_title": ForumText.MAX_SHORT_TITLE,
        "description": ForumText.MAX_DESCRIPTION,
        "organizer": ForumText.MAX_ORGANIZER,
        "about": ForumText.MAX_BODY,
        "mandate": ForumText.MAX_BODY,
    },
    "notice": {"title": NoticeText.MAX_TITLE, "body": NoticeText.MAX_BODY},
    "document": {"title": DocumentText.MAX_TITLE, "note": DocumentText.MAX_NOTE},
    "group": {
        "title": GroupText.MAX_TITLE,
        "introduction": GroupText.MAX_BODY,
        "remarks": GroupText.MAX_BODY,
    },
}
CALENDAR = Calendar(date(2026, 11, 22))
MAY_BE_EMPTY = {"remarks", "note"}


def forums():
    return [read(name)["forum"] for name in FORUMS]


def open_topics():
    return [topic for name in TOPICS for topic in read(name)["topic"]]


def open_messages():
    return [message for topic in open_topics() for message in topic["message"]]


def annotations():
    return read(ANNOTATIONS)["annotation"]


def described():
    """`(kind, its texts)` of everything that has texts."""
    yield from (("page", page["text"]) for page in read("site")["page"])
    for forum in forums():
        yield "forum", forum["text"]
        for kind in ("page", "notice", "document", "group"):
            yield from ((kind, one["text"]) for one in forum[kind])


def test_every_text_exists_in_each_language_and_fits():
    for kind, texts in described():
        assert texts.keys() == LANGUAGES
        for code, text in texts.items():
            for name, most in LIMITS[kind].items():
                assert text[name].strip() or name in MAY_BE_EMPTY, (kind, code, name)
                assert len(text[name]) <= most, (kind, code, name, text[name])


def test_every_question_exists_in_each_language():
    for forum in forums():
        for group in forum["group"]:
            for question in group.get("question", ()):
                assert question["text"].keys() == LANGUAGES
                assert all(0 < len(text) <= QuestionText.MAX_TEXT for text in question["text"].values())


def test_every_reason_exists_in_each_language_and_has_a_key_of_its_own():
    reasons = tomllib.loads(begin.FILE.read_text("utf-8"))["reason"]
    keys = [reason["key"] for reason in reasons]

    assert len(set(keys)) == len(keys) >= 6
    for reason in reasons:
        assert reason["text"].keys() == LANGUAGES
        assert all(0 < len(text) <= ReasonText.MAX_TEXT for text in reason["text"].values())
    assert {message["withheld"]["reason"] for message in open_messages() if "withheld" in message} <= set(keys)


def test_remarks_of_a_forum_are_one_paragraph_without_markdown():
    """They are shown as text, not as Markdown."""
    for forum in forums():
        for text in forum["text"].values():
            assert not set(text["remarks"].strip()) & set("*_`#[]\n")


def test_kinds_exist_and_symbols_fit():
    for forum in forums():
        assert {one["kind"] for one in forum["document"]} <= set(DocumentKind)
        assert {one["kind"] for one in forum["period"]} <= set(PeriodKind)
        assert all(len(one["symbol"]) <= Document.MAX_SYMBOL for one in forum["document"])
        assert all(len(page["slug"]) <= Page.MAX_SLUG for page in forum["page"])


def test_people_have_keys_of_their_own_and_their_texts_fit():
    people = read("site")["user"] + read("forum_open")["user"]
    assert len({one["key"] for one in people}) == len(people)
    assert {one["capacity"] for one in people} == set(Capacity)
    for one in people:
        assert one["language"] in LANGUAGES
        assert 0 < len(one["name"]) <= User.MAX_NAME
        assert len(one["organization"]) <= User.MAX_ORGANIZATION


def test_the_open_forum_is_a_real_discussion():
    messages = open_messages()

    assert len(messages) >= 60
    assert {message["language"] for message in messages} == LANGUAGES
    assert sum("on_behalf_of" in message for message in messages) >= 3
    assert any("edit" in message for message in messages)
    assert any("withdrawn" in message for message in messages)
    assert any("withheld" in message for message in messages)
    assert sum("reply_to" in message for message in messages) > len(messages) / 2
    assert any("\n> " in message["body"] for message in messages), "quotes"
    assert any("\n- " in message["body"] for message in messages), "lists"
    assert any("](http" in message["body"] for message in messages), "links"
    assert sum(len(message["body"]) for message in messages) / len(messages) > 500, "real length"


def test_messages_fit_and_their_authors_exist():
    keys = {one["key"] for one in read("site")["user"] + read("forum_open")["user"]}
    for topic in open_topics():
        assert len(topic["title"]) <= Topic.MAX_TITLE
        assert topic["language"] in LANGUAGES
        for message in topic["message"]:
            assert message["author"] in keys
            assert 0 < len(message["body"].strip()) <= Message.MAX_BODY
            assert len(message.get("on_behalf_of", "")) <= Message.MAX_ON_BEHALF_OF


def test_messages_answer_earlier_ones_of_their_topic():
    for topic in open_topics():
        at = {message["key"]: CALENDAR.moment(message["at"]) for message in topic["message"]}
        assert len(at) == len(topic["message"]), "each key once"
        for message in topic["message"]:
            if "reply_to" in message:
                assert at[message["reply_to"]] < at[message["key"]], message["key"]


def test_edits_and_withdrawals_follow_the_message():
    for message in open_messages():
        at = CALENDAR.moment(message["at"])
        assert "edit" not in message or CALENDAR.moment(message["edit"]["at"]) > at
        assert "withdrawn" not in message or CALENDAR.moment(message["withdrawn"]) > at
        assert "withheld" not in message or CALENDAR.moment(message["withheld"]["at"]) > at


def test_messages_were_posted_while_their_group_was_open():
    forum = forums()[1]
    groups = {group["slug"]: group.get("period") or forum["period"] for group in forum["group"]}
    for topic in open_topics():
        periods = groups[topic["group"]]
        spans = [(CALENDAR.moment(period["opens"]), CALENDAR.moment(period["closes"])) for period in periods]
        for message in topic["message"]:
            at = CALENDAR.moment(message["at"])
            is_late = "received" in message  # the Secretariat entered it after the deadline, but it had come in time
            day = CALENDAR.day(message["received"]) if is_late else at.date()
            assert any(opens <= at <= closes for opens, closes in spans) != is_late, message
            assert any(opens.date() <= day <= closes.date() for opens, closes in spans), message


def test_annotations_are_in_each_language_fit_and_cite_messages_of_the_forum():
    most = {AnnotationKind.SUMMARY: AnnotationText.MAX_SUMMARY, AnnotationKind.FOLLOW_UP: AnnotationText.MAX_FOLLOW_UP}
    keys = {message["key"] for message in open_messages()}

    for one in annotations():
        assert one["text"].keys() == LANGUAGES
        for text in one["text"].values():
            assert 0 < len(text["body"].strip()) <= most[one["kind"]]
            assert set(re.findall(r"#(m\d+)", text["body"])) <= keys
        assert len({tuple(re.findall(r"#m\d+", text["body"])) for text in one["text"].values()}) == 1, one


def test_everything_that_has_happened_is_in_the_past_at_midnight():
    midnight = datetime(2026, 11, 22, tzinfo=UTC)
    happened = [message["at"] for message in open_messages()]
    happened += [message["edit"]["at"] for message in open_messages() if "edit" in message]
    happened += [message["withdrawn"] for message in open_messages() if "withdrawn" in message]
    happened += [message["withheld"]["at"] for message in open_messages() if "withheld" in message]
    happened += [one["at"] for one in annotations()]
    happened += [notice["at"] for notice in forums()[1]["notice"]]
    assert max(CALENDAR.moment(at) for at in happened) < midnight


@pytest.mark.parametrize("written", ["yesterday", "D12 09:30", "D-1 9:30", "D-1 09:30 UTC"])
def test_malformed_times_are_refused(written):
    with pytest.raises(ValueError, match="is not a time such as"):
        CALENDAR.moment(written)


def test_relative_times():
    assert CALENDAR.moment("D-12 09:30") == datetime(2026, 11, 10, 9, 30, tzinfo=UTC)
    assert CALENDAR.moment("D+4 23:00") == datetime(2026, 11, 26, 23, 0, tzinfo=UTC)
    assert CALENDAR.day("D-41") == date(2026, 10, 12)
    assert CALENDAR.day(date(2012, 2, 9)) == date(2012, 2, 9)
