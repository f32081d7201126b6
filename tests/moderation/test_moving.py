"""Moving messages, splitting and merging topics: numbers, places, counters and addresses."""

import re
from datetime import timedelta
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import writing
from app.database import utcnow
from app.errors import AlreadyDecided
from app.extensions import db, transaction
from app.forums import actions
from app.models import Forum, ForumRole, Message, MessageStatus, Topic, User
from app.moderation import topic_queries, topics
from tests.conftest import sign_in
from tests.moderation.tidying import (
    Place,
    act,
    acts,
    add_pending,
    change,
    get,
    numbers,
    path_of,
    places,
)
from tests.world import World, make_message, make_topic

TITLE = {"title": "A topic of its own", "language": "fr"}


def fill(app: Flask, world: World, count: int) -> None:
    with app.app_context():
        topic, bruno = db.session.get_one(Topic, world.topic), db.session.get_one(User, world.bruno)
        for number in range(count):
            make_message(topic, bruno, f"Filler {number}.")
        db.session.commit()


def many_topics(app: Flask, world: World, title: str, count: int) -> list[int]:
    """Add published topics, and return their keys."""
    with app.app_context():
        first = db.session.get_one(Topic, world.topic)
        made = [make_topic(first.group, first.author, f"{title} {number}") for number in range(count)]
        for topic in made:
            make_message(topic, first.author, "Some words.")
        db.session.commit()
        return [topic.id for topic in made]


def under_a_question(app: Flask, world: World) -> int:
    """Put the first topic under the question of its group, and return the key of the question."""
    with app.app_context():
        question = db.session.get_one(Topic, world.topic).group.questions[0].id
    change(app, Topic, world.topic, question_id=question)
    return question


def split_fields(world: World, *messages: int) -> dict[str, object]:
    return {**TITLE, "place": f"{world.group}-0", "messages": [str(number) for number in messages]}


def newest_topic(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(Topic.id).order_by(Topic.id.desc()).limit(1))


def test_moved_message_takes_its_place_by_number_in_the_other_topic(app, world: World, place: Place, moderator):
    act(app, moderator, world.topic, "move", messages=str(place.fourth), target=str(place.other))

    assert places(app, place.other) == [(place.third, 1), (place.fourth, 2), (place.fifth, 3)]
    assert places(app, world.topic) == [(world.first, 1), (world.second, 2)]


def test_moving_a_message_leaves_no_gap(app: Flask, world: World, place: Place, moderator):
    act(app, moderator, world.topic, "move", messages=str(world.first), target=str(place.other))

    assert places(app, world.topic) == [(world.second, 1), (place.fourth, 2)]
    assert numbers(app, place.other) == [world.first, place.third, place.fifth]


def test_moving_updates_the_counters_of_both_topics(app: Flask, world: World, place: Place, moderator):
    later = utcnow() + timedelta(hours=1)
    change(app, Message, place.fourth, posted_at=later)
    act(app, moderator, world.topic, "move", messages=str(place.fourth), target=str(place.other))

    source, target = get(app, Topic, world.topic), get(app, Topic, place.other)
    assert (source.last_position, source.message_count, source.participant_count) == (2, 2, 2)
    assert (target.last_position, target.message_count, target.participant_count) == (3, 3, 2)
    assert source.active_at < target.active_at == later


def test_permalink_follows_the_message(app: Flask, world: World, place: Place, moderator, visitor):
    act(app, moderator, world.topic, "move", messages=str(place.fourth), target=str(place.other))

    page = visitor.get(f"/en/messages/{place.fourth}/").text
    assert f'href="/en/topics/{place.other}/#message-{place.fourth}"' in page
    assert "Fourth words." in page


