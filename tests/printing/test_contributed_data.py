"""The data of a forum with everything that forums hold."""

import json

import pytest
from flask import Flask

from app.extensions import db
from app.models import Forum
from app.printing import contributions
from app.printing.schema import faults
from tests.full_world import FullWorld
from tests.printing.contributed import OPEN, SCHEMA, data_of


@pytest.mark.parametrize("forum", ["open", "draft", "closed", "archived", "reopened", "undated"])
def test_data_is_as_its_schema_says(one_app: Flask, full: FullWorld, people, forum):
    data = data_of(people["admin"], f"/en/print/forums/{forum}-forum/contributions")

    assert list(faults(data, SCHEMA)) == []


def test_schema_is_checked_to_the_end(people, full: FullWorld):
    """The check itself finds what is wrong deep down in the data, and keywords that it does not know."""
    data = data_of(people["admin"])
    wrong = [
        (data["messages"][0]["author"], "number", "1"),
        (data["messages"][0], "status", "pending"),
        (data["messages"][0], "position", 0),
        (data["messages"][0], "posted_at", "yesterday"),
        (data["forum"], "more", 1),
        (data["periods"][0], "former_dates", [[]]),
    ]
    for thing, name, value in wrong:
        before = thing.get(name)
        thing[name] = value
        assert list(faults(data, SCHEMA)) != [], name
        thing[name] = before
        if before is None:
            del thing[name]

    assert list(faults(data, SCHEMA)) == []
    assert list(faults(1, {"maximum": 2})) == ["$: the schema has {'maximum'}"]


def test_data_hold_every_text_of_the_forum_in_each_language(one_app: Flask, full: FullWorld, people):
    data = people["admin"].get(f"{OPEN}.json", buffered=True).get_data(as_text=True)
    with one_app.app_context():
        forum = db.session.get_one(Forum, full.small.forum)
        owners = [forum, *forum.groups, *forum.pages, *forum.notices, *forum.documents]
        owners += [question for group in forum.groups for question in group.questions]
        texts = [text for owner in owners for text in owner.texts.values()]
        said = [getattr(text, column.name) for text in texts for column in type(text).__table__.columns]

    words = [value for value in said if isinstance(value, str) and value]
    assert len(words) > 100
    assert [value for value in words if json.dumps(value, ensure_ascii=False) not in data] == []


def test_data_are_the_same_in_each_language_and_for_each_reader(full: FullWorld, people):
    paths = [f"/{language}/print/forums/open-forum/contributions.json" for language in ("en", "es", "fr")]
    answers = {people[name].get(path, buffered=True).data for path in paths for name in ("moderator", "admin")}

    assert len(answers) == 1


@pytest.mark.parametrize("part", [1, 2, 500])
def test_files_are_the_same_in_however_many_parts_they_are_read(full: FullWorld, people, monkeypatch, part):
    whole = [people["admin"].get(f"{OPEN}.{suffix}", buffered=True).data for suffix in ("csv", "json")]
    monkeypatch.setattr(contributions, "PART", part)

    assert [people["admin"].get(f"{OPEN}.{suffix}", buffered=True).data for suffix in ("csv", "json")] == whole


def test_data_hold_former_wordings_that_everybody_may_read(full: FullWorld, people):
    messages = {message["number"]: message for message in data_of(people["admin"])["messages"]}
    [edited] = messages[full.edited]["former"]
    [corrected] = messages[full.moderated.corrected]["former"]

    assert (edited["version"], edited["markdown"], edited["on_behalf_of"]) == (1, "Before", "Others")
    assert (corrected["version"], corrected["markdown"]) == (2, "Said before 1")


def test_data_hold_no_former_wording_that_is_hidden(full: FullWorld, people):
    assert "Said before 0" not in people["admin"].get(f"{OPEN}.json", buffered=True).text


def test_record_tells_which_version_each_correction_made(full: FullWorld, people):
    acts = [act for act in data_of(people["admin"])["record"] if act.get("message") == full.moderated.corrected]

    assert [(act["version"], act["hides"]) for act in acts] == [(2, True), (3, False)]
