"""Acts on a topic: what they do, who may do them, and how they are recorded."""

import pytest
from flask import Flask

from app.counters import recount
from app.database import utcnow
from app.extensions import db
from app.models import Act, Forum, ForumRole, Group, Question, Reason, ReasonText, Role, Topic
from app.moderation import topics
from tests.conftest import sign_in
from tests.moderation.tidying import (
    REASON,
    Place,
    act,
    acts,
    change,
    get,
    log,
    path_of,
    seen_of,
)
from tests.world import World, make_user

MARKS = ("pin", "unpin", "lock", "unlock")
NAMES = (*MARKS, "retitle", "refile", "move", "split", "merge")
NEW_TITLE = "Forms and formats"


def filled_in(name: str, world: World, place: Place) -> dict[str, object]:
    """The fields of the form of an act on the first topic, except its reason."""
    return {
        "retitle": {"title": NEW_TITLE, "language": "en"},
        "refile": {"place": f"{place.group}-{place.question}"},
        "move": {"messages": str(world.second), "target": str(place.other)},
        "split": {
            "messages": str(world.second),
            "title": NEW_TITLE,
            "language": "en",
            "place": f"{world.group}-0",
        },
        "merge": {"target": str(place.other)},
    }.get(name, {})


def ready_for(app: Flask, world: World, name: str) -> None:
    """Pin or lock the topic, so that this can be undone."""
    if name in ("unpin", "unlock"):
        change(app, Topic, world.topic, **{"pinned_at" if name == "unpin" else "locked_at": utcnow()})


@pytest.mark.parametrize("name", NAMES)
def test_moderator_of_the_forum_and_administrator_can_do_each_act(
    name, app: Flask, world: World, place, moderator, admin
):
    for client in (moderator, admin):
        ready_for(app, world, name)
        assert client.get(path_of(world.topic, name)).status_code == 200

    assert act(app, admin, world.topic, name, **filled_in(name, world, place)).status_code == 302


@pytest.mark.parametrize("name", ["", *NAMES])
def test_nobody_else_can_do_any_act(name: str, app: Flask, world: World, place: Place, visitor, alice, bruno):
    path = path_of(world.topic, name).replace("//", "/")
    with app.app_context():
        translator = make_user("translator")
        db.session.add(ForumRole(user_id=translator.id, forum_id=world.forum, role=Role.TRANSLATOR))
        db.session.commit()
        key = translator.id
    for client in (alice, bruno, sign_in(app, key), sign_in(app, place.foreign_moderator)):
        assert client.get(path).status_code == 403
        if name:
            assert act(app, client, world.topic, name, **filled_in(name, world, place)).status_code == 403
    assert visitor.get(path).location.startswith("/en/auth/sign-in/?next=")
    assert name == "" or act(app, visitor, world.topic, name).status_code == 403
    assert acts(app) == []


@pytest.mark.parametrize("name", ["", *NAMES])
def test_hidden_topic_is_not_found(name, app, world, place: Place, moderator):
    for topic in (place.hidden_topic, 999_999):
        path = path_of(topic, name).replace("//", "/")
        assert moderator.get(path).status_code == 404
        if name:
            assert act(app, moderator, topic, name, **filled_in(name, world, place)).status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_archived_forum_allows_no_act_on_topics(name: str, app: Flask, world: World, place: Place, moderator, admin):
    ready_for(app, world, name)
    change(app, Forum, world.forum, archived_at=utcnow())
    for client in (moderator, admin):
        assert client.get(path_of(world.topic, name)).status_code == 409
        assert act(app, client, world.topic, name, **filled_in(name, world, place)).status_code == 409
    assert acts(app) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_act_needs_a_reason(name: str, app: Flask, world: World, place: Place, moderator):
    ready_for(app, world, name)
    answer = act(app, moderator, world.topic, name, words=" ", **filled_in(name, world, place))

    assert answer.status_code == 422
    assert "Select a reason or write one." in answer.text
    assert acts(app) == []