def test_replies_keep_their_links_across_topics(app: Flask, world: World, place: Place, moderator, visitor):
    """The second message answers the first, which moves away."""
    act(app, moderator, world.topic, "move", messages=str(world.first), target=str(place.other))

    here, there = (visitor.get(f"/en/topics/{topic}/").text for topic in (world.topic, place.other))
    first, second = (f'<a href="/en/messages/{key}/" rel="nofollow">#{key}</a>' for key in (world.first, world.second))
    assert f"In reply to {first}" in here
    assert f"{second}</p>" in there


def test_messages_of_both_topics_fill_whole_pages_after_a_move(app, world: World, place: Place, moderator, visitor):
    fill(app, world, 38)
    moved = numbers(app, world.topic)[5:25]
    fields = {"messages": [str(number) for number in moved], "target": str(place.other)}
    act(app, moderator, world.topic, "move", **fields)

    counts = [
        visitor.get(f"/en/topics/{topic}/?page={page}").text.count('<article class="message"')
        for topic, page in ((world.topic, 1), (world.topic, 2), (place.other, 1), (place.other, 2))
    ]
    assert counts == [20, 1, 20, 2]
    assert visitor.get(f"/en/topics/{world.topic}/?page=3").status_code == 404


def test_messages_of_every_page_can_be_chosen(app: Flask, world: World, place: Place, moderator):
    """Messages on the shown page have checkboxes; others can be given by number."""
    fill(app, world, 25)
    *_, last = numbers(app, world.topic)
    path = path_of(world.topic, "move")
    first, second = (moderator.get(f"{path}?page={page}").text for page in (1, 2))
    assert f'value="{last}"' not in first
    assert f'<input type="checkbox" id="messages-{last}" name="messages" value="{last}">' in second
    assert moderator.get(f"{path}?page=3").status_code == 404

    fields = {
        "messages": str(world.first),
        "further": f"#{last}, {last - 1};{world.second}",
        "target": str(place.other),
    }
    act(app, moderator, world.topic, "move", **fields)
    assert numbers(app, place.other) == [world.first, world.second, place.third, place.fifth, last - 1, last]


def test_record_of_a_move_has_only_numbers(app: Flask, world: World, place: Place, moderator):
    act(app, moderator, world.topic, "move", messages=str(world.second), target=str(place.other))

    assert acts(app) == [("move", place.other, {"from_topic": world.topic, "messages": [world.second]})]


def test_withheld_and_withdrawn_messages_can_be_moved_and_stay_hidden(
    app: Flask, world: World, place: Place, moderator, visitor
):
    change(app, Message, world.first, status=MessageStatus.WITHDRAWN, withdrawn_at=utcnow())
    change(
        app,
        Message,
        world.second,
        status=MessageStatus.WITHHELD,
        withheld_at=utcnow(),
        withheld_for={"en": "Off topic"},
    )
    fields = {"messages": [str(world.first), str(world.second)], "target": str(place.other)}
    act(app, moderator, world.topic, "move", **fields)

    page = visitor.get(f"/en/topics/{place.other}/").text
    assert "This message was withdrawn by its author" in page
    assert "Off topic" in page
    assert "A shorter form" not in page
    assert get(app, Topic, place.other).message_count == 2


@pytest.mark.parametrize("name", ["move", "split"])
@pytest.mark.parametrize("number", ["{foreign_message}", "{hidden_message}", "999999"])
def test_message_of_another_forum_is_not_found(number, name, app, world, place: Place, moderator):
    number = number.format_map(vars(place))
    for chosen in ({"messages": [str(world.second), number]}, {"messages": str(world.second), "further": number}):
        fields = {**split_fields(world), "target": str(place.other), **chosen}
        answer = act(app, moderator, world.topic, name, **fields)
        assert answer.status_code == 404
        assert "words" not in re.sub(r"<textarea.*?</textarea>", "", answer.text)
    assert numbers(app, world.topic) == [world.first, world.second, place.fourth]
    assert acts(app) == []


