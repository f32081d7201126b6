"""The dates of a forum as a calendar: what is in it, and that it is one by RFC 5545."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.feeds.calendar import folded
from app.models import Forum, Group, GroupText, Period, PeriodKind
from tests.admin.periods import add
from tests.clients import Client
from tests.moderation.conftest import changed
from tests.world import World, make_period, texts

PATH = "/en/forums/open-forum/deadlines.ics"
UNESCAPED = {"\\\\": "\\", "\\;": ";", "\\,": ",", "\\n": "\n", "\\N": "\n"}
NEEDED = {"UID", "DTSTAMP", "DTSTART", "SUMMARY"}


def read(client: FlaskClient, path: str = PATH) -> list[dict[str, str]]:
    """The events, their texts unescaped, in the order of the calendar. Checks the grammar (RFC 5545, 3.1 to 3.6)."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    lines = answer.data.split(b"\r\n")
    assert lines.pop() == b"", "the last line has its end as well"
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    for line in lines:
        line.decode()  # no character is cut
    whole = b"\r\n".join(lines).replace(b"\r\n ", b"").decode().split("\r\n")
    assert whole[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert whole[-1] == "END:VCALENDAR"
    events: list[dict[str, str]] = []
    is_inside = False
    for line in whole[1:-1]:
        name, value = re.fullmatch(r"([A-Z-]+)(?:;[A-Z]+=[A-Z]+)*:(.*)", line).groups()
        if name in {"BEGIN", "END"}:
            assert value == "VEVENT"
            assert is_inside == (name == "END")
            is_inside = not is_inside
            events += [{}] if is_inside else []
        elif is_inside:
            assert name not in events[-1]
            assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value)
            events[-1][name] = re.sub(r"\\.", lambda found: UNESCAPED[found[0]], value)
    assert len({event["UID"] for event in events}) == len(events)
    assert all(set(event) >= NEEDED for event in events)
    return events


def moment(value: str) -> datetime:
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def deadline(client: FlaskClient) -> dict[str, str]:
    [found] = [event for event in read(client) if event["UID"].startswith("deadline-")]
    return found


