"""The buttons on pages, the list and the choices of the account, and the links in emails."""

import pytest
from lxml import html

from app.auth import sign_up
from app.database import utcnow
from app.extensions import db
from app.following.actions import next_hour
from app.languages import KNOWN
from app.models import Follow, Group, SignUp, Topic, User
from tests.auth.conftest import SIGN_UP
from tests.clients import Client
from tests.conftest import sign_in
from tests.following.conftest import change_user, path_to_stop, text_of
from tests.world import World

ACCOUNT = "/en/account/follow/"


def follows(app) -> list[tuple]:
    with app.app_context():
        rows = db.session.scalars(db.select(Follow).order_by(Follow.id)).all()
        return [(one.user_id, one.forum_id or one.group_id or one.question_id or one.topic_id, one.how) for one in rows]


def press(client, page: str, how: str):
    """Press one of the buttons of this page, with all that its form has."""
    [form] = html.document_fromstring(client.get(page).text).xpath("//form[contains(@action, '/follow/')]")
    return client.post(form.get("action"), data={**dict(form.form_values()), "how": how})


@pytest.mark.parametrize(
    "page",
    [
        "/en/forums/open-forum/",
        "/en/forums/open-forum/groups/group-1/",
        "/en/forums/open-forum/groups/group-1/?question=1",
        "/en/topics/1/",
    ],
)
def test_page_of_what_can_be_followed_has_its_buttons(app, world: World, bruno, page):
    answer = press(bruno, page, "digest")

    assert answer.location == page
    assert [(who, how) for who, _key, how in follows(app)] == [(world.bruno, "digest")]
    press(bruno, page, "each")
    assert [how for *_, how in follows(app)] == ["each"]
    press(bruno, page, "none")
    assert follows(app) == []


@pytest.mark.parametrize(
    ("how", "language", "said"),
    [
        ("each", "en", "You follow this topic by email: one email per message."),
        ("digest", "en", "You follow this topic by email: daily digest."),
        ("none", "en", "You no longer follow this topic by email."),
        ("none", "es", "Ya no sigue este hilo por correo electrónico."),
        ("none", "fr", "Vous ne suivez plus ce fil par courriel."),
    ],
)
def test_button_is_answered_with_what_holds_now(world: World, bruno, follow, how: str, language: str, said: str):
    follow(world.bruno, "each" if how != "each" else "digest")
    path = f"/{language}/topics/{world.topic}/"
    press(bruno, path, how)

    flash = html.document_fromstring(bruno.get(path).text).xpath("//div[contains(@class, 'flash')]")[0]
    assert flash.text_content().strip().startswith(said)


def test_button_for_the_digest_is_answered_with_when_the_next_one_is_due(world: World, bruno):
    path = f"/en/topics/{world.topic}/"
    press(bruno, path, "digest")

    due = next_hour(utcnow(), 7)
    assert f"The next daily digest is due on {KNOWN['en'].at(due)}." in bruno.get(path).text


@pytest.mark.parametrize("page", ["/en/forums/open-forum/", "/en/forums/open-forum/groups/group-1/", "/en/topics/1/"])
def test_signed_out_reader_sees_nothing_of_it(world: World, visitor, page):
    assert "/follow/" not in visitor.get(page).text


def test_button_of_an_old_page_comes_back(app, world: World, bruno, follow):
    page = html.document_fromstring(bruno.get("/en/topics/1/").text)
    [form] = page.xpath("//form[contains(@action, '/follow/')]")
    follow(world.bruno, "each")
    answer = bruno.post(form.get("action"), data={**dict(form.form_values()), "how": "digest"})

    assert answer.status_code == 409
    assert "You follow this topic by email:" in answer.text
    assert [how for *_, how in follows(app)] == ["each"]


def test_account_lists_what_one_follows(app, world: World, bruno, follow):
    follow(world.bruno)
    follow(world.bruno, "digest", forum_id=world.forum)
    page = html.document_fromstring(bruno.get(ACCOUNT).text)

    listed = [item.text_content() for item in page.xpath("//section[@aria-labelledby='followed']/ul/li")]
    assert ["Title of open-forum (en)" in listed[0], "Reporting formats" in listed[1]] == [True, True]
    first = page.xpath("//section[@aria-labelledby='followed']//form")[0]
    answer = bruno.post(first.get("action"), data={**dict(first.form_values()), "how": "none"})
    assert answer.location == ACCOUNT
    assert [how for *_, how in follows(app)] == ["each"]


def test_list_leaves_out_what_one_may_no_longer_see(app, world: World, bruno, follow):
    follow(world.bruno)
    with app.app_context():
        db.session.get_one(Topic, world.topic).group.forum.published_at = None
        db.session.commit()

    assert "Reporting formats" not in bruno.get(ACCOUNT).text


def test_own_data_has_what_one_follows_and_the_choices(world: World, bruno, follow):
    follow(world.bruno, "digest")
    data = bruno.get("/en/account/data.json").get_json()

    assert [(one["topic_id"], one["how"]) for one in data["follows"]] == [(world.topic, "digest")]
    assert data["profile"]["digest_hour"] == 7
    assert "Forums, groups, questions and topics that you follow: 1." in bruno.get("/en/account/data/").text