@pytest.mark.parametrize("name", ["move", "split"])
def test_act_is_refused_if_one_message_has_been_moved_meanwhile(name, app, world, place: Place, moderator, admin):
    """Two moderators choose the same message; the act of the second is refused as a whole."""
    act(app, admin, world.topic, "split", **split_fields(world, world.second))
    chosen = [str(place.fourth), str(world.second)]
    fields = {**split_fields(world), "messages": chosen, "target": str(place.other)}
    answer = act(app, moderator, world.topic, name, **fields)

    assert answer.status_code == 409
    assert numbers(app, world.topic) == [world.first, place.fourth]
    assert len(acts(app)) == 1


@pytest.mark.parametrize("name", ["move", "split"])
def test_waiting_message_cannot_be_moved(name, app, world: World, place: Place, moderator):
    waiting = add_pending(app, world.topic, world.bruno)
    fields = {**split_fields(world, waiting), "target": str(place.other)}

    assert act(app, moderator, world.topic, name, **fields).status_code == 409
    assert get(app, Message, waiting).topic_id == world.topic
    assert f'value="{waiting}"' not in moderator.get(path_of(world.topic, name)).text


@pytest.mark.parametrize("status", [MessageStatus.WITHDRAWN, MessageStatus.WITHHELD])
def test_message_that_was_never_published_cannot_be_moved(status, app, world: World, place: Place, moderator):
    waiting = add_pending(app, world.topic, world.bruno)
    change(app, Message, waiting, status=status)

    fields = {"messages": str(waiting), "target": str(place.other)}
    assert act(app, moderator, world.topic, "move", **fields).status_code == 409
    assert (waiting, None) in places(app, world.topic)


def test_nonsense_for_messages_is_an_error_with_the_form(app, world: World, place: Place, moderator):
    wrong = []
    for chosen in (
        {},
        {"messages": "x"},
        {"messages": "-1"},
        {"messages": "0"},
        {"messages": "9" * 30},
        {"further": "one"},
        {"further": "12 and 13"},
        {"further": "9" * 10},
        {"further": "1," * 1500},
        {"messages": [str(number) for number in range(1, 600)]},
        {"further": "٣"},
    ):
        for name in ("move", "split"):
            fields = {**split_fields(world), "target": str(place.other), "messages": None, **chosen}
            answer = act(app, moderator, world.topic, name, **fields)
            if answer.status_code != 422 or "There is a problem" not in answer.text or acts(app):
                wrong.append((chosen, name))

    assert wrong == []


@pytest.mark.parametrize("name", ["move", "merge"])
@pytest.mark.parametrize("target", ["{foreign_topic}", "{hidden_topic}", "999999"])
def test_topic_of_another_forum_is_refused_like_an_unknown_one(target, name, app, world, place, moderator):
    fields = {"messages": str(world.second), "target": f"/en/topics/{target.format_map(vars(place))}/"}
    answer = act(app, moderator, world.topic, name, **fields)

    assert answer.status_code == 422
    assert "There is no such topic in this forum." in answer.text
    for title in ("Foreign topic", "Hidden topic"):
        assert title not in answer.text
    assert acts(app) == []


def test_nonsense_for_a_topic_is_an_error_with_the_form(app, world: World, place: Place, moderator):
    wrong = []
    for name in ("move", "merge"):
        for target in (
            "",
            "x",
            "0",
            "-3",
            "9" * 12,
            "/en/topics/",
            "/en/forums/open-forum/",
            "javascript:1",
            "1 2",
            "٣",
        ):
            answer = act(app, moderator, world.topic, name, messages=str(world.second), target=target)
            if answer.status_code != 422 or acts(app):
                wrong.append((name, target))

    assert wrong == []


@pytest.mark.parametrize(
    "written",
    ["{other}", " {other} ", "/en/topics/{other}/", "http://127.0.0.1:8000/fr/topics/{other}/?page=2#message-5"],
)
def test_other_topic_can_be_given_by_number_or_address(written: str, app, world: World, place: Place, moderator):
    target = written.format_map(vars(place))

    answer = act(app, moderator, world.topic, "move", messages=str(world.second), target=target)
    assert answer.location == f"/en/topics/{place.other}/"


