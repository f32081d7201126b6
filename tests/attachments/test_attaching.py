"""Attaching files when starting a topic, replying or editing; what is refused, and that no text is lost."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.database import utcnow
from app.extensions import db
from app.models import Forum, Message, Revision
from tests.attachments.conftest import path_of, send
from tests.attachments.samples import PDF
from tests.world import World

NEW = "/en/forums/open-forum/groups/group-1/new/"
MEGABYTE = 1024 * 1024
LARGEST = 100 * 1024
OF_A_TOPIC = {"title": "T", "question": "0"}


def reply_path(world: World) -> str:
    return f"/en/topics/{world.topic}/reply/"


def edit_path(world: World) -> str:
    return f"/en/messages/{world.first}/edit/"


def count(app: Flask, model: type) -> int:
    with app.app_context():
        return db.session.query(model).count()


def edit(client: FlaskClient, world: World, files: dict[str, bytes], **fields):
    return send(client, edit_path(world), files, **({"body": "A shorter form would help."} | fields))


def test_topic_starts_with_files(alice: FlaskClient, world: World, rows):
    answer = send(alice, NEW, {"a.pdf": PDF, "b.txt": b"B"}, title="With files", question="0")

    assert answer.status_code == 302
    assert [row.name for row in rows()] == ["a.pdf", "b.txt"]
    assert "a.pdf" in alice.get(answer.location).text


def test_reply_has_files(alice: FlaskClient, world: World, rows):
    answer = send(alice, reply_path(world), {"a.pdf": PDF})

    assert answer.status_code == 302
    assert path_of(rows()[0]) in alice.get(answer.location).text


def test_message_can_be_posted_without_files(alice: FlaskClient, world: World, rows):
    """If no file was chosen, a browser sends an empty part without a file name."""
    assert send(alice, reply_path(world), [("", b"")]).status_code == 302
    assert rows() == []


@pytest.mark.parametrize("path", [NEW, "/en/topics/{topic}/reply/", "/en/messages/{first}/edit/"])
def test_form_states_number_size_and_kinds_of_files(path, alice: FlaskClient, world: World):
    page = alice.get(path.format_map(vars(world))).text

    assert 'enctype="multipart/form-data"' in page
    assert '<input accept=".pdf,' in page
    assert "Up to 5 files of up to 10\N{NO-BREAK SPACE}MB each." in page


def test_empty_file_is_refused_at_its_field_with_the_text_given_back(app, alice, world, rows, stored):
    answer = send(alice, reply_path(world), {"a.txt": b""}, body="A long thought.")

    assert answer.status_code == 422
    assert "“a.txt” is empty. Please choose another file." in answer.text
    assert '<a href="#files">' in answer.text
    assert "A long thought." in answer.text
    assert (count(app, Message), rows(), stored()) == (2, [], set())


@pytest.fixture
def small_files(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of 100 KB, so that the tests need not send fifty megabytes."""
    monkeypatch.setitem(app.config, "SITE", replace(app.config["SITE"], largest_file=LARGEST))


def test_file_that_is_too_large_is_refused_at_its_field_with_the_text_given_back(
    small_files, app, alice, world, rows, stored
):
    answer = send(alice, reply_path(world), {"a.txt": b"x" * (LARGEST + 24 * 1024)}, body="A long thought.")

    assert answer.status_code == 422
    assert "“a.txt” exceeds 100\N{NO-BREAK SPACE}KB, the maximum size of a file." in answer.text
    assert "A long thought." in answer.text
    assert (count(app, Message), rows(), stored()) == (2, [], set())


def test_file_exactly_at_the_limit_is_accepted(small_files, alice: FlaskClient, world: World, rows):
    assert send(alice, reply_path(world), {"a.txt": b"x" * LARGEST}).status_code == 302
    assert rows()[0].size == LARGEST


def test_all_files_of_a_message_may_be_as_large_as_one_may_be(small_files, alice: FlaskClient, world: World, rows):
    files = {f"{number}.txt": b"x" * LARGEST for number in range(5)}

    assert send(alice, reply_path(world), files).status_code == 302
    assert len(rows()) == 5


def test_form_larger_than_the_largest_files_together_is_refused(small_files, app, alice: FlaskClient, world: World):
    answer = send(alice, reply_path(world), {"a.txt": b"x" * (app.config["MAX_CONTENT_LENGTH"] + 6 * LARGEST)})

    assert answer.status_code == 413
    assert "too large" in answer.text


@pytest.mark.parametrize("path", ["/en/account/profile/", "/en/preview/"])
def test_forms_without_files_accept_no_more_data_if_sent_as_multipart(path: str, alice: FlaskClient, world: World):
    answer = send(alice, path.format_map(vars(world)), {"a.txt": b"x" * (5 * MEGABYTE)})

    assert answer.status_code == 413


