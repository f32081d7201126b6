"""The table of contributions and the data: what they hold, for whom, and how they open."""

import csv
import errno
import hashlib
import io
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import spreadsheets
from app.auth.leaving import erase
from app.database import utcnow
from app.extensions import db
from app.models import Forum, Message, MessageStatus, Topic, User
from app.plain import plain
from app.printing.schema import faults
from tests.files import make_attachment
from tests.hostile import HOSTILE
from tests.printing.contributed import OPEN, SCHEMA, data_of, rows_of
from tests.world import World, make_message, make_pending, make_topic

COLUMNS = (
    "Number,Date and time (UTC),Received on,Status,Participant,On behalf of,Posted by,Capacity,State,Organization,"
    "Group,Question,Topic,In reply to,Language,Text,Address,Files"
).split(",")


@pytest.fixture
def change(app: Flask, world: World) -> Callable[[Callable[[], Any]], Any]:
    """Changes the small world; gives what the change gives, such as the number of a message."""

    def make(what: Callable[[], Any]) -> Any:
        with app.app_context():
            made = what()
            db.session.commit()
            return made.id if isinstance(made, Message) else made

    return make


def post(world: World, body: str, **more: Any) -> Message:
    topic = db.session.get_one(Topic, world.topic)
    return make_message(topic, db.session.get_one(User, world.bruno), body, **more)


def hide(message: Message, status: MessageStatus) -> Message:
    message.status = status
    if status == MessageStatus.WITHDRAWN:
        message.withdrawn_at = utcnow()
    else:
        message.withheld_at, message.withheld_for = utcnow(), {"en": "Off topic: see #1", "#": "1"}
    return message


# The table


def test_table_has_a_row_for_each_message_in_the_order_of_numbers(moderator: FlaskClient, world: World):
    first, second = rows_of(moderator)

    assert list(first) == COLUMNS
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", first.pop("Date and time (UTC)"))
    assert "|".join(first.values()) == (
        "1||published|Alice|||Party|Republic of Valdorenia|Ministry of Tests|1||Reporting formats||English|"
        "A shorter form would help.|http://127.0.0.1:8000/en/messages/1/|"
    )
    assert (second["Number"], second["In reply to"], second["Language"]) == ("2", "1", "español")


def test_table_tells_who_spoke_and_who_posted_it_for_them(moderator: FlaskClient, world: World, change):
    change(lambda: post(world, "By letter.", speaker="Carla Letter", on_behalf_of="Some others"))
    row = rows_of(moderator)[-1]

    assert (row["Participant"], row["On behalf of"], row["Posted by"]) == ("Carla Letter", "Some others", "Bruno")


def test_table_and_data_tell_when_the_secretariat_received_a_message(moderator: FlaskClient, world: World, change):
    change(lambda: post(world, "By letter.", speaker="Carla Letter", received_on=date(2026, 3, 4), after_deadline=True))
    message = data_of(moderator)["messages"][-1]

    assert rows_of(moderator)[-1]["Received on"] == "2026-03-04"
    assert (message["received_on"], message["after_deadline"]) == ("2026-03-04", True)


def test_table_names_files_with_their_addresses(moderator: FlaskClient, world: World, change):
    def write() -> str:
        message = post(world, "See files.")
        return "; ".join(
            f"{name} http://127.0.0.1:8000/attachments/{make_attachment(message, name).id}/{path}"
            for name, path in (("a b.txt", "a%20b.txt"), ("c.txt", "c.txt"))
        )

    assert change(write) == rows_of(moderator)[-1]["Files"]


@pytest.mark.parametrize(("language", "separator"), [("en", ","), ("es", ";"), ("fr", ";")])
def test_table_opens_in_columns_in_each_language(moderator: FlaskClient, world: World, change, language, separator):
    change(lambda: post(world, 'Semicolons; commas, "quotes"\n\nand paragraphs'))
    path = OPEN.replace("/en/", f"/{language}/")
    answer = moderator.get(f"{path}.csv", buffered=True)

    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.mimetype == "text/csv"
    assert 'filename="open-forum-' + language in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), delimiter=separator))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert rows[-1][COLUMNS.index("Text")] == 'Semicolons; commas, "quotes" and paragraphs'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "a; =1+1", "\uff1d1", "a\n\n=1+1"])