@pytest.mark.parametrize("name", ["move", "merge"])
def test_other_topics_of_the_forum_are_offered_by_title(name: str, app, world: World, place: Place, moderator):
    offered = moderator.get(path_of(world.topic, name)).text.partition('<datalist id="topics">')[2]

    assert f'<option value="{place.other} – Annual reports (group 1)">' in offered
    for title in ("Reporting formats", "Foreign topic", "Hidden topic"):
        assert title not in offered.partition("</datalist>")[0]


def test_topic_that_is_not_published_is_not_offered(app, world: World, place: Place, moderator):
    with app.app_context():
        source = db.session.get_one(Topic, world.topic)
        make_topic(source.group, source.author, "Unapproved title")
        db.session.commit()

    assert "Unapproved title" not in moderator.get(path_of(world.topic, "merge")).text


def test_number_of_offered_topics_is_bounded(app, world: World, place: Place, moderator, monkeypatch):
    monkeypatch.setattr(topic_queries, "MOST_OFFERED", 1)
    many_topics(app, world, "Further", 3)

    assert moderator.get(path_of(world.topic, "merge")).text.count(" – Further ") == 1


def test_topic_can_be_given_as_it_is_offered(app, world: World, place: Place, moderator):
    answer = act(app, moderator, world.topic, "merge", target=f"{place.other} – Annual reports (group 1)")

    assert answer.location == f"/en/topics/{place.other}/"


@pytest.mark.parametrize("words", ["annual", "REPORTS ann", "Ánnual"])
def test_topics_are_found_by_parts_of_their_titles(words: str, app, world: World, place: Place, moderator):
    answer = act(app, moderator, world.topic, "merge", target=words)

    assert answer.status_code == 422
    assert "Choose one of the topics found" in answer.text
    assert f'name="found" value="{place.other}"' in answer.text
    assert act(app, moderator, world.topic, "merge", target=words, found=str(place.other)).status_code == 302


def test_only_a_topic_that_was_found_can_be_chosen(app, world: World, place: Place, moderator):
    [other] = many_topics(app, world, "Other matters", 1)
    answer = act(app, moderator, world.topic, "merge", target="annual", found=str(other))

    assert answer.status_code == 422
    assert acts(app) == []


def test_search_for_topics_finds_none_of_another_forum(app, world: World, place: Place, moderator):
    page = act(app, moderator, world.topic, "merge", target="topic").text

    assert "No other topic of this forum has these words in its title." in page
    assert "Foreign topic" not in page


def test_number_of_topics_found_is_bounded(app, world: World, place: Place, moderator):
    many_topics(app, world, "Many", topic_queries.MOST_FOUND + 5)
    page = act(app, moderator, world.topic, "merge", target="many").text

    assert page.count('name="found"') == topic_queries.MOST_FOUND


def test_merging_topics_under_different_questions_asks_for_the_question(app, world, place: Place, moderator):
    question = under_a_question(app, world)
    answer = act(app, moderator, world.topic, "merge", target=str(place.other))

    assert answer.status_code == 422
    assert "The two topics come under different questions." in answer.text
    for value in (f"{world.group}-0", f"{world.group}-{question}"):
        assert f'name="under" value="{value}"' in answer.text
    assert acts(app) == []


def test_merged_topic_can_stand_under_the_question_of_the_first(app, world: World, place: Place, moderator):
    question = under_a_question(app, world)
    act(app, moderator, world.topic, "merge", target=str(place.other), under=f"{world.group}-{question}")

    assert get(app, Topic, place.other).question_id == question
    assert acts(app)[0][2] == {
        "from_topic": world.topic,
        "messages": [world.first, world.second, place.fourth],
        "from_group": world.group,
        "from_question": None,
        "to_group": world.group,
        "to_question": question,
    }