@pytest.mark.parametrize("name", NAMES)
def test_reason_for_another_act_is_not_offered(name: str, app: Flask, world: World, place: Place, moderator):
    ready_for(app, world, name)
    with app.app_context():
        for act_kind in ("withhold", {"refile": "move"}.get(name, name)):
            texts = {"en": ReasonText(language="en", text=f"For {act_kind}")}
            db.session.add(Reason(acts=[act_kind], texts=texts))
        db.session.add(Reason(texts={"en": ReasonText(language="en", text="For every act")}))
        db.session.commit()
    page = moderator.get(path_of(world.topic, name)).text

    assert "For withhold" not in page
    assert f"For { ({'refile': 'move'}.get(name, name)) }" in page
    assert "For every act" in page


@pytest.mark.parametrize("name", NAMES)
def test_every_act_is_recorded_with_its_reason(name: str, app: Flask, world: World, place: Place, moderator):
    ready_for(app, world, name)
    act(app, moderator, world.topic, name, **filled_in(name, world, place))

    with app.app_context():
        one = db.session.query(Act).one()
        assert one.kind == {"refile": "move"}.get(name, name)
        assert (one.user_id, one.forum_id, one.reason) == (world.moderator, world.forum, {"en": REASON})


def test_listed_reason_is_recorded_in_all_its_languages(app: Flask, world: World, place: Place, moderator):
    with app.app_context():
        made = [("en", "Repeated"), ("fr", "Répété")]
        reason = Reason(texts={code: ReasonText(language=code, text=text) for code, text in made})
        db.session.add(reason)
        db.session.commit()
        key = reason.id
    act(app, moderator, world.topic, "pin", listed=str(key), words="")

    with app.app_context():
        assert db.session.query(Act).one().reason == {"en": "Repeated", "fr": "Répété"}


def test_reason_that_is_not_offered_is_refused(app: Flask, world: World, place: Place, moderator):
    assert [
        listed
        for listed in ("999", "x", "-1", "")
        if act(app, moderator, world.topic, "pin", listed=listed).status_code != 422
    ] == []
    assert acts(app) == []


