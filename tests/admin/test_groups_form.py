"""Groups and questions of a forum in one form, with rows for new ones, which buttons move without a script."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from lxml import html

from app.extensions import db
from app.models import Forum, Group, LogEntry, Question, QuestionText, Topic
from tests.admin.conftest import in_all_languages
from tests.world import make_forum, texts

PAGE = "/en/admin/forums/1/groups/"
Form = dict[str, str]


def shown(page: str) -> Form:
    """What a browser sends of the form on a page."""
    return dict(html.document_fromstring(page).xpath("//main//form[@method='post']")[0].form_values())


@pytest.fixture
def second_question(look, world) -> int:
    """The key of a second question of the group."""

    def make() -> int:
        question = Question(group_id=1, number=2, texts=texts(QuestionText, text="Two?"))
        db.session.add(question)
        db.session.commit()
        return question.id

    return look(make)


@pytest.fixture
def numbers(look) -> Callable[[], dict[int, int]]:
    """The number of each question of the group by its key."""
    return lambda: look(lambda: {one.id: one.number for one in db.session.query(Question).filter_by(group_id=1)})


def test_groups_and_questions_of_a_new_forum_are_made_in_one_form(admin: FlaskClient, look):
    forum = look(_empty_forum)
    page = f"/en/admin/forums/{forum}/groups/"
    form = shown(admin.get(page).text)
    for group in ("n1", "n2"):
        form |= {f"{group}-{name}": text for name, text in in_all_languages(title=f"Group {group}").items()}
        for question in ("n1", "n2"):
            form |= {f"{group}{question}-{name}": text for name, text in in_all_languages(text="Why?").items()}

    assert admin.post(page, data=form).status_code == 302
    assert look(lambda: _structure(forum)) == [(1, "group-n1-en", [1, 2]), (2, "group-n2-en", [1, 2])]


def test_row_without_a_text_is_left_out(admin: FlaskClient, look):
    form = shown(admin.get(PAGE).text)

    assert "g1n1-number" in form
    assert admin.post(PAGE, data=form).status_code == 302
    assert look(lambda: _structure(1)) == [(1, "group-1", [1])]


def test_number_of_a_new_row_is_proposed(admin: FlaskClient, second_question):
    assert shown(admin.get(PAGE).text)["g1n1-number"] == "3"


def test_button_adds_a_row_and_keeps_what_was_typed(admin: FlaskClient, log):
    form = shown(admin.get(PAGE).text) | {"g1n1-en-text": "Typed?"}
    answer = admin.post(PAGE, data=form | {"step": "question g1"})
    group = admin.post(PAGE, data=shown(answer.text) | {"step": "group"})

    assert shown(answer.text)["g1n1-en-text"].strip() == "Typed?"
    assert shown(answer.text)["g1n3-number"] == "3"
    assert shown(group.text)["n2-number"] == "2"
    assert log() == []


def test_question_moved_up_changes_its_number_with_its_neighbour(admin: FlaskClient, second_question, numbers):
    moved = admin.post(PAGE, data=shown(admin.get(PAGE).text) | {"step": f"up g1q{second_question}"})
    before = numbers()
    admin.post(PAGE, data=shown(moved.text))

    assert "Nothing has been saved yet." in moved.text
    assert moved.text.index(f'id="g1q{second_question}"') < moved.text.index('id="g1q1"')
    assert before == {1: 1, second_question: 2}
    assert numbers() == {1: 2, second_question: 1}


def test_moved_question_is_logged_with_its_old_and_new_number(admin: FlaskClient, look, second_question):
    form = shown(admin.get(PAGE).text) | {"g1q1-number": "2", f"g1q{second_question}-number": "1"}
    admin.post(PAGE, data=form)
    changes = look(lambda: [(one.subject_id, one.detail) for one in db.session.query(LogEntry)])

    assert sorted((key, change["old"], change["new"]) for key, [change] in changes) == [
        (1, 1, 2),
        (second_question, 2, 1),
    ]


def test_number_that_two_rows_have_is_refused_at_its_field(admin: FlaskClient, second_question, log):
    answer = admin.post(PAGE, data=shown(admin.get(PAGE).text) | {"g1q1-number": "2"})

    assert answer.status_code == 422
    assert 'href="#g1q1-number"' in answer.text
    assert "Group 1, question 2: This number is in use already." in answer.text
    assert log() == []


def test_name_in_the_address_of_another_group_is_refused_at_its_field(admin: FlaskClient):
    form = shown(admin.post(PAGE, data=shown(admin.get(PAGE).text) | {"step": "group"}).text)
    answer = admin.post(PAGE, data=form | {"n2-slug": "group-1", "n2-en-title": "Two"})

    assert answer.status_code == 422
    assert 'href="#n2-slug"' in answer.text


def test_same_form_sent_twice_adds_its_rows_once(admin: FlaskClient, look):
    form = shown(admin.get(PAGE).text) | {"g1n1-en-text": "Once?"}

    assert [admin.post(PAGE, data=form).status_code for _time in range(2)] == [302, 302]
    assert look(lambda: _structure(1)) == [(1, "group-1", [1, 2])]


def test_change_of_somebody_else_is_told_beside_one_s_own(admin: FlaskClient):
    form = shown(admin.get(PAGE).text)
    admin.post(PAGE, data=form | {"g1q1-en-text": "Theirs?"})
    answer = admin.post(PAGE, data=form | {"g1q1-en-text": "Ours?", "submission": "other"})

    assert answer.status_code == 409
    assert "Theirs?" in answer.text
    assert shown(answer.text)["g1q1-en-text"].strip() == "Ours?"
    assert admin.post(PAGE, data=shown(answer.text)).status_code == 302


def test_row_that_somebody_else_has_deleted_is_given_back_as_a_new_one(admin: FlaskClient, second_question):
    form = shown(admin.get(PAGE).text) | {f"g1q{second_question}-en-text": "A long question."}
    admin.post(f"/en/admin/questions/{second_question}/delete/")
    answer = admin.post(PAGE, data=form)

    assert answer.status_code == 409
    assert "A long question." in answer.text
    assert "Someone else has deleted this" in answer.text
    cleared = shown(answer.text) | {f"g1q{second_question}-{code}-text": "" for code in ("en", "es", "fr")}
    assert admin.post(PAGE, data=cleared).status_code == 302
    assert "A long question." not in admin.get(PAGE).text


def test_deleting_is_offered_for_what_nobody_has_answered(admin: FlaskClient, look, world, second_question):
    def answer_the_first() -> None:
        db.session.get(Topic, world.topic).question_id = 1
        db.session.commit()

    look(answer_the_first)
    page = admin.get(PAGE).text

    assert f"/questions/{second_question}/delete/" in page
    assert "/questions/1/delete/" not in page


def _empty_forum() -> int:
    forum = make_forum("empty")
    forum.groups.clear()
    db.session.commit()
    return forum.id


def _structure(forum_id: int) -> list[tuple[int, str, list[int]]]:
    groups: list[Group] = db.session.get_one(Forum, forum_id).groups
    return [(group.number, group.slug, [one.number for one in group.questions]) for group in groups]