def test_merged_topic_can_stand_under_the_question_of_the_second(app, world: World, place: Place, moderator):
    under_a_question(app, world)
    act(app, moderator, world.topic, "merge", target=str(place.other), under=f"{world.group}-0")

    assert get(app, Topic, place.other).question_id is None
    assert get(app, Topic, world.topic).merged_into_id == place.other


@pytest.mark.parametrize("under", ["{group}-{question}", "x", "", "0-0"])
def test_merged_topic_can_stand_nowhere_else(under: str, app, world: World, place: Place, moderator):
    under_a_question(app, world)
    answer = act(app, moderator, world.topic, "merge", target=str(place.other), under=under.format_map(vars(place)))

    assert answer.status_code == 422
    assert acts(app) == []


def test_topics_under_the_same_question_are_merged_without_asking(app, world: World, place: Place, moderator):
    question = under_a_question(app, world)
    change(app, Topic, place.other, question_id=question)

    assert act(app, moderator, world.topic, "merge", target=str(place.other)).status_code == 302


@pytest.mark.parametrize("name", ["move", "merge"])
def test_topic_cannot_be_its_own_target(name: str, app: Flask, world: World, place: Place, moderator):
    assert (
        act(app, moderator, world.topic, name, messages=str(world.second), target=str(world.topic)).status_code == 422
    )


@pytest.mark.parametrize("name", ["move", "merge"])
def test_messages_cannot_be_moved_to_an_unpublished_topic(name: str, app: Flask, world: World, place: Place, moderator):
    """Its title would be published with the messages."""
    with app.app_context():
        source = db.session.get_one(Topic, world.topic)
        waiting = make_topic(source.group, source.author, "Unapproved title")
        db.session.commit()
        key = waiting.id
    add_pending(app, key, world.bruno)

    answer = act(app, moderator, world.topic, name, messages=str(world.second), target=str(key))
    assert answer.status_code == 422
    assert "No message in that topic has been published yet." in answer.text


def test_author_of_the_first_message_is_the_author_of_a_split_topic(
    app, world: World, place: Place, moderator, visitor
):
    fields = split_fields(world, world.second, place.fourth) | {"place": f"{place.group}-{place.question}"}
    answer = act(app, moderator, world.topic, "split", **fields)
    made = get(app, Topic, newest_topic(app))

    assert answer.location == f"/en/topics/{made.id}/"
    assert (made.title, made.language, made.author_id) == ("A topic of its own", "fr", world.bruno)
    assert (made.group_id, made.question_id) == (place.group, place.question)
    assert made.created_at == get(app, Message, world.second).posted_at
    assert numbers(app, made.id) == [world.second, place.fourth]
    assert numbers(app, world.topic) == [world.first]
    assert "A topic of its own" in visitor.get("/en/forums/open-forum/groups/group-2/").text
    assert acts(app) == [("split", made.id, {"from_topic": world.topic, "messages": [world.second, place.fourth]})]


@pytest.mark.parametrize("name", ["move", "split"])
def test_moderator_limited_to_languages_moves_only_messages_in_these(name, app, world: World, place: Place, moderator):
    with app.app_context():
        db.session.query(ForumRole).filter_by(user_id=world.moderator).one().languages = "es"
        db.session.commit()
    more = {"target": str(place.other)}

    both = act(app, moderator, world.topic, name, **split_fields(world, world.second, place.fourth), **more)
    assert both.status_code == 403
    assert numbers(app, world.topic) == [world.first, world.second, place.fourth]
    spanish = act(app, moderator, world.topic, name, **split_fields(world, world.second), **more)
    assert spanish.status_code == 302


def test_addresses_of_a_merged_topic_redirect_to_the_other(
    app: Flask, world: World, place: Place, moderator, visitor, alice
):
    fill(app, world, 20)
    act(app, moderator, world.topic, "merge", target=str(place.other))

    for client in (visitor, alice, moderator):
        assert client.get(f"/fr/topics/{world.topic}/").location == f"/fr/topics/{place.other}/"
        assert client.get(f"/fr/topics/{world.topic}/?page=2").location == f"/fr/topics/{place.other}/"
        assert client.get(f"/fr/print/topics/{world.topic}/").location == f"/fr/print/topics/{place.other}/"
        assert client.get(f"/fr/feeds/topics/{world.topic}.atom").location == f"/fr/feeds/topics/{place.other}.atom"
    overview = moderator.get(f"/en/moderation/topics/{world.topic}/")
    assert overview.location == f"/en/moderation/topics/{place.other}/"