@pytest.mark.parametrize("name", NAMES)
def test_same_form_sent_twice_acts_once(name: str, app: Flask, world: World, place: Place, moderator):
    ready_for(app, world, name)
    fields = {**filled_in(name, world, place), "submission": "0123456789abcdef", "version": seen_of(app, world.topic)}
    first, second = (act(app, moderator, world.topic, name, **fields) for _ in range(2))

    assert (first.status_code, second.status_code) == (302, 302)
    assert first.location == second.location
    assert len(acts(app)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_form_opened_before_another_decision_is_refused(name, app, world: World, place: Place, moderator, admin):
    """Two moderators open their forms; the second to send has not seen the act of the first."""
    ready_for(app, world, name)
    seen = seen_of(app, world.topic)
    act(app, admin, world.topic, "retitle", title="Decided first", language="en")
    answer = act(app, moderator, world.topic, name, version=seen, **filled_in(name, world, place))

    assert answer.status_code == 409
    assert "This has been changed since you opened the page" in answer.text
    assert get(app, Topic, world.topic).title == "Decided first"
    assert len(acts(app)) == 1


@pytest.mark.parametrize("what", ["title", "language", "question_id"])
def test_form_opened_before_the_author_changed_the_topic_is_refused(what: str, app, world, place: Place, moderator):
    seen = seen_of(app, world.topic)
    with app.app_context():
        values = {"title": "Wild title", "language": "fr", "question_id": place.question}
        setattr(db.session.get_one(Topic, world.topic), what, values[what])
        recount()
        db.session.commit()
    answer = act(app, moderator, world.topic, "pin", version=seen)

    assert answer.status_code == 409
    assert "This has been changed since you opened the page" in answer.text
    assert acts(app) == []


def test_form_that_does_not_say_what_was_seen_changes_nothing(app: Flask, world: World, place: Place, moderator):
    assert [
        seen
        for seen in ("", None, "x", "-1", "9" * 30, "٣", "0")
        if act(app, moderator, world.topic, "pin", version=seen).status_code != 409
    ] == []
    assert acts(app) == []


@pytest.mark.parametrize(("name", "column"), [("pin", "pinned_at"), ("lock", "locked_at")])
def test_pin_lock_and_their_opposites_cannot_be_repeated(name: str, column: str, app, world, place: Place, moderator):
    assert act(app, moderator, world.topic, f"un{name}").status_code == 409
    assert act(app, moderator, world.topic, name).status_code == 302
    assert getattr(get(app, Topic, world.topic), column)
    assert act(app, moderator, world.topic, name).status_code == 409
    assert act(app, moderator, world.topic, f"un{name}").status_code == 302
    assert getattr(get(app, Topic, world.topic), column) is None


def test_pinned_topic_is_first_in_its_group(app: Flask, world: World, place: Place, moderator, visitor):
    change(app, Topic, world.topic, active_at=utcnow().replace(year=2001))
    act(app, moderator, world.topic, "pin")

    page = visitor.get("/en/forums/open-forum/groups/group-1/").text
    assert page.index("Reporting formats") < page.index("Annual reports")
    assert '<strong class="mark">Pinned</strong>' in page
    change(app, Topic, world.topic, active_at=get(app, Topic, place.other).active_at)


def test_locked_topic_allows_withdrawal_but_no_reply_or_edit(app, world, place, moderator, alice):
    act(app, moderator, world.topic, "lock")
    data = {"body": "Too late?", "language": "en"}

    answer = alice.post(f"/en/topics/{world.topic}/reply/", data=data)
    assert answer.status_code == 409
    assert "This topic is locked" in answer.text
    assert "Too late?" in answer.text
    assert alice.post(f"/en/messages/{world.first}/edit/", data=data).status_code == 409
    assert alice.post(f"/en/messages/{world.first}/withdraw/").status_code == 302


def test_former_title_is_shown_only_in_the_log(app, world: World, place, moderator, visitor, alice, admin):
    old = get(app, Topic, world.topic).title
    answer = act(app, moderator, world.topic, "retitle", title=NEW_TITLE, language="fr")

    assert visitor.get(answer.location).text.count(NEW_TITLE) > 1
    for path in (
        f"topics/{world.topic}/", f"print/topics/{world.topic}/", f"feeds/topics/{world.topic}.atom",
        f"print/messages/{world.first}/", f"messages/{world.first}/history/", "forums/open-forum/groups/",
        "forums/open-forum/groups/group-1/", "print/forums/open-forum/", "feeds/forums/open-forum.atom",
        f"moderation/topics/{world.topic}/", "account/data/", f"topics/{world.topic}/reply/",
    ):  # fmt: skip
        for client in (visitor, alice, moderator):
            assert old not in client.get(f"/en/{path}").text, path
    assert acts(app) == [("retitle", world.topic, {})]
    assert log(app) == [("edit", "topics", [{"field": "title", "language": "fr", "old": old, "new": NEW_TITLE}])]
    assert old in admin.get("/en/admin/log/1/").text


def test_title_has_to_be_one(app, world: World, place: Place, moderator):
    assert [
        (title, language)
        for title, language in (("", "en"), ("x" * 201, "en"), ("T", "xx"), ("T", ""), ("T", None))
        if act(app, moderator, world.topic, "retitle", title=title, language=language).status_code != 422
    ] == []
    assert acts(app) == []


def test_unchanged_title_is_refused(app: Flask, world: World, place: Place, moderator):
    answer = act(app, moderator, world.topic, "retitle", title="Reporting formats", language="en")

    assert answer.status_code == 422
    assert (acts(app), log(app)) == ([], [])


def test_markup_in_a_title_is_escaped(app: Flask, world: World, place: Place, moderator, visitor):
    hostile = "<script>alert(1)</script>{{7*7}}"
    answer = act(app, moderator, world.topic, "retitle", title=hostile, language="en")

    for path in (answer.location, path_of(world.topic, "merge"), f"/en/moderation/topics/{world.topic}/"):
        page = moderator.get(path).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in page
        assert "<script>alert" not in page


def test_topic_moves_to_another_group_with_its_messages_and_addresses(app, world, place: Place, moderator, visitor):
    act(app, moderator, world.topic, "refile", place=f"{place.group}-{place.question}")

    assert "Reporting formats" in visitor.get("/en/forums/open-forum/groups/group-2/").text
    assert "Reporting formats" not in visitor.get("/en/forums/open-forum/groups/group-1/").text
    page = visitor.get(f"/en/topics/{world.topic}/").text
    assert "And what else? (en)" in page
    assert f'id="message-{world.second}"' in page
    with app.app_context():
        [one] = db.session.query(Act).all()
        ways = {"from_group": world.group, "from_question": None}
        assert one.detail == ways | {"to_group": place.group, "to_question": place.question}


def test_answers_are_counted_under_the_new_question_of_a_topic(app, world, place, moderator, visitor):
    act(app, moderator, world.topic, "refile", place=f"{place.group}-{place.question}")

    assert "3 messages" in visitor.get("/en/forums/open-forum/groups/group-2/").text
    assert "No answer yet" in visitor.get("/en/forums/open-forum/groups/group-1/").text


def test_place_of_another_forum_or_of_none_is_refused(app, world: World, place: Place, moderator):
    wrong = []
    for choice in (
        "{foreign_group}-0",
        "{group}-1",
        "{group}-999",
        "999-0",
        "0-0",
        "x",
        "",
        "1-2-3",
        "-",
        "99999999999999999999-0",
    ):
        for name in ("refile", "split"):
            fields = filled_in(name, world, place) | {"place": choice.format_map(vars(place))}
            answer = act(app, moderator, world.topic, name, **fields)
            if (
                answer.status_code != 422
                or "Please select one of the options offered" not in answer.text
                or get(app, Topic, world.topic).group_id != world.group
            ):
                wrong.append((choice, name))

    assert wrong == []


def test_unchanged_place_is_refused(app: Flask, world: World, place: Place, moderator):
    assert act(app, moderator, world.topic, "refile", place=f"{world.group}-0").status_code == 422
    assert acts(app) == []


@pytest.mark.parametrize("kind", [Group, Question])
def test_place_deleted_meanwhile_is_refused(kind, app: Flask, world: World, place: Place, moderator, monkeypatch):
    begin = topics.transaction

    def delete_first(**given):
        with app.app_context():
            key = place.group if kind is Group else place.question
            db.session.delete(db.session.get_one(kind, key))
            db.session.commit()
        return begin(**given)

    monkeypatch.setattr(topics, "transaction", delete_first)

    assert act(app, moderator, world.topic, "refile", place=f"{place.group}-{place.question}").status_code == 404
    assert acts(app) == []


def test_moderator_limited_to_languages_cannot_act_on_topics_in_others(
    app: Flask, world: World, place: Place, moderator
):
    with app.app_context():
        held = db.session.query(ForumRole).filter_by(user_id=world.moderator).one()
        held.languages = "es fr"
        db.session.commit()

    overview = moderator.get(f"/en/moderation/topics/{world.topic}/")
    assert "Merge the topic" not in overview.text
    assert "Move messages" in overview.text
    for name in set(NAMES) - {"move", "split"}:
        ready_for(app, world, name)
        assert moderator.get(path_of(world.topic, name)).status_code == 403, name
        assert act(app, moderator, world.topic, name, **filled_in(name, world, place)).status_code == 403, name
    assert acts(app) == []


def test_role_lost_before_the_form_is_sent_is_checked_inside_the_transaction(app, world, place, moderator, monkeypatch):
    begin = topics.transaction

    def dismiss_first(**given):
        with app.app_context():
            db.session.query(ForumRole).filter_by(user_id=world.moderator).delete()
            db.session.commit()
        return begin(**given)

    monkeypatch.setattr(topics, "transaction", dismiss_first)

    for name in ("pin", "retitle", "refile", "move", "split", "merge"):
        answer = act(app, moderator, world.topic, name, **filled_in(name, world, place))
        assert answer.status_code == 403, name
    assert acts(app) == []


def test_overview_offers_only_possible_acts(app: Flask, world: World, place: Place, moderator):
    change(app, Topic, world.topic, pinned_at=utcnow())
    page = moderator.get(f"/en/moderation/topics/{world.topic}/").text

    assert "Unpin the topic" in page
    assert "Pin the topic" not in page
    assert "Lock the topic" in page


def test_only_moderators_have_a_link_to_the_overview(
    app: Flask, world: World, place: Place, visitor, alice, moderator, admin
):
    link = f'href="/en/moderation/topics/{world.topic}/"'
    path = f"/en/topics/{world.topic}/"

    assert [link in client.get(path).text for client in (visitor, alice)] == [False, False]
    assert [link in client.get(path).text for client in (moderator, admin)] == [True, True]
    change(app, Forum, world.forum, archived_at=utcnow())
    assert link not in admin.get(path).text


def test_act_on_a_topic_requires_the_csrf_token(app: Flask, world: World, place: Place, moderator):
    app.config["WTF_CSRF_ENABLED"] = True

    assert act(app, moderator, world.topic, "pin").status_code == 400
    assert acts(app) == []