def test_table_runs_no_formula(moderator: FlaskClient, world: World, change, text):
    def write() -> None:
        message = post(world, text, speaker=text, on_behalf_of=text)
        message.organization = message.topic.title = text
        make_attachment(message, f"{text.strip()}.txt".replace("\n", " "))

    change(write)
    raw = moderator.get(f"{OPEN}.csv", buffered=True).get_data().decode("utf-8-sig")

    cells = [cell.lstrip() for row in csv.reader(io.StringIO(raw, newline="")) for cell in row]
    starts = [part.lstrip() for cell in cells for part in re.split(r"[;\n]", cell)]
    assert [cell for cell in (*cells, *starts) if cell[:1] in ("=", "+", "-", "@", "\uff1d")] == []


def test_long_cell_of_signs_stays_within_what_spreadsheets_take(moderator: FlaskClient, world: World, change):
    change(lambda: post(world, "x" + ";=1" * 9_999))

    assert len(rows_of(moderator)[-1]["Text"]) == 32_000


# The data


def test_data_hold_a_message_in_source_and_html_with_its_files(moderator: FlaskClient, world: World, change):
    def write() -> Message:
        message = post(world, "*Text*", on_behalf_of="Some others")
        make_attachment(message, "a.txt", b"A note.")
        return message

    number = change(write)
    message = data_of(moderator)["messages"][-1]

    assert message["number"] == number
    assert (message["markdown"], message["html"].strip()) == ("*Text*", "<p><em>Text</em></p>")
    assert message["author"] == {"number": 2, "title": "", "name": "Bruno", "former_number": None}
    [file] = message["files"]
    assert (file["name"], file["size"], file["address"]) == ("a.txt", 7, f"/attachments/{file['number']}/a.txt")
    assert file["sha256"] == hashlib.sha256(b"A note.").hexdigest()


def test_file_that_the_reader_has_is_not_sent_again(moderator: FlaskClient, world: World, change):
    for suffix in ("csv", "json"):
        known = {"If-None-Match": moderator.get(f"{OPEN}.{suffix}", buffered=True).headers["ETag"]}
        assert moderator.get(f"{OPEN}.{suffix}", headers=known, buffered=True).status_code == 304
        change(lambda: post(world, "One more."))
        assert moderator.get(f"{OPEN}.{suffix}", headers=known, buffered=True).status_code == 200


# What nobody reads in them


@pytest.mark.parametrize("status", [MessageStatus.WITHDRAWN, MessageStatus.WITHHELD])
def test_message_that_was_taken_back_is_a_number_without_words_and_files(moderator, world: World, change, status):
    def write() -> Message:
        message = post(world, "Zzyzx words", on_behalf_of="Zzyzx others")
        make_attachment(message, "zzyzx.txt")
        return hide(message, status)

    number = change(write)
    row, message = rows_of(moderator)[-1], data_of(moderator)["messages"][-1]
    whole = "".join(moderator.get(f"{OPEN}.{suffix}", buffered=True).text for suffix in ("csv", "json"))

    assert "zzyzx" not in whole.lower()
    assert (row["Number"], row["Status"], row["Text"], row["Files"]) == (str(number), status, "", "")
    assert (message["number"], message["status"], message["markdown"], message["html"], message["files"]) == (
        *(number, status, None, None),
        [],
    )
    public = {"texts": {"en": "Off topic: see #1"}, "cites": [1]}
    assert message["reason"] == (public if status == MessageStatus.WITHHELD else None)


def test_message_that_waits_is_in_no_file(moderator: FlaskClient, world: World, change):
    def write() -> None:
        topic = db.session.get_one(Topic, world.topic)
        bruno = db.session.get_one(User, world.bruno)
        make_pending(topic, bruno, "Zzyzx words")
        make_pending(make_topic(topic.group, bruno, "Zzyzx title"), bruno, "Zzyzx words")
        hide(make_pending(topic, bruno, "Zzyzx words"), MessageStatus.WITHHELD)

    change(write)

    assert len(rows_of(moderator)) == len(data_of(moderator)["messages"]) == 2
    assert "zzyzx" not in "".join(
        moderator.get(f"{OPEN}.{suffix}", buffered=True).text.lower() for suffix in ("csv", "json")
    )