def test_merged_topic_is_empty_and_in_no_list(app: Flask, world: World, place: Place, moderator, visitor):
    act(app, moderator, world.topic, "merge", target=str(place.other))

    assert numbers(app, world.topic) == []
    assert numbers(app, place.other) == [world.first, world.second, place.third, place.fourth, place.fifth]
    for path in ("en/forums/open-forum/groups/", "en/forums/open-forum/groups/group-1/", "en/print/forums/open-forum/"):
        before_the_record, _found, _record = visitor.get(f"/{path}").text.partition('<h2 id="record">')
        assert "Reporting formats" not in before_the_record, path
    assert f"/en/topics/{world.topic}/" not in visitor.get("/sitemap/topics-1.xml").text
    assert "5 messages" in visitor.get("/en/print/forums/open-forum/").text
    moved = [world.first, world.second, place.fourth]
    assert acts(app) == [("merge", place.other, {"from_topic": world.topic, "messages": moved})]


def test_every_page_shows_the_messages_of_a_merged_topic_once(app, world: World, place: Place, moderator, visitor):
    act(app, moderator, world.topic, "merge", target=str(place.other))

    for path in (f"topics/{place.other}/", f"print/topics/{place.other}/", "print/forums/open-forum/groups/group-1/"):
        assert visitor.get(f"/en/{path}").text.count("A shorter form would help.") == 1, path
    assert visitor.get(f"/en/feeds/topics/{place.other}.atom").text.count("</entry>") == 5


@pytest.mark.parametrize("name", ["pin", "lock", "retitle", "refile", "move", "split", "merge"])
def test_merged_topic_allows_no_act(name: str, app: Flask, world: World, place: Place, moderator, admin):
    act(app, admin, world.topic, "merge", target=str(place.other))
    fields = split_fields(world, world.second) | {"target": str(place.other)}
    answer = act(app, moderator, world.topic, name, **fields)

    assert answer.status_code == 409
    assert "Nothing has been changed" in answer.text
    assert moderator.get(path_of(world.topic, name)).status_code == 409
    assert len(acts(app)) == 1


@pytest.mark.parametrize("name", ["move", "merge"])
def test_messages_cannot_be_moved_to_a_merged_topic(
    name: str, app: Flask, world: World, place: Place, moderator, admin
):
    act(app, admin, place.other, "merge", target=str(world.topic))
    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        third = make_topic(topic.group, topic.author, "Third topic")
        message = make_message(third, topic.author, "Words of the third.")
        db.session.commit()
        source, chosen = third.id, str(message.id)

    assert act(app, moderator, source, name, messages=chosen, target=str(place.other)).status_code == 409


def test_address_redirects_to_the_last_of_several_merged_topics(app, world, place: Place, moderator, visitor):
    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        third = make_topic(topic.group, topic.author, "Third topic")
        make_message(third, topic.author, "Words of the third.")
        db.session.commit()
        last = third.id
    act(app, moderator, world.topic, "merge", target=str(place.other))
    act(app, moderator, place.other, "merge", target=str(last))

    for topic_id in (world.topic, place.other):
        assert visitor.get(f"/en/topics/{topic_id}/").location == f"/en/topics/{last}/"
        assert get(app, Topic, topic_id).merged_into_id == last


