"""Announcements by email: which can be sent, to whom they go, the preview, and that each is sent once."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import event, select

from app.announcements import BATCH, write_next
from app.database import as_of, utcnow
from app.extensions import db
from app.languages import KNOWN
from app.mail.worker import PassedOver, _write_more, discard_old
from app.models import (
    Announcement,
    Forum,
    ForumRole,
    Group,
    GroupText,
    Invitee,
    LogEntry,
    Mail,
    PeriodKind,
    Role,
    User,
)
from app.models.forum import DocumentKind
from tests.clients import Client
from tests.full_world import add_document
from tests.mail_server import MailServer, deliver
from tests.moderation.conftest import changed
from tests.world import World, make_period, make_user, texts

INDEX = "/en/admin/forums/1/announcements/"
OPENING = f"{INDEX}opening/"


def seen(client: FlaskClient, *audiences: str, path: str = OPENING, **more: str) -> dict[str, str | list[str]]:
    """The form as it comes back from its preview, filled in."""
    page = client.get(path).text
    data = {"audiences": list(audiences) or ["invited"], "version": hidden(page, "version"), **fields(page), **more}
    preview = client.post(f"{path}preview/", data=data)
    assert preview.status_code == 200, preview.text
    return data | {"previewed": hidden(preview.text, "previewed"), "submission": hidden(preview.text, "submission")}


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1]


def fields(page: str) -> dict[str, str]:
    """The ready texts."""
    form = html.fromstring(page).forms[-1]
    return {name: value for name, value in form.form_values() if "-" in name}


def send(client: FlaskClient, *audiences: str, path: str = OPENING, **more: str):
    return client.post(path, data=seen(client, *audiences, path=path, **more))


def write_all(app: Flask) -> None:
    with app.app_context():
        while write_next():
            pass


def mails(app: Flask) -> list[Mail]:
    with app.app_context():
        found = db.session.scalars(select(Mail).where(Mail.announcement_id.is_not(None)).order_by(Mail.id)).all()
        db.session.expunge_all()
        return list(found)


def names(app: Flask) -> list[str]:
    """Who gets an email, by the first part of the address, in alphabetical order."""
    write_all(app)
    return sorted(mail.recipient.partition("@")[0] for mail in mails(app))


@pytest.mark.parametrize(
    ("audiences", "expected"),
    [
        (["invited"], ["alice", "bea", "bruno", "clara", "zoe"]),
        (["contributors"], ["alice", "bruno"]),
        (["silent"], ["bea", "clara"]),
        (["not-written"], ["bea", "otto", "zoe"]),
        (["contributors", "silent"], ["alice", "bea", "bruno", "clara"]),
        (["invited", "contributors", "silent", "not-written"], ["alice", "bea", "bruno", "clara", "otto", "zoe"]),
    ],
)
def test_each_person_of_any_audience_gets_one_email(audiences, expected, app: Flask, cast, admin: FlaskClient):
    assert send(admin, *audiences).status_code == 302

    assert names(app) == expected


def test_approved_participants_count_as_invited(app: Flask, world: World, cast, admin: FlaskClient):
    with app.app_context():
        otto = db.session.scalars(select(User).where(User.email == "otto@example.org")).one()
        db.session.add(ForumRole(user_id=otto.id, forum_id=world.forum, role=Role.PARTICIPANT))
        db.session.commit()
    send(admin, "silent")

    assert names(app) == ["bea", "clara", "otto"]


@pytest.mark.parametrize("change", [{"suspended_at": utcnow()}, {"confirmed_at": None}, {"former_number": 7}])
def test_account_that_cannot_be_used_gets_none(change: dict, app: Flask, world: World, cast, admin: FlaskClient):
    with changed(app, User, world.alice) as alice:
        for name, value in change.items():
            setattr(alice, name, value)
    send(admin, "contributors")

    assert names(app) == ["bruno"]


def test_email_is_in_the_language_of_its_reader_with_dates_and_addresses(app, world, cast, admin: FlaskClient):
    send(admin, "contributors")
    write_all(app)
    english, french = mails(app)

    with app.app_context():
        closes_at = db.session.get_one(Forum, world.forum).periods[0].closes_at
    assert f"{closes_at.day}\N{NO-BREAK SPACE}" in english.text
    assert "inclusive." in english.text
    assert "http://127.0.0.1:8000/en/forums/open-forum/deadlines.ics" in english.text
    assert french.subject.startswith("Forum «\N{NO-BREAK SPACE}Short open-forum (fr)")
    assert "Le Secrétariat a l’honneur de vous informer" in french.text
    assert 'href="http://127.0.0.1:8000/fr/forums/open-forum/"' in french.html
    assert (english.lane, french.lane) == (2, 2)


def test_reader_of_a_language_without_a_text_is_told_so(app: Flask, cast, admin: FlaskClient):
    blank = {"fr-subject": "", "fr-body": ""}
    data = seen(admin, "contributors", **blank)
    preview = admin.post(f"{OPENING}preview/", data=data).text
    admin.post(OPENING, data=data)
    write_all(app)
    french = mails(app)[1]

    assert "There is no text in this language." in preview
    assert french.language == "fr"
    assert "Cette annonce n’est pas disponible en français." in french.text
    assert "The Secretariat wishes to inform you" in french.text


def test_invitee_without_an_account_gets_a_link_to_sign_up(app: Flask, cast, admin: FlaskClient):
    send(admin, "silent")
    write_all(app)
    clara = next(mail for mail in mails(app) if mail.recipient.startswith("clara"))

    assert "/es/auth/sign-up/?invitation=" in clara.text
    assert "no se ha inscrito" in clara.text


def test_only_what_invites_asks_people_to_sign_up(app: Flask, world: World, cast, admin: FlaskClient):
    dates(app, world, -48, -24)
    data = seen(admin, "silent", path=f"{INDEX}closing/")
    preview = admin.post(f"{INDEX}closing/preview/", data=data).text
    admin.post(f"{INDEX}closing/", data=data)
    write_all(app)
    clara = next(mail for mail in mails(app) if mail.recipient.startswith("clara"))

    assert "sign-up" not in clara.text
    assert "no se ha inscrito" not in clara.text + preview


def test_preview_shows_what_is_said_around_the_text(app: Flask, cast, admin: FlaskClient):
    data = seen(admin, "silent", **{"fr-subject": "", "fr-body": ""})
    preview = admin.post(f"{OPENING}preview/", data=data).text

    assert "Cette annonce n’est pas disponible en français." in preview
    assert "no se ha inscrito" in preview


def test_preview_tells_texts_and_numbers_and_sends_nothing(app: Flask, cast, admin: FlaskClient):
    data = seen(admin, "contributors", "silent", **{"en-subject": "Please note"})
    preview = admin.post(f"{OPENING}preview/", data=data).text

    assert "4 people will receive this announcement, each once" in preview
    assert "Send to 4 people" in preview
    assert "<strong>Please note</strong>" in preview
    assert "@example.org" not in preview
    assert names(app) == []


def test_nothing_is_sent_that_the_preview_has_not_shown(app: Flask, cast, admin: FlaskClient):
    data = seen(admin, "contributors")
    unseen = admin.post(OPENING, data={name: value for name, value in data.items() if name != "previewed"})
    altered = admin.post(OPENING, data=data | {"en-subject": "Another subject"})

    assert (unseen.status_code, altered.status_code) == (200, 200)
    assert "have been changed since the preview" in altered.text
    assert names(app) == []


def test_other_number_of_recipients_leads_back_to_the_preview(app: Flask, cast, admin: FlaskClient):
    data = seen(admin, "not-written")
    with app.app_context():
        make_user("nina")
        db.session.commit()
    answer = admin.post(OPENING, data=data)

    assert answer.status_code == 409
    assert "Send to 4 people" in answer.text
    assert names(app) == []
    again = data | {"previewed": hidden(answer.text, "previewed")}
    assert admin.post(OPENING, data=again).status_code == 302


def test_form_sent_twice_is_sent_once(app: Flask, cast, admin: FlaskClient):
    data = seen(admin, "contributors")
    answers = [admin.post(OPENING, data=data).status_code for _time in range(2)]

    assert answers == [302, 302]
    assert names(app) == ["alice", "bruno"]


def test_form_of_former_dates_or_before_another_announcement_is_outdated(app, world, cast, admin: FlaskClient):
    first, second = seen(admin, "contributors"), seen(admin, "silent")
    with changed(app, Forum, world.forum) as forum:
        forum.periods[0].closes_at += timedelta(hours=1)
    assert admin.post(OPENING, data=first).status_code == 409
    with changed(app, Forum, world.forum) as forum:
        forum.periods[0].closes_at -= timedelta(hours=1)
    assert admin.post(OPENING, data=first | {"submission": "new"}).status_code == 302
    assert admin.post(OPENING, data=second).status_code == 409

    assert names(app) == ["alice", "bruno"]


@pytest.mark.parametrize("missing", ["audiences", "texts", "subject", "visible", "nobody"])
def test_announcement_that_lacks_something_is_refused(missing: str, app: Flask, cast, admin: FlaskClient):
    data = seen(admin, "contributors")
    if missing == "audiences":
        del data["audiences"]
    elif missing == "texts":
        data |= {name: "" for name in data if "-" in name}
    elif missing == "subject":
        data["en-subject"] = ""
    elif missing == "visible":
        data |= {"fr-subject": " \N{NO-BREAK SPACE}\u200b", "fr-body": "\u200b"}
    else:
        with app.app_context():
            db.session.execute(db.update(User).values(suspended_at=utcnow()).where(User.is_admin.is_(False)))
            db.session.commit()
    status = admin.post(OPENING, data=data).status_code

    assert status == 422 if missing != "nobody" else status in {409, 422}
    assert names(app) == []


def dates(app: Flask, world: World, opens: float, closes: float, extension: float = 0) -> None:
    """Let the forum be open from `opens` to `closes` in hours from now, and be extended to another."""
    with changed(app, Forum, world.forum) as forum:
        forum.periods[:] = [make_period(PeriodKind.SCHEDULED, opens, closes)]
        if extension:
            forum.periods.append(make_period(PeriodKind.EXTENSION, closes, extension))


@pytest.mark.parametrize(
    ("opens", "closes", "extension", "possible"),
    [
        (24, 240, 0, {"opening"}),
        (-24, 240, 0, {"opening"}),
        (-24, 95.9, 0, {"opening", "reminder"}),
        (-24, 97, 0, {"opening"}),
        (-24, 24, 240, {"opening", "extension"}),
        (-48, -24, 0, {"closing"}),
    ],
)
def test_only_what_is_true_can_be_announced(opens, closes, extension, possible, app, world, admin: FlaskClient):
    dates(app, world, opens, closes, extension)
    answers = {
        kind: admin.get(f"{INDEX}{kind}/").status_code
        for kind in ("opening", "reminder", "extension", "closing", "outcome")
    }
    listed = set(re.findall(r"/announcements/(\w+)/", admin.get(INDEX).text))

    assert {kind for kind, status in answers.items() if status == 200} == possible == listed
    assert set(answers.values()) == {200, 409}


def test_outcome_is_announced_with_its_documents(app: Flask, world: World, cast, admin: FlaskClient):
    dates(app, world, -48, -24)
    with changed(app, Forum, world.forum) as forum:
        document = add_document(forum, DocumentKind.OUTCOME)
        document.symbol = "UNEP/CBD/1"
    page = admin.get(f"{INDEX}outcome/").text

    assert "(UNEP/CBD/1)" in page


def test_planned_reopening_is_announced_as_opening_and_with_the_closing(app, world, cast, admin: FlaskClient):
    dates(app, world, -48, -24)
    with changed(app, Forum, world.forum) as forum:
        forum.periods.append(make_period(PeriodKind.REOPENING, 24, 48))
    opening, closing = admin.get(OPENING).text, admin.get(f"{INDEX}closing/").text

    assert re.search("will reopen on [^.]+. Messages will be accepted until", opening)
    assert "deadlines.ics" in opening
    assert re.search("The forum will reopen on [^.]+. Messages will be accepted until", closing)


def test_reopened_forum_is_open_again(app: Flask, world: World, admin: FlaskClient):
    with changed(app, Forum, world.forum) as forum:
        forum.periods[:] = [make_period(PeriodKind.SCHEDULED, -48, -24), make_period(PeriodKind.REOPENING, -1, 240)]
    ready = fields(admin.get(OPENING).text)

    assert "is open again. Messages are accepted until" in ready["en-body"]
    assert "est de nouveau ouvert. Les messages sont acceptés jusqu’au" in ready["fr-body"]


def at(moment) -> str:
    return KNOWN["en"].at(moment)


def test_extension_states_both_deadlines(app: Flask, world: World, admin: FlaskClient):
    dates(app, world, -24, 24, 240)
    body, subject = (fields(admin.get(f"{INDEX}extension/").text)[f"en-{name}"] for name in ("body", "subject"))
    with app.app_context():
        first, second = (period.closes_at for period in db.session.get_one(Forum, world.forum).periods)

    assert f"deadline for messages in the forum “Title of open-forum (en)” has been extended to {at(second)}" in body
    assert f"The previous deadline was {at(first)}." in body
    assert f"deadline extended to {at(second)}" in subject


def test_deadline_brought_forward_is_announced_as_a_change(app: Flask, world: World, admin: FlaskClient):
    dates(app, world, -24, 240)
    with changed(app, Forum, world.forum) as forum:
        [period] = forum.periods
        before = period.closes_at
        period.former_dates = ((period.opens_at, before),)
        period.closes_at = utcnow() + timedelta(hours=99)
    body = fields(admin.get(f"{INDEX}extension/").text)["en-body"]

    assert "has been brought forward to" in body
    assert f"The previous deadline was {at(before)}." in body


def test_extension_below_a_deadline_announced_earlier_is_a_change_with_all_dates(app, world, admin: FlaskClient):
    dates(app, world, -24, 48, 240)
    with changed(app, Forum, world.forum) as forum:
        first, announced = forum.periods[0], utcnow() + timedelta(hours=480)
        first.former_dates, shortened = ((first.opens_at, announced),), first.closes_at
    body = fields(admin.get(f"{INDEX}extension/").text)["en-body"]

    assert "has been changed to" in body
    assert f"Deadlines announced previously: {at(announced)}; {at(shortened)}." in body


def test_closing_before_the_announced_deadline_says_so(app: Flask, world: World, admin: FlaskClient):
    dates(app, world, -48, -24)
    with changed(app, Forum, world.forum) as forum:
        announced = utcnow() + timedelta(hours=48)
        forum.periods[0].former_dates = ((forum.periods[0].opens_at, announced),)
    body = fields(admin.get(f"{INDEX}closing/").text)["en-body"]

    assert f", before the announced deadline ({at(announced)}). All messages remain" in body


def dates_of_groups(app: Flask, world: World, *spans: tuple[float, float], kind=PeriodKind.SCHEDULED) -> None:
    """Let the forum have groups that are open so, in hours from now."""
    with changed(app, Forum, world.forum) as forum:
        for number in range(2, len(spans) + 1):
            title = texts(GroupText, title=f"Group {number}")
            forum.groups.append(Group(slug=f"group-{number}", number=number, texts=title))
        db.session.flush()
        pairs = zip(forum.groups, spans, strict=True)
        forum.periods[:] = [make_period(kind, *span, group_id=group.id) for group, span in pairs]


@pytest.mark.parametrize(
    ("spans", "kind", "lines"),
    [
        ([(-9, 500), (-9, 90), (-9, -2)], "opening", ["open until", "open until", "closed on"]),
        ([(-9, 500), (-9, 90), (-9, -2)], "reminder", ["open until", "open until", "closed on"]),
        ([(-9, 500), (-9, 90), (30, 90)], "opening", ["open until", "open until", "open from"]),
        ([(9, 500), (9, 90)], "opening", ["open from", "open from"]),
        ([(-9, -4), (-9, -2)], "closing", ["closed on", "closed on"]),
    ],
)
def test_where_dates_differ_every_group_is_told_with_its_own(spans, kind, lines, app, world, admin: FlaskClient):
    dates_of_groups(app, world, *spans)
    body = fields(admin.get(f"{INDEX}{kind}/").text)["en-body"]

    assert re.findall(r"^- Group \d: (\w+ \w+)", body, re.MULTILINE) == lines
    assert "The dates of each group are as follows:" in body


def test_reminder_is_of_the_next_deadline_among_the_groups(app: Flask, world: World, admin: FlaskClient):
    dates_of_groups(app, world, (-9, 500), (-9, 90))
    with app.app_context():
        following = db.session.get_one(Forum, world.forum).periods[1].closes_at
    ready = fields(admin.get(f"{INDEX}reminder/").text)

    assert ready["en-subject"].endswith(f"reminder of the next deadline, {at(following)}")
    assert ready["fr-subject"].endswith(f"rappel de la prochaine date limite ({KNOWN['fr'].at(following)})")


def test_extension_of_one_group_says_which(app: Flask, world: World, admin: FlaskClient):
    dates_of_groups(app, world, (-9, 90), (-9, 90), (-9, -2))
    with changed(app, Forum, world.forum) as forum:
        first = forum.periods[0]
        extension = make_period(PeriodKind.EXTENSION, 90, 200, group_id=first.group_id)
        extension.opens_at = first.closes_at
        forum.periods.append(extension)
    ready = fields(admin.get(f"{INDEX}extension/").text)

    assert "the deadline for messages in group 1 of the forum “Title of open-forum (en)” has been" in ready["en-body"]
    assert "dans le groupe 1 du forum" in ready["fr-body"]
    assert ready["en-subject"].endswith("(group 1)")
    assert len(re.findall("^- Group", ready["en-body"], re.MULTILINE)) == 3


def test_extension_of_some_groups_lists_them(app: Flask, world: World, admin: FlaskClient):
    dates_of_groups(app, world, (-9, 90), (-9, 90), (-9, -2))
    with changed(app, Forum, world.forum) as forum:
        until = make_period(PeriodKind.EXTENSION, 90, 200).closes_at
        for first in forum.periods[:2]:
            extension = make_period(PeriodKind.EXTENSION, 90, 200, group_id=first.group_id)
            extension.opens_at, extension.closes_at = first.closes_at, until
            forum.periods.append(extension)
    ready = fields(admin.get(f"{INDEX}extension/").text)

    assert ready["en-subject"].endswith("(groups 1 and 2)")
    assert "en los grupos 1 y 2 del foro" in ready["es-body"]
    assert "dans les groupes 1 et 2 du forum" in ready["fr-body"]


def test_change_of_the_dates_of_any_group_stops_an_announcement(app, world, cast, admin: Client, server: MailServer):
    dates_of_groups(app, world, (-9, 500), (-9, 90))
    send(admin, "contributors")
    write_all(app)
    later = utcnow() + timedelta(days=30)
    data = {"group_id": "1", "closes_at": [f"{later:%Y-%m-%d}", "12:00"]}
    assert admin.post("/en/admin/forums/1/periods/extension/", data=data).status_code == 302
    deliver(app, server.url)

    assert server.taken == []


def test_announcement_greets_as_an_official_letter_does(app: Flask, cast, admin: FlaskClient):
    send(admin, "contributors")
    write_all(app)
    english, french = mails(app)

    assert english.text.startswith("Dear Madam or Sir,\n")
    assert french.text.startswith("Madame, Monsieur,\n")


def test_recipients_are_listed_as_one_phrase(app: Flask, cast, admin: FlaskClient):
    send(admin, "invited", "contributors")

    assert "han escrito; personas invitadas" in admin.get(INDEX.replace("/en/", "/es/")).text
    assert "ont écrit\xa0; personnes invitées" in admin.get(INDEX.replace("/en/", "/fr/")).text


def test_forum_that_is_not_public_cannot_be_announced(app: Flask, world: World, admin: FlaskClient):
    with app.app_context():
        draft = db.session.scalars(select(Forum).where(Forum.slug == "draft-forum")).one().id
    answer = admin.get(f"/en/admin/forums/{draft}/announcements/opening/")

    assert answer.status_code == 409
    assert "The forum is not public" in answer.text


def test_announcement_is_in_the_log_without_addresses(app: Flask, world: World, cast, admin: FlaskClient):
    send(admin, "contributors")
    with app.app_context():
        entry = db.session.scalars(select(LogEntry).where(LogEntry.action == "announce")).one()
        told = {change["field"]: change["new"] for change in entry.detail}
    page = admin.get("/en/admin/log/").text

    assert told == {"announcement": "opening", "recipients": 2}
    assert "Announced by email" in page


def test_list_tells_how_many_were_sent_and_failed(app: Flask, cast, admin: FlaskClient, server: MailServer):
    send(admin, "contributors", "silent")
    before = cells(admin)
    deliver(app, server.url)
    after = cells(admin)
    with app.app_context():
        write_next()
        discard_old(utcnow() + timedelta(days=31))

    assert (before, after) == (["4", "0", "0"], ["4", "4", "0"])
    assert cells(admin) == after, "also once the emails are deleted"
    assert "@example.org" not in admin.get(INDEX).text


def test_pages_of_announcements_are_marked_in_the_parts_of_the_forum(world: World, admin: FlaskClient):
    index, form = admin.get(INDEX).text, admin.get(OPENING).text

    assert f'<a href="{INDEX}" aria-current="page">' in index
    assert f'<a href="{INDEX}" aria-current="true">' in form


@pytest.mark.parametrize(("code", "heading"), [("es", "Enviados"), ("fr", "Envoyés")])
def test_column_of_a_number_says_so(code: str, heading: str, app: Flask, cast, admin: FlaskClient):
    send(admin, "contributors")

    assert f">{heading}</th>" in admin.get(INDEX.replace("/en/", f"/{code}/")).text


def cells(admin: FlaskClient) -> list[str]:
    return re.findall(r'<td class="count"[^>]*>(\d+)</td>', admin.get(INDEX).text)


# How it is sent


def test_emails_are_written_in_batches_each_once(app: Flask, world: World, admin: FlaskClient):
    crowd(app, 2 * BATCH + 5)
    send(admin, "not-written")
    sizes = []
    with app.app_context():
        while write_next():
            sizes.append(db.session.query(Mail).filter(Mail.announcement_id.is_not(None)).count())

    assert sizes[:3] == [BATCH, 2 * BATCH, len(set(names(app)))]
    assert len(names(app)) == len(set(names(app)))


def test_batch_that_is_cut_off_is_written_again_from_its_beginning(app: Flask, world: World, admin: FlaskClient):
    """As after kill -9: the database forgets the transaction that was not committed."""
    crowd(app, BATCH + 10)
    send(admin, "not-written")

    def die(_connection: object) -> None:
        raise SystemExit

    with app.app_context():
        write_next()
        event.listen(db.engine, "commit", die)
        with pytest.raises(SystemExit):
            write_next()
        event.remove(db.engine, "commit", die)
        db.session.remove()
        assert db.session.query(Mail).filter(Mail.announcement_id.is_not(None)).count() == BATCH

    assert len(names(app)) == len(set(names(app))) > BATCH + 9


def test_password_reset_does_not_wait_behind_an_announcement(app, world, cast, admin, visitor, server):
    send(admin, "invited", "not-written")
    write_all(app)
    visitor.post("/en/auth/forgot/", data={"email": "alice@example.org"})
    deliver(app, server.url)

    assert b"auth/reset" in server.taken[0].content
    assert len(server.taken) == 7


def test_server_that_is_dead_for_two_days_loses_nothing(app, world, cast, admin, server):
    dates(app, world, -24, 240)
    send(admin, "invited")
    server.stop()
    deliver(app, server.url)
    with app.app_context():
        db.session.execute(db.update(Mail).values(due_at=utcnow()))
        db.session.commit()
    alive = MailServer()
    deliver(app, alive.url)
    alive.stop()

    assert sorted(envelope.rcpt_tos[0].partition("@")[0] for envelope in alive.taken) == [
        *("alice", "bea", "bruno", "clara", "zoe")
    ]


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("happened", ["hidden", "extended", "over"])
def test_what_is_no_longer_true_is_not_sent(happened, written, app, world, cast, admin, server):
    send(admin, "contributors")
    if written:
        write_all(app)
    with changed(app, Forum, world.forum) as forum:
        if happened == "hidden":
            forum.published_at = None
        elif happened == "extended":
            forum.periods.append(make_period(PeriodKind.EXTENSION, 24, 48))
            forum.periods[1].opens_at = forum.periods[0].closes_at
        else:
            forum.periods[0].closes_at = utcnow() - timedelta(hours=1)
    deliver(app, server.url)

    assert server.taken == []
    assert mails(app) == []
    assert "stopped" in admin.get(INDEX).text


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("opens", [-1, 48])
def test_opening_is_not_sent_once_it_was_moved_or_has_passed(opens, written, app, world, cast, admin, server):
    dates(app, world, 24, 240)
    send(admin, "contributors")
    if written:
        write_all(app)
    with changed(app, Forum, world.forum) as forum:
        forum.periods[0].opens_at = utcnow() + timedelta(hours=opens)
    deliver(app, server.url)

    assert server.taken == []


@pytest.mark.parametrize("written", [False, True])
def test_outcome_is_not_sent_without_a_document(written, app, world, cast, admin, server):
    dates(app, world, -48, -24)
    with changed(app, Forum, world.forum) as forum:
        add_document(forum, DocumentKind.OUTCOME)
    send(admin, "contributors", path=f"{INDEX}outcome/")
    if written:
        write_all(app)
    with changed(app, Forum, world.forum) as forum:
        forum.documents[:] = []
    deliver(app, server.url)

    assert server.taken == []


def test_announcement_that_was_stopped_stays_so(app, world, cast, admin, server):
    send(admin, "contributors")
    write_all(app)
    with changed(app, Announcement, 1) as stopped:
        stopped.stopped_at = utcnow()
    deliver(app, server.url)

    assert server.taken == []


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ({"mails_refused": 3}, "1 person is left out because their address refuses emails."),
        ({"mail_announcements": False}, "1 person has chosen not to receive announcements."),
    ],
)
def test_who_refuses_or_declines_is_left_out_and_the_preview_says_so(why, told, app, world, cast, admin, server):
    with changed(app, User, world.alice) as alice:
        for name, value in why.items():
            setattr(alice, name, value)
    data = seen(admin, "contributors", "silent")
    preview = admin.post(f"{OPENING}preview/", data=data).text
    admin.post(OPENING, data=data)
    deliver(app, server.url)

    assert "Send to 3 people" in preview
    assert told in preview
    assert preview.count("left out") + preview.count("has chosen not to") == 1
    assert "People who have posted (1)" in admin.get(OPENING).text
    assert names(app) == ["bea", "bruno", "clara"]
    assert cells(admin) == ["3", "3", "0"]


@pytest.mark.parametrize("why", [{"mails_refused": 3}, {"mail_announcements": False}])
def test_person_who_refuses_or_declines_meanwhile_gets_none(why, app, world, cast, admin, server):
    send(admin, "contributors")
    write_all(app)
    with changed(app, User, world.alice) as alice:
        for name, value in why.items():
            setattr(alice, name, value)
    deliver(app, server.url)

    assert [envelope.rcpt_tos for envelope in server.taken] == [["bruno@example.org"]]
    assert cells(admin) == ["1", "1", "0"]


def test_announcement_can_be_declined_with_one_request_and_had_again(app, world, cast, admin, visitor, server):
    send(admin, "contributors")
    deliver(app, server.url)
    letter = letter_to("alice", server)
    path = letter["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8000")
    assert letter["List-Id"] == "<secretariat.127.0.0.1>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert path in letter.get_body(("plain",)).get_content()

    assert "Announcements of the Secretariat" in visitor.get(path).text
    for answer, is_wanted in (({"List-Unsubscribe": "One-Click"}, False), ({"again": "yes"}, True)):
        assert visitor.post(path, data=answer).status_code == 200
        with app.app_context():
            assert db.session.get_one(User, world.alice).mail_announcements == is_wanted


def test_invitee_without_an_account_has_nothing_to_decline(app, world, cast, admin, server):
    send(admin, "silent")
    deliver(app, server.url)
    letter = letter_to("clara", server)

    assert letter["List-Unsubscribe"] is None
    assert "/follow/stop/" not in letter.as_string()


def test_announcements_are_declined_in_the_account(app, world, cast, admin, bruno):
    account = "/en/account/follow/"
    shown = html.fromstring(bruno.get(account).text).get_element_by_id("mail_announcements")
    data = {"mail_answers": "each", "mail_topics": "each", "digest_hour": "7"}
    assert shown.checked
    assert bruno.post(account, data=data).status_code == 302
    send(admin, "contributors")
    assert names(app) == ["alice"]
    assert bruno.post(account, data=data | {"mail_announcements": "y"}).status_code == 302

    with app.app_context():
        assert db.session.get_one(User, world.bruno).mail_announcements


def letter_to(name: str, server: MailServer) -> EmailMessage:
    [found] = [one for one in server.taken if one.rcpt_tos == [f"{name}@example.org"]]
    return message_from_bytes(found.content, policy=default)


def test_person_who_is_suspended_meanwhile_gets_none(app, world, cast, admin, server):
    send(admin, "contributors")
    write_all(app)
    with changed(app, User, world.alice) as alice:
        alice.suspended_at = utcnow()
    deliver(app, server.url)

    assert [envelope.rcpt_tos for envelope in server.taken] == [["bruno@example.org"]]


def test_invitee_who_signs_up_meanwhile_gets_one(app: Flask, world: World, cast, admin: FlaskClient):
    send(admin, "invited")
    with app.app_context():
        write_next()
        user = make_user("clara")
        db.session.scalars(select(Invitee)).one().user_id = user.id
        db.session.commit()

    assert names(app).count("clara") == 1


def test_invitee_who_signs_up_before_the_email_is_sent_is_not_asked_to(app, world, cast, admin, server):
    send(admin, "invited")
    write_all(app)
    with app.app_context():
        user = make_user("clara")
        db.session.scalars(select(Invitee)).one().user_id = user.id
        db.session.commit()
    deliver(app, server.url)
    to_clara = [envelope for envelope in server.taken if envelope.rcpt_tos == ["clara@example.org"]]

    assert len(to_clara) == 1
    assert b"invitation=" not in to_clara[0].content
    assert len(server.taken) == 5
    assert cells(admin) == ["5", "5", "0"]


def test_withdrawn_invitation_takes_its_email_along(app: Flask, world: World, cast, admin: FlaskClient):
    send(admin, "silent")
    write_all(app)
    with app.app_context():
        key = db.session.scalars(select(Invitee)).one().id
    path = f"/en/admin/forums/1/participants/{key}/withdraw/"
    assert admin.post(path, data=admin.with_version(path, {})).status_code == 302

    assert names(app) == ["bea"]


def test_error_in_an_announcement_keeps_no_other_email_waiting(app, world, cast, admin, visitor, server):
    send(admin, "contributors")
    with app.app_context():
        db.session.scalars(select(Announcement)).one().texts = {"en": {}}
        db.session.commit()
    visitor.post("/en/auth/forgot/", data={"email": "alice@example.org"})
    deliver(app, server.url)

    assert len(server.taken) == 1


def test_announcement_that_cannot_be_written_keeps_no_later_one_waiting(app, world, cast, admin, server, caplog):
    send(admin, "contributors")
    with app.app_context():
        db.session.scalars(select(Announcement)).one().texts = {"en": {}}
        db.session.commit()
    send(admin, "contributors")
    deliver(app, server.url)

    assert len(server.taken) == 2
    assert caplog.text.count("could not be written") == 1


def test_what_could_not_be_written_is_tried_again_after_a_pause(app, world, cast, admin, caplog):
    send(admin, "contributors")
    with app.app_context():
        one = db.session.scalars(select(Announcement)).one()
        right, one.texts = one.texts, {"en": {}}
        db.session.commit()
    passed_over: PassedOver = {}
    tried = []
    for minutes, texts_now in ((0, None), (4, right), (6, right)):
        with app.app_context(), as_of(utcnow() + timedelta(minutes=minutes)):
            if texts_now:
                db.session.scalars(select(Announcement)).one().texts = texts_now
                db.session.commit()
            while _write_more([write_next], passed_over):
                pass
        tried.append(len(mails(app)))

    assert tried == [0, 0, 2]


def test_withdrawn_invitation_takes_what_does_not_ask_to_sign_up_along(app, world, cast, admin, server):
    dates(app, world, -48, -24)
    send(admin, "silent", path=f"{INDEX}closing/")
    write_all(app)
    with app.app_context():
        key = db.session.scalars(select(Invitee)).one().id
    path = f"/en/admin/forums/1/participants/{key}/withdraw/"
    assert admin.post(path, data=admin.with_version(path, {})).status_code == 302
    deliver(app, server.url)

    assert [envelope.rcpt_tos for envelope in server.taken] == [["bea@example.org"]]
    assert cells(admin) == ["1", "1", "0"]


def crowd(app: Flask, people: int) -> None:
    with app.app_context():
        for number in range(people):
            make_user(f"person{number}")
        db.session.commit()