def test_choices_stand_in_the_account(app, world: World, bruno):
    data = {"mail_answers": "digest", "mail_topics": "none", "digest_hour": "18"}
    assert bruno.post(ACCOUNT, data=data).status_code == 302

    with app.app_context():
        user = db.session.get_one(User, world.bruno)
        assert (user.mail_answers, user.mail_topics, user.digest_hour) == ("digest", "none", 18)
    assert "18:00\N{NO-BREAK SPACE}UTC" in bruno.get(ACCOUNT).text
    assert (
        "18\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}00\N{NO-BREAK SPACE}UTC"
        in bruno.get(f"/fr{ACCOUNT.removeprefix('/en')}").text
    )


def test_digest_can_be_turned_off_and_on(app, world: World, bruno):
    data = {"mail_answers": "each", "mail_topics": "each"}
    bruno.post(ACCOUNT, data={**data, "digest_hour": "-1"})
    with app.app_context():
        user = db.session.get_one(User, world.bruno)
        assert (user.digest_stopped, user.digest_hour) == (True, 7)
    press(bruno, "/en/topics/1/", "digest")

    with app.app_context():
        assert not db.session.get_one(User, world.bruno).digest_stopped


@pytest.mark.parametrize("name", ["mail_answers", "mail_topics"])
def test_digest_is_not_chosen_without_its_hour(app, world: World, bruno, name: str):
    data = {"mail_answers": "each", "mail_topics": "each", "digest_hour": "-1"}
    answer = bruno.post(ACCOUNT, data=data | {name: "digest"})

    assert answer.status_code == 422
    assert "Please choose a time for it, or change that choice." in answer.text
    with app.app_context():
        assert not db.session.get_one(User, world.bruno).digest_stopped


def test_list_says_that_nothing_comes_of_what_is_followed_in_a_stopped_digest(app, world: World, bruno, follow):
    follow(world.bruno, "digest")
    change_user(app, world.bruno, digest_stopped=True)

    assert "so nothing that you follow in this way is sent to you" in bruno.get(ACCOUNT).text


def test_list_names_the_group_of_a_question(app, world: World, bruno, follow):
    with app.app_context():
        question = db.session.get_one(Group, world.group).questions[0].id
    follow(world.bruno, question_id=question)

    assert "Group 1, question 1: " in bruno.get(ACCOUNT).text


def test_choices_are_made_at_sign_up(app, world: World, visitor):
    chosen = {"mail_answers": "none", "mail_topics": "digest", "digest_hour": "0"}
    visitor.post("/en/auth/sign-up/", data=SIGN_UP | chosen)
    with app.app_context():
        waiting = db.session.scalars(db.select(SignUp)).one()
        user = sign_up.make_account(waiting, waiting.email, None)
        assert (user.mail_answers, user.mail_topics, user.digest_hour) == ("none", "digest", 0)
        db.session.rollback()


def sent_to_alice(world: World, bruno, reply, post) -> str:
    """The path by which Alice stops an email with an answer to her."""
    reply(bruno, to=world.first)
    post.send()
    return path_to_stop(post.of("alice")[-1])


def test_opening_the_link_only_asks(app, world: World, bruno, visitor, reply, post):
    path = sent_to_alice(world, bruno, reply, post)
    page = visitor.get(path)

    assert "Stop these emails?" in page.text
    with app.app_context():
        assert db.session.get_one(User, world.alice).mail_answers == "each"


@pytest.fixture
def with_tokens(app):
    app.config["WTF_CSRF_ENABLED"] = True


def test_mail_program_stops_with_one_request(app, world: World, bruno, reply, post, with_tokens):
    app.config["WTF_CSRF_ENABLED"] = False
    path = sent_to_alice(world, bruno, reply, post)
    app.config["WTF_CSRF_ENABLED"] = True
    answer = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})

    assert (answer.status_code, answer.location) == (200, None)
    assert "Set-Cookie" not in answer.headers or "user_id" not in answer.headers["Set-Cookie"]
    with app.app_context():
        assert db.session.get_one(User, world.alice).mail_answers == "none"


def test_link_stops_exactly_what_it_names_and_leads_back(app, world: World, bruno, visitor, follow, reply, post):
    follow(world.alice, forum_id=world.forum)
    follow(world.alice, "digest")
    change_user(app, world.alice, mail_answers="none", language="es")
    reply(bruno)
    post.send()
    [letter] = post.of("alice")
    path = path_to_stop(letter)
    assert path.startswith("/es/")
    assert path in text_of(letter)

    stopped = visitor.post(path)
    assert stopped.status_code == 200
    assert follows(app) == [(world.alice, world.topic, "digest")]
    assert visitor.post(path, data={"again": "yes"}).status_code == 200
    assert sorted(follows(app)) == [(world.alice, world.topic, "digest"), (world.alice, world.forum, "each")]


@pytest.mark.parametrize("token", ["nonsense", "1t1e.AAAAAAAAAAAAAAAAAAAAAAAAAAA", "1t1e", "%C3%A9.x"])
def test_link_that_we_never_sent_is_refused(world: World, visitor, token):
    for method in (visitor.get, visitor.post):
        answer = method(f"/en/follow/stop/{token}/")
        assert answer.status_code == 410
        assert "<h1>This link is not valid</h1>" in answer.text


def test_other_forms_still_need_their_token(app, world: World, with_tokens):
    client = sign_in(app, world.bruno)

    assert Client.post(client, f"/en/follow/topics/{world.topic}/", data={"how": "each"}).status_code == 400