@pytest.mark.parametrize("name", ["move", "split"])
def test_topic_from_which_everything_was_moved_is_merged(name, app, world: World, place: Place, moderator, visitor):
    waiting = add_pending(app, world.topic, world.bruno)
    chosen = split_fields(world, world.first, world.second, place.fourth)
    act(app, moderator, world.topic, name, **chosen, target=str(place.other))

    target = place.other if name == "move" else newest_topic(app)
    assert get(app, Topic, world.topic).merged_into_id == target
    assert visitor.get(f"/en/topics/{world.topic}/").location == f"/en/topics/{target}/"
    assert get(app, Message, waiting).topic_id == target


def test_waiting_message_moves_with_a_merged_topic_and_is_approved_at_its_end(
    app, world, place, moderator, visitor, bruno
):
    waiting = add_pending(app, world.topic, world.bruno)
    act(app, moderator, world.topic, "merge", target=str(place.other))

    assert (get(app, Message, waiting).topic_id, get(app, Message, waiting).position) == (place.other, None)
    assert "Waiting words." not in visitor.get(f"/en/topics/{place.other}/").text
    assert "Waiting words." in bruno.get(f"/en/topics/{place.other}/").text
    with app.app_context(), transaction():
        writing.publish(db.session.get_one(Message, waiting))
    assert places(app, place.other)[-1] == (waiting, 6)
    assert acts(app)[0][2]["messages"] == [world.first, world.second, place.fourth], (
        "the record names no waiting message"
    )


def test_waiting_message_in_a_locked_topic_can_be_changed_and_approved(
    app: Flask, world: World, place, moderator, bruno
):
    waiting = add_pending(app, world.topic, world.bruno)
    act(app, moderator, world.topic, "lock")

    answer = bruno.post(f"/en/messages/{waiting}/edit/", data={"body": "Better words.", "language": "en"})
    assert answer.status_code == 302
    with app.app_context(), transaction():
        writing.publish(db.session.get_one(Message, waiting))
    assert places(app, world.topic)[-1] == (waiting, 4)


def test_unpublished_topic_can_be_merged_and_stays_hidden(app, world: World, place: Place, moderator, visitor):
    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        waiting_topic = make_topic(topic.group, topic.author, "Unapproved title")
        db.session.commit()
        key = waiting_topic.id
    waiting = add_pending(app, key, world.bruno)
    act(app, moderator, key, "merge", target=str(place.other))

    assert visitor.get(f"/en/topics/{key}/").status_code == 404, "nobody else knew this address"
    assert moderator.get(f"/en/topics/{key}/").status_code == 302
    assert (waiting, None) in places(app, place.other)
    assert get(app, Topic, place.other).message_count == 2


def test_reply_to_a_merged_topic_is_posted_in_the_other(app: Flask, world: World, place: Place, moderator, alice):
    """The form was open while a moderator merged the topic."""
    assert alice.get(f"/en/topics/{world.topic}/reply/?to={world.second}").status_code == 200
    act(app, moderator, world.topic, "merge", target=str(place.other))
    data = {"body": "Among the others.", "language": "en"}

    answer = alice.post(f"/en/topics/{world.topic}/reply/?to={world.second}", data=data)
    assert answer.location.startswith(f"/en/topics/{place.other}/#message-")
    assert "Among the others." in alice.get(answer.location).text


def test_reply_to_a_topic_merged_just_before_the_transaction_is_posted_in_the_other(
    app, world: World, place: Place, alice, monkeypatch
):
    """The view has read the topic before the merge; the action starts after it."""
    begin = actions.transaction

    def merge_first(**given):
        with app.app_context(), transaction():
            held = writing.held(world.topic, place.other)
            writing.move(held[world.topic], held[place.other])
        return begin(**given)

    monkeypatch.setattr(actions, "transaction", merge_first)
    answer = alice.post(f"/en/topics/{world.topic}/reply/", data={"body": "In between.", "language": "en"})

    assert answer.location.startswith(f"/en/topics/{place.other}/#message-")