def test_participant_whose_account_was_deleted_has_no_name(app: Flask, moderator, world: World, change):
    change(lambda: erase(db.session.get_one(User, world.alice)))
    row, message = rows_of(moderator)[0], data_of(moderator)["messages"][0]

    assert (row["Participant"], row["Organization"]) == ("Former participant 1", "")
    assert message["author"] == {"number": 1, "title": "", "name": "", "former_number": 1}
    assert "Alice" not in moderator.get(f"{OPEN}.json", buffered=True).text


def test_withdrawn_message_of_a_deleted_account_keeps_its_number_alone(moderator, world: World, change):
    number = change(lambda: hide(post(world, "Zzyzx words"), MessageStatus.WITHDRAWN))
    change(lambda: erase(db.session.get_one(User, world.bruno)))
    row, message = rows_of(moderator)[-1], data_of(moderator)["messages"][-1]

    assert [row[name] for name in ("Number", "Status", "Participant")] == [
        str(number),
        "withdrawn",
        "Former participant 1",
    ]
    assert row["Text"] == ""
    assert (message["number"], message["author"]["name"], message["markdown"]) == (number, "", None)
    assert list(faults(data_of(moderator), SCHEMA)) == []


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_full_disk_is_told_in_the_language_of_the_reader(app: Flask, moderator, world, monkeypatch, language):
    """No part of the file has been sent."""

    def fail(_file: Any, _part: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spreadsheets.SpooledTemporaryFile, "write", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answers = [moderator.get(f"{OPEN.replace('/en/', f'/{language}/')}.{suffix}") for suffix in ("csv", "json")]

    assert [answer.status_code for answer in answers] == [500, 500]
    assert [f'<html lang="{language}"' in answer.text for answer in answers] == [True, True]
    assert [name for answer in answers for name in ("Content-Disposition", "ETag") if name in answer.headers] == []


def test_forum_without_messages_has_a_heading_and_its_texts(admin: FlaskClient, world: World):
    path = "/en/print/forums/draft-forum/contributions"
    lines = admin.get(f"{path}.csv", buffered=True).text.splitlines()
    data = data_of(admin, path)

    assert len(lines) == 1
    assert (data["messages"], data["topics"], data["record"]) == ([], [], [])
    assert data["forum"]["texts"]["fr"]["title"] == "Title of draft-forum (fr)"
    assert list(faults(data, SCHEMA)) == []


def test_hostile_text_is_literal(moderator: FlaskClient, world: World, change):
    typed = [plain(text) for text in HOSTILE]
    change(lambda: [post(world, text) for text in typed] and None)
    data = data_of(moderator)

    assert list(faults(data, SCHEMA)) == []
    assert [message["markdown"] for message in data["messages"]][2:] == typed
    assert len(rows_of(moderator)) == len(typed) + 2


# For whom they are


def test_everybody_reads_them_once_the_forum_is_archived(visitor, alice, world: World, change):
    change(lambda: setattr(db.session.get_one(Forum, world.forum), "archived_at", utcnow()))

    assert {
        client.get(f"{OPEN}.{suffix}", buffered=True).status_code
        for client in (visitor, alice)
        for suffix in ("csv", "json")
    } == {200}
    assert "A shorter form would help." in visitor.get(f"{OPEN}.csv", buffered=True).text


@pytest.mark.parametrize(
    ("language", "heading"),
    [("en", "This is not public yet"), ("es", "Contenido aún no público"), ("fr", "Contenu non encore public")],
)
def test_who_asks_before_that_is_told_from_when_on(visitor, alice, world: World, language, heading):
    for client in (visitor, alice):
        answer = client.get(f"{OPEN.replace('/en/', f'/{language}/')}.csv")
        assert answer.status_code == 403
        assert heading in answer.text


def test_page_of_the_record_leads_moderators_to_them(visitor, alice, moderator, admin, world: World):
    found = [
        f'href="{OPEN}.csv"' in client.get("/en/print/forums/open-forum/download/").text
        for client in (visitor, alice, moderator, admin)
    ]

    assert found == [False, False, True, True]