def test_text_of_many_megabytes_is_refused_in_forms_with_files_too(alice: FlaskClient, world: World):
    assert send(alice, reply_path(world), {"a.txt": b"x"}, body="x" * 5_000_000).status_code == 413


def test_too_many_files_are_refused(alice: FlaskClient, world: World, rows, stored):
    answer = send(alice, reply_path(world), {f"{number}.txt": b"x" for number in range(6)})

    assert answer.status_code == 422
    assert "You have selected 6 files; the maximum is 5." in answer.text
    assert (rows(), stored()) == ([], set())


def test_every_refused_file_is_named(alice: FlaskClient, world: World):
    answer = send(alice, reply_path(world), {"a.txt": b"", "good.txt": b"x", "b.exe": b"MZ\0"})

    assert "“a.txt” is empty." in answer.text
    assert "“b.exe” is of a type that cannot be attached." in answer.text
    assert "“good.txt”" not in answer.text
    assert "Please select these again: <bdi>good.txt</bdi></p>" in answer.text


def test_form_given_back_says_which_files_have_to_be_chosen_again(alice: FlaskClient, world: World):
    answer = send(alice, reply_path(world), {"a.pdf": PDF, "<b>.txt": b"x"}, body=" ")

    assert answer.status_code == 422
    assert '<a href="#files">Please choose your files again.</a>' in answer.text
    assert "<bdi>a.pdf</bdi>, <bdi>_b_.txt</bdi>" in answer.text


def listed(page: str) -> str:
    """The list of files in a preview."""
    return page.split('id="preview-box"')[1].partition("</section>")[0].partition("Attached files")[2]


def test_preview_shows_the_names_of_the_files(alice: FlaskClient, world: World):
    page = send(alice, reply_path(world), {"a.pdf": PDF, "<b>.txt": b"x"}, preview="1").text

    assert "<li><bdi>a.pdf</bdi></li>\n<li><bdi>_b_.txt</bdi></li>" in listed(page)
    assert listed(send(alice, reply_path(world), preview="1").text) == ""


def test_preview_of_an_edit_shows_the_files_that_stay_and_the_new_ones(alice: FlaskClient, world: World, rows):
    edit(alice, world, {"a.pdf": PDF, "b.txt": b"x"})
    page = edit(alice, world, {"c.txt": b"y"}, preview="1", removed=rows()[0].id).text

    assert "a.pdf" not in listed(page)
    assert "<li><bdi>b.txt</bdi></li>\n<li><bdi>c.txt</bdi></li>" in listed(page)


def test_preview_says_which_files_have_to_be_chosen_again(alice: FlaskClient, world: World, rows):
    answer = send(alice, reply_path(world), {"a.pdf": PDF}, preview="1")

    assert answer.status_code == 200
    assert "<bdi>a.pdf</bdi>" in answer.text
    assert rows() == []


@pytest.mark.parametrize("path", [NEW, "/en/topics/{topic}/reply/", "/en/messages/{first}/edit/"])
def test_warning_before_the_buttons_and_at_the_field_names_what_to_choose_again(path, alice, world: World):
    sent = {"preview": "1", **(OF_A_TOPIC if path == NEW else {})}
    page = send(alice, path.format_map(vars(world)), {"a.pdf": PDF, "<b>.txt": b"x"}, **sent).text
    names = "Please select these again: <bdi>a.pdf</bdi>, <bdi>_b_.txt</bdi>"

    assert (
        f'<p class="warning" id="files-again">Browsers do not keep files when a form is returned. {names}</p>' in page
    )
    assert f'<p class="warning">Browsers do not keep files when a form is returned. {names} <a href="#files">' in page
    assert page.count(names) == 2


@pytest.mark.parametrize("path", [NEW, "/en/topics/{topic}/reply/", "/en/messages/{first}/edit/"])
def test_message_is_not_posted_without_files_chosen_earlier_unless_confirmed(path, app, alice, world: World, rows):
    of_topic = OF_A_TOPIC if path == NEW else {}
    sent = {"body": "Words <kept>", "files_chosen": ["a.pdf", "b<i>.txt"], **of_topic}
    answer = send(alice, path.format_map(vars(world)), **sent)

    assert answer.status_code == 422
    assert '<a href="#files">You had selected files (a.pdf, b_i_.txt), and now there are none.' in answer.text
    assert "Words &lt;kept&gt;" in answer.text
    assert '<input type="hidden" name="files_chosen" value="b_i_.txt">' in answer.text
    assert (count(app, Message), count(app, Revision), rows()) == (2, 0, [])