def test_locked_topic_accepts_no_reply_through_a_topic_merged_into_it(app, world, place, moderator, alice):
    act(app, moderator, place.other, "lock")
    act(app, moderator, world.topic, "merge", target=str(place.other))

    answer = alice.post(f"/en/topics/{world.topic}/reply/", data={"body": "Here?", "language": "en"})
    assert answer.status_code == 409
    assert "Here?" in answer.text


def test_concurrent_replies_and_merges_lose_nothing(app: Flask, world: World, place: Place):
    """Three people keep replying to two topics while two moderators merge, split and move them."""
    statuses: list[int] = []

    def reply(user_id: int) -> None:
        client = sign_in(app, user_id)
        for round_ in range(8):
            for topic in (world.topic, place.other):
                data = {"body": f"Round {round_} in {topic}", "language": "en"}
                statuses.append(client.post(f"/en/topics/{topic}/reply/", data=data).status_code)

    def tidy(user_id: int) -> None:
        client = sign_in(app, user_id)
        for _round in range(6):
            newest = newest_topic(app)
            statuses.append(
                act(app, client, newest, "split", **split_fields(world, *numbers(app, newest)[:2])).status_code
            )
            statuses.append(act(app, client, world.topic, "merge", target=str(place.other)).status_code)
            fields = {"messages": [str(number) for number in numbers(app, place.other)[-2:]], "target": str(newest)}
            statuses.append(act(app, client, place.other, "move", **fields).status_code)

    writers = [Thread(target=reply, args=(user,)) for user in (world.alice, world.bruno, world.moderator)]
    tidiers = [Thread(target=tidy, args=(user,)) for user in (world.moderator, world.admin)]
    for thread in (*writers, *tidiers):
        thread.start()
    for thread in (*writers, *tidiers):
        thread.join()

    assert set(statuses) <= {302, 404, 409, 422}
    with app.app_context():
        replied = db.session.query(Message).filter(Message.body.like("Round %")).count()
    assert replied == 48, "every reply is posted, even if its topic was merged"


def test_topics_of_a_closed_group_can_still_be_merged(app: Flask, world: World, place: Place, moderator):
    with app.app_context():
        db.session.get_one(Forum, world.forum).periods[0].closes_at = utcnow() - timedelta(seconds=1)
        db.session.commit()

    assert act(app, moderator, world.topic, "merge", target=str(place.other)).status_code == 302


def test_act_that_fails_at_its_end_is_rolled_back(app: Flask, world: World, place: Place, moderator, monkeypatch):
    before = [places(app, topic) for topic in (world.topic, place.other)]
    monkeypatch.setattr(topics.Once, "made", lambda *_content: 1 / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    assert act(app, moderator, world.topic, "merge", target=str(place.other)).status_code == 500
    assert [places(app, topic) for topic in (world.topic, place.other)] == before
    assert get(app, Topic, world.topic).merged_into_id is None


def test_message_moved_during_its_approval_is_published_in_its_new_topic(app, world, place: Place):
    """As in a database with concurrent writers: the approval has read the message before it is moved."""
    waiting = add_pending(app, world.topic, world.bruno)
    with app.app_context(), transaction():
        message = db.session.get_one(Message, waiting)
        assert message.topic.id == world.topic
        moved = update(Message).where(Message.id == waiting).values(topic_id=place.other)
        db.session.execute(moved.execution_options(synchronize_session=False))
        writing.publish(message)

    assert places(app, place.other)[-1] == (waiting, 3)


@pytest.mark.parametrize("status", [MessageStatus.WITHHELD, MessageStatus.WITHDRAWN])
def test_message_decided_on_during_its_approval_keeps_that_decision(status, app, world, place: Place):
    waiting = add_pending(app, world.topic, world.bruno)
    with app.app_context(), transaction():
        message = db.session.get_one(Message, waiting)
        assert message.status == MessageStatus.PENDING
        decided = update(Message).where(Message.id == waiting).values(status=status)
        db.session.execute(decided.execution_options(synchronize_session=False))
        with pytest.raises(AlreadyDecided):
            writing.publish(message)

    assert (waiting, None) in places(app, world.topic)