def test_opening_and_deadline_are_events_in_utc(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        [period] = db.session.get_one(Forum, world.forum).periods
    opening, closing = read(visitor)

    assert moment(opening["DTSTART"]) == period.opens_at
    assert moment(closing["DTSTART"]) == period.closes_at
    assert closing["UID"] == "deadline-1@127.0.0.1"
    assert closing["SUMMARY"] == "Deadline for messages: Short open-forum (en)"
    assert ", inclusive.\nhttp://127.0.0.1:8000/en/forums/open-forum/" in closing["DESCRIPTION"]
    assert (closing["STATUS"], closing["TRANSP"]) == ("CONFIRMED", "TRANSPARENT")


def test_extension_moves_the_same_event(app: Flask, world: World, admin: FlaskClient, visitor: FlaskClient):
    with changed(app, Forum, world.forum) as forum:
        forum.published_at -= timedelta(days=1)
    before = deadline(visitor)
    later = (utcnow() + timedelta(days=9)).replace(hour=23, minute=59, second=59)
    assert add(admin, "extension", ["", ""], [f"{later:%Y-%m-%d}", f"{later:%H:%M}"]).status_code == 302
    after = deadline(visitor)

    assert after["UID"] == before["UID"]
    assert moment(after["DTSTART"]) == later
    assert int(after["SEQUENCE"]) == int(before["SEQUENCE"]) + 1
    assert after["LAST-MODIFIED"] > before["LAST-MODIFIED"]


def change_deadline(admin: Client, day: int) -> None:
    path, days = "/en/admin/periods/1/edit/", [f"{utcnow() + timedelta(days=days):%Y-%m-%d}" for days in (9, day)]
    data = admin.with_version(path, {"opens_at": [days[0], "12:00"], "closes_at": [days[1], "12:00"]})
    assert admin.post(path, data=data).status_code == 302


def test_each_change_of_a_deadline_is_a_further_one_even_if_it_was_told_before(
    app: Flask, world: World, visitor, admin
):
    with changed(app, Forum, world.forum) as forum:
        period = forum.periods[0]
        period.opens_at, period.closes_at = (utcnow() + timedelta(days=days) for days in (9, 19))
    told = [deadline(visitor)]
    for day in (17, 20, 17, 20, 17):
        change_deadline(admin, day)
        told.append(deadline(visitor))

    assert [int(one["SEQUENCE"]) for one in told] == [0, 1, 2, 3, 4, 5]
    assert told[1]["DTSTART"] == told[3]["DTSTART"] == told[5]["DTSTART"]


def test_change_while_the_forum_is_not_public_is_one_as_well(app: Flask, world: World, visitor, admin):
    before = deadline(visitor)
    with changed(app, Forum, world.forum) as forum:
        published_at, forum.published_at = forum.published_at, None
    change_deadline(admin, 20)
    with changed(app, Forum, world.forum) as forum:
        forum.published_at = published_at

    assert int(deadline(visitor)["SEQUENCE"]) > int(before["SEQUENCE"])


def test_cancelled_extension_gives_the_former_deadline_back(app: Flask, world: World, visitor: FlaskClient):
    with changed(app, Forum, world.forum) as forum:
        closes_at = forum.periods[0].closes_at
        extension = make_period(PeriodKind.EXTENSION, 24, 48, called_off_at=utcnow())
        extension.opens_at = closes_at
        forum.periods.append(extension)

    assert moment(deadline(visitor)["DTSTART"]) == closes_at


def test_cancelled_period_is_told_as_cancelled(app: Flask, world: World, visitor: FlaskClient):
    with changed(app, Forum, world.forum) as forum:
        forum.periods.append(make_period(PeriodKind.REOPENING, 100, 200, called_off_at=utcnow()))

    assert [event["STATUS"] for event in read(visitor)] == ["CONFIRMED", "CONFIRMED", "CANCELLED", "CANCELLED"]


def test_reopening_is_called_so(app: Flask, world: World, visitor: FlaskClient):
    with changed(app, Forum, world.forum) as forum:
        forum.periods.append(make_period(PeriodKind.REOPENING, 100, 200))
    names = [event["SUMMARY"].partition(":")[0] for event in read(visitor)]

    assert names == ["Opening", "Deadline for messages", "Reopening", "Deadline for messages"]


def test_group_has_events_only_for_dates_of_its_own(app: Flask, world: World, visitor: FlaskClient):
    with changed(app, Forum, world.forum) as forum:
        second = Group(slug="group-2", number=2, texts=texts(GroupText, title="Second group"))
        forum.groups.append(second)
        db.session.flush()
        first = forum.periods[0]
        copy = {"kind": first.kind, "opens_at": first.opens_at, "closes_at": first.closes_at}
        extension = make_period(PeriodKind.EXTENSION, 24, 72, group_id=second.id)
        extension.opens_at = first.closes_at
        forum.periods += [Period(group_id=second.id, **copy), extension]
    names = [event["SUMMARY"] for event in read(visitor)]

    assert names == [
        "Opening: Short open-forum (en)",
        "Deadline for messages: Short open-forum (en)",
        "Deadline for messages: Short open-forum (en), group 2",
    ]


def test_long_title_with_signs_is_folded_and_escaped(app: Flask, world: World, visitor: FlaskClient):
    title = "Égalité, accès; “partage” \\ déforestation – наука " + "é" * 30
    with changed(app, Forum, world.forum) as forum:
        forum.texts["en"].short_title = title

    assert deadline(visitor)["SUMMARY"] == f"Deadline for messages: {title}"


@pytest.mark.parametrize("letter", ["a", "é", "€", "𝄞"])
@pytest.mark.parametrize("length", range(70, 80))
def test_line_is_folded_at_75_octets(letter: str, length: int):
    lines = folded("x" * length + letter * 60).split("\r\n")

    assert max(len(line.encode()) for line in lines) <= 75
    assert "".join([lines[0], *(line[1:] for line in lines[1:])]) == "x" * length + letter * 60


def test_calendar_has_the_language_of_its_address(world: World, visitor: FlaskClient):
    english, french = read(visitor), read(visitor, PATH.replace("/en/", "/fr/"))

    assert french[0]["SUMMARY"] == "Ouverture\N{NO-BREAK SPACE}: Short open-forum (fr)"
    assert [event["UID"] for event in french] == [event["UID"] for event in english]


def test_forum_leads_to_its_calendar_while_a_date_is_to_come(app: Flask, world: World, visitor: FlaskClient):
    page = visitor.get("/en/forums/open-forum/").text
    with changed(app, Forum, world.forum) as forum:
        forum.periods[0].closes_at = utcnow() - timedelta(hours=1)
    later = visitor.get("/en/forums/open-forum/").text

    assert (f'href="{PATH}"' in page, f'href="{PATH}"' in later) == (True, False)


def test_draft_has_no_public_calendar(world: World, visitor: FlaskClient, admin: FlaskClient):
    path = PATH.replace("open-forum", "draft-forum")

    assert [client.get(path).status_code for client in (visitor, admin)] == [404, 404]
    assert path not in admin.get("/en/forums/draft-forum/").text