def test_form_given_back_has_the_names_of_the_chosen_files(alice: FlaskClient, world: World):
    page = send(alice, reply_path(world), {"a.pdf": PDF}, preview="1").text

    assert '<input type="hidden" name="files_chosen" value="a.pdf">' in page


def test_file_that_was_refused_is_not_asked_for_again(alice: FlaskClient, world: World):
    answer = send(alice, reply_path(world), {"a.pdf": b"", "b.pdf": PDF})

    assert answer.status_code == 422
    assert re.findall(r'name="files_chosen" value="([^"]*)"', answer.text) == ["b.pdf"]


def test_preview_without_the_files_keeps_their_names_without_an_error(alice: FlaskClient, world: World):
    answer = send(alice, reply_path(world), preview="1", files_chosen="a.pdf")

    assert answer.status_code == 200
    assert '<input type="hidden" name="files_chosen" value="a.pdf">' in answer.text
    assert "Please select these again: <bdi>a.pdf</bdi></p>" in answer.text


def test_message_is_posted_without_its_files_if_the_box_is_ticked(alice: FlaskClient, world: World, rows):
    assert send(alice, reply_path(world), files_chosen="a.pdf", files_without="1").status_code == 302
    assert rows() == []


def test_ticked_box_stays_ticked_in_a_form_that_is_given_back(alice: FlaskClient, world: World):
    answer = send(alice, reply_path(world), files_chosen="a.pdf", files_without="1", body=" ")

    assert 'name="files_without" value="1" id="files-without" checked' in answer.text
    assert "You had selected files" not in answer.text
    assert '<p class="warning">' not in answer.text, "nothing is missing any more"


def test_files_chosen_again_are_not_asked_for(alice: FlaskClient, world: World, rows):
    assert send(alice, reply_path(world), {"b.pdf": PDF}, files_chosen="a.pdf").status_code == 302
    assert [row.name for row in rows()] == ["b.pdf"]


def test_names_that_come_with_a_form_are_bounded(alice: FlaskClient, world: World):
    page = send(alice, reply_path(world), files_chosen=["x" * 5000 + ".txt", *["b.txt"] * 50]).text

    assert page.count('name="files_chosen"') == 5
    assert "x" * 151 not in page


def test_file_in_place_of_a_text_is_ignored(alice: FlaskClient, world: World):
    boundary = "x"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="body"; filename="a.txt"\r\n\r\nText\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"\r\n\r\na.txt\r\n--{boundary}--\r\n'
    )
    answer = alice.post(reply_path(world), data=body, content_type=f"multipart/form-data; boundary={boundary}")

    assert answer.status_code == 422
    assert "Please write your message first." in answer.text


def test_same_form_sent_twice_attaches_once(alice: FlaskClient, world: World, rows, stored):
    for _ in range(2):
        answer = send(alice, reply_path(world), {"a.pdf": PDF}, submission="f" * 32)
        assert answer.status_code == 302

    assert len(rows()) == len(stored()) == 1


def test_same_topic_sent_twice_starts_once(app: Flask, alice: FlaskClient, world: World, rows):
    for _ in range(2):
        send(alice, NEW, {"a.pdf": PDF}, title="Once", question="0", submission="f" * 32)

    assert len(rows()) == 1
    assert count(app, Message) == 3


@pytest.mark.parametrize("other", [{"a.pdf": PDF + b"\n"}, {"b.pdf": PDF}, {}])
def test_form_sent_again_with_other_files_counts_as_new(other, app: Flask, alice: FlaskClient, world: World):
    for files in ({"a.pdf": PDF}, other):
        send(alice, reply_path(world), files, submission="f" * 32)

    assert count(app, Message) == 4


def test_visitors_cannot_attach_files(visitor: FlaskClient, world: World, rows, stored):
    answer = send(visitor, reply_path(world), {"a.pdf": PDF}, body="My words")

    assert answer.status_code == 403
    assert "My words" in answer.text
    assert (rows(), stored()) == ([], set())


@pytest.mark.parametrize("path", [NEW, "/en/topics/{topic}/reply/", "/en/messages/{first}/edit/"])
def test_closed_forum_accepts_and_stores_no_files(path: str, app, alice: FlaskClient, world: World, rows, stored):
    with app.app_context():
        db.session.get(Forum, world.forum).periods[0].closes_at = utcnow()
        db.session.get(Forum, world.forum).archived_at = utcnow()
        db.session.commit()

    answer = send(alice, path.format_map(vars(world)), {"a.pdf": PDF}, title="T", question="0", body="Late words")

    assert answer.status_code == 409
    assert "Late words" in answer.text
    assert (rows(), stored()) == ([], set())


def test_missing_topic_accepts_no_files(alice: FlaskClient, world: World, stored):
    assert send(alice, "/en/topics/99/reply/", {"a.pdf": PDF}).status_code == 404
    assert stored() == set()


def test_author_adds_a_file_and_the_message_counts_as_edited(app, alice: FlaskClient, world: World, rows):
    answer = edit(alice, world, {"a.pdf": PDF})

    assert answer.status_code == 302
    assert "a.pdf" in alice.get(answer.location).text
    assert count(app, Revision) == 1
    with app.app_context():
        message = db.session.get(Message, world.first)
        assert message.edited_at == rows()[0].created_at


def test_author_removes_a_file_which_is_then_deleted(alice: FlaskClient, world: World, rows, stored):
    edit(alice, world, {"a.pdf": PDF, "b.txt": b"B"})
    first, second = rows()

    answer = edit(alice, world, {}, removed=first.id)

    assert answer.status_code == 302
    page = alice.get(answer.location).text
    assert path_of(first) not in page
    assert path_of(second) in page
    assert stored() == {second.key}
    assert alice.get(path_of(first), buffered=True).status_code == 404


def test_file_is_replaced_in_one_step(alice: FlaskClient, world: World, rows, stored):
    edit(alice, world, {f"{number}.txt": b"x" for number in range(5)})
    old = rows()[0]

    assert edit(alice, world, {"new.txt": b"y"}, removed=old.id).status_code == 302
    assert len(stored()) == 5
    assert old.key not in stored()


def test_edited_message_cannot_have_too_many_files_in_all(alice: FlaskClient, world: World, rows, stored):
    edit(alice, world, {f"{number}.txt": b"x" for number in range(4)})

    answer = edit(alice, world, {"a.txt": b"a", "b.txt": b"b"}, body="Changed words")

    assert answer.status_code == 422
    assert "With these, the message would have 6 files; the maximum is 5." in answer.text
    assert "Changed words" in answer.text
    assert len(rows()) == len(stored()) == 4


def test_same_edit_sent_twice_attaches_once(app: Flask, alice: FlaskClient, world: World, rows, stored):
    for _ in range(2):
        answer = edit(alice, world, {f"{number}.txt": b"x" for number in range(3)}, submission="f" * 32)
        assert answer.status_code == 302

    assert len(rows()) == len(stored()) == 3
    assert count(app, Revision) == 1


def test_same_removal_sent_twice_removes_once(app: Flask, alice: FlaskClient, world: World, rows):
    edit(alice, world, {"a.txt": b"x"})
    for _ in range(2):
        assert edit(alice, world, {}, removed=rows()[0].id).status_code == 302

    assert count(app, Revision) == 2


def test_removed_file_stays_in_the_history_by_name_and_checksum(alice, visitor: FlaskClient, world: World, rows):
    edit(alice, world, {"a.txt": b"x"})
    [row] = rows()
    edit(alice, world, {}, removed=row.id)

    history = visitor.get(f"/en/messages/{world.first}/history/").text
    assert "<bdi>a.txt</bdi>" in history
    assert row.sha256 in history
    assert "Removed by the author on " in history
    assert path_of(row) not in history


@pytest.mark.parametrize("foreign", ["999", "-1", "x", "{other}"])
def test_only_files_of_the_message_itself_can_be_removed(
    foreign, alice, bruno: FlaskClient, world: World, rows, stored
):
    send(bruno, reply_path(world), {"b.txt": b"B"})
    other = rows()[0]

    answer = edit(alice, world, {}, removed=foreign.format(other=other.id))

    assert answer.status_code == 422
    assert stored() == {other.key}


@pytest.mark.parametrize("name", ["bruno", "moderator", "admin"])
def test_files_of_a_message_are_changed_by_its_author_only(name, alice, world: World, rows, stored, request):
    edit(alice, world, {"a.txt": b"x"})
    client = request.getfixturevalue(name)

    assert edit(client, world, {"b.txt": b"y"}).status_code == 403
    assert edit(client, world, {}, removed=rows()[0].id).status_code == 403
    assert [row.name for row in rows()] == ["a.txt"]
    assert len(stored()) == 1


def test_message_that_waits_for_approval_has_files(app: Flask, alice: FlaskClient, world: World, rows):
    with app.app_context():
        db.session.get(Forum, world.forum).approval = "everybody"
        db.session.commit()

    send(alice, reply_path(world), {"a.txt": b"x"})

    assert path_of(rows()[0]) in alice.get(f"/en/topics/{world.topic}/").text
