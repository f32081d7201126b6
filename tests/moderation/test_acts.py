"""Acts on a message: their effects, their refusals and their records."""

import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.database import utcnow
from app.errors import AlreadyDecided, ChangedMeanwhile
from app.extensions import db
from app.models import ForumRole, LogEntry, Message, Reason, ReasonText, Revision, Topic, User
from app.moderation import messages
from tests.moderation.conftest import BODY, REASON, archive, changed, do, seen_by
from tests.world import World, make_pending, make_topic, texts

CORRECTED = {"body": "Better words.", "language": "en", "on_behalf_of": "Some others"}
ACTS = {"approve": {}, "return": {}, "correct": CORRECTED, "withhold": {}, "restore": {}, "settle": {}}


@pytest.fixture
def reason(app: Flask, world: World) -> int:
    """The key of a reason that administrators offer."""
    with app.app_context():
        made = Reason(texts=texts(ReasonText, text="Off topic"))
        db.session.add(made)
        db.session.commit()
        return made.id


def topic_page(client: FlaskClient, world: World, language: str = "en") -> str:
    return client.get(f"/{language}/topics/{world.topic}/").text


def counters(app: Flask, world: World) -> tuple[int, int, int]:
    with app.app_context():
        topic = db.session.get_one(Topic, world.topic)
        return topic.message_count, topic.participant_count, topic.last_position


def test_approved_message_is_published_at_the_end_of_its_topic(app, world, waiting, moderator, visitor, look, acts):
    answer = do(moderator, waiting, "approve", words="")

    assert (answer.status_code, answer.location) == (302, "/en/moderation/#waiting")
    assert BODY in topic_page(visitor, world)
    assert (look(waiting).status, look(waiting).position) == ("published", 3)
    assert counters(app, world) == (3, 2, 3)
    assert acts() == [("approve", waiting)]


def test_message_approved_twice_is_approved_once(world: World, waiting: int, moderator: FlaskClient, look, acts, mails):
    do(moderator, waiting, "approve")
    answer = do(moderator, waiting, "approve")

    assert answer.status_code == 409
    assert "A decision has already been taken" in answer.text
    assert acts() == [("approve", waiting)]
    assert len(mails()) == 1
    assert look(waiting).position == 3


def test_two_simultaneous_approvals_approve_once(app, world: World, waiting: int, moderator, acts, look, mails):
    seen = seen_by(moderator, waiting, "approve")
    outcomes = at_once(app, waiting, [world.moderator, world.admin], messages.approve, version=seen)

    assert sorted(outcomes) == ["AlreadyDecided", "done"]
    assert acts() == [("approve", waiting)]
    assert look(waiting).position == 3
    assert len(mails()) == 1
    assert counters(app, world) == (3, 2, 3)


def test_simultaneous_approval_and_withholding_leave_one_decision(
    app: Flask, world: World, waiting: int, moderator, acts, look
):
    """The second moderator finds the message decided or changed, and their act is refused."""
    seen, started = seen_by(moderator, waiting, "approve"), threading.Barrier(2)
    outcomes: list[str] = []
    no = {"en": "No"}
    both = (
        (world.moderator, lambda message, by: messages.approve(message, by=by, version=seen)),
        (
            world.admin,
            lambda message, by: messages.withhold(message, by=by, version=seen, reason=no, title=""),
        ),
    )
    run([lambda one=one: outcomes.append(attempt(app, waiting, *one, started)) for one in both])

    assert outcomes.count("done") == len(acts()) == 1
    assert look(waiting).status in {"published", "withheld"}
    assert (look(waiting).position is None) == (("approve", waiting) not in acts())


def test_approval_is_refused_if_the_author_has_changed_the_text_meanwhile(world, waiting, moderator, bruno, look, acts):
    page = moderator.get(f"/en/moderation/messages/{waiting}/").text
    seen = page.partition('id="approve-version"')[2].partition('value="')[2].partition('"')[0]
    bruno.post(f"/en/messages/{waiting}/edit/", data={"body": "Something else", "language": "en"})
    answer = do(moderator, waiting, "approve", version=seen)

    assert answer.status_code == 409
    assert "was changed after you opened the page" in answer.text
    assert look(waiting).status == "pending"
    assert acts() == []


def test_approval_is_refused_if_the_author_has_changed_the_title_meanwhile(app, world, moderator, bruno, look):
    with app.app_context():
        author = db.session.get_one(User, world.bruno)
        topic = make_topic(db.session.get_one(Topic, world.topic).group, author, "Mild title")
        number = make_pending(topic, author, BODY).id
        db.session.commit()
    page = moderator.get(f"/en/moderation/messages/{number}/").text
    seen = page.partition('id="approve-version"')[2].partition('value="')[2].partition('"')[0]
    bruno.post(f"/en/messages/{number}/edit/", data={"title": "Wild title", "body": BODY, "language": "en"})

    assert do(moderator, number, "approve", version=seen).status_code == 409
    assert look(number).status == "pending"


def test_returned_message_stays_unpublished_and_can_still_be_approved(world, waiting, moderator, visitor, look, acts):
    do(moderator, waiting, "return")
    assert BODY not in topic_page(visitor, world)
    assert look(waiting).returned_at is not None
    do(moderator, waiting, "approve")

    assert BODY in topic_page(visitor, world)
    assert look(waiting).returned_at is None
    assert acts() == [("return", waiting), ("approve", waiting)]


def test_correction_keeps_the_former_text_as_a_revision(app: Flask, world: World, moderator, visitor, acts):
    answer = do(moderator, world.first, "correct", **CORRECTED)

    assert answer.status_code == 302
    page = topic_page(visitor, world)
    assert "Better words." in page
    assert "A shorter form would help." not in page
    with app.app_context():
        assert [revision.body for revision in db.session.query(Revision)] == ["A shorter form would help."]
    assert acts() == [("edit", world.first)]


def test_correction_that_changes_nothing_is_refused(world: World, moderator: FlaskClient, acts):
    data = {"body": "A shorter form would help.", "language": "en", "on_behalf_of": ""}
    answer = do(moderator, world.first, "correct", **data)

    assert answer.status_code == 422
    assert "You have made no changes." in answer.text
    assert acts() == []


def test_correction_is_refused_if_the_author_has_changed_the_text_meanwhile(app, world, moderator, alice, look):
    page = moderator.get(f"/en/moderation/messages/{world.first}/").text
    seen = page.partition('id="correct-version"')[2].partition('value="')[2].partition('"')[0]
    alice.post(f"/en/messages/{world.first}/edit/", data={"body": "My newer words", "language": "en"})
    answer = do(moderator, world.first, "correct", **CORRECTED, version=seen)

    assert answer.status_code == 409
    assert "Better words." in answer.text, "the typed text is kept"
    assert look(world.first).body == "My newer words"


def test_corrected_text_is_sanitized(world: World, moderator: FlaskClient, visitor: FlaskClient):
    do(moderator, world.first, "correct", **{**CORRECTED, "body": "<script>alert(1)</script> **x**"})

    assert "<script>alert" not in topic_page(visitor, world)
    assert "<strong>x</strong>" in topic_page(visitor, world)


def test_withheld_message_keeps_number_and_place_and_shows_date_and_reason(app, world, moderator, visitor, look):
    do(moderator, world.first, "withhold", words="Off topic")

    page = topic_page(visitor, world)
    assert f'id="message-{world.first}"' in page
    assert "Withheld by the Secretariat on" in page
    assert "Off topic" in page
    assert "A shorter form would help." not in page
    assert look(world.first).position == 1
    assert counters(app, world) == (1, 1, 2)


def test_listed_reason_is_shown_in_the_reader_s_language(world, reason, moderator, visitor):
    do(moderator, world.first, "withhold", words="", listed=reason)

    assert "Off topic (fr)" in topic_page(visitor, world, "fr")
    assert "Off topic (es)" in topic_page(visitor, world, "es")


def test_reason_is_offered_only_for_its_acts(app: Flask, world: World, reason: int, waiting: int, moderator):
    with changed(app, Reason, reason) as listed:
        listed.acts = ["return", "edit"]
    page = moderator.get(f"/en/moderation/messages/{waiting}/").text
    forms = {name: page.partition(f'/{name}/" class="act"')[2].partition("</form>")[0] for name in ACTS}

    assert [name for name, form in forms.items() if "Off topic" in form] == ["return", "correct"]
    assert do(moderator, waiting, "withhold", words="", listed=reason).status_code == 422


def test_reason_in_own_words_is_shown_in_its_language(world: World, moderator: FlaskClient, visitor: FlaskClient):
    seen = seen_by(moderator, world.first, "withhold")
    moderator.post(f"/fr/moderation/messages/{world.first}/withhold/", data={"words": "Hors sujet", "version": seen})

    assert '<span lang="fr">Hors sujet</span>' in topic_page(visitor, world)


def test_reason_keeps_its_text_when_the_list_changes(app: Flask, world: World, reason, moderator, visitor):
    do(moderator, world.first, "withhold", words="", listed=reason)
    with changed(app, Reason, reason) as listed:
        db.session.delete(listed)

    assert "Off topic (en)" in topic_page(visitor, world)


@pytest.mark.parametrize("act", ["return", "correct", "withhold"])
@pytest.mark.parametrize("data", [{"words": "  "}, {"words": "", "listed": "99"}, {"words": "", "listed": "x"},
                                  {"words": "x" * 501}])  # fmt: skip
def test_act_without_a_valid_reason_is_refused_and_the_typed_text_kept(act, data, world, waiting, moderator, acts):
    answer = do(moderator, waiting, act, **{**ACTS[act], **data})

    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert acts() == []
    if act == "correct":
        assert "Better words." in answer.text


def test_page_with_an_error_has_unique_ids_and_errors_in_one_form_only(world: World, waiting: int, moderator):
    page = do(moderator, waiting, "correct", **{**CORRECTED, "words": ""}).text
    ids = [part.partition('"')[0] for part in page.split(' id="')[1:]]

    assert len(ids) == len(set(ids))
    assert 'href="#correct-words"' in page
    assert page.count("aria-invalid") == 1


def test_withheld_message_that_was_never_published_stays_hidden_and_is_in_the_record(
    world, waiting, moderator, visitor, look
):
    do(moderator, waiting, "withhold")

    assert f'id="message-{waiting}"' not in topic_page(visitor, world)
    assert visitor.get(f"/en/messages/{waiting}/").status_code == 404
    record = visitor.get("/en/forums/open-forum/record/").text
    assert f"#{waiting}" in record
    assert f'href="/en/messages/{waiting}/"' not in record
    assert look(waiting).position is None


def test_author_of_an_unpublished_withheld_message_sees_why(world: World, waiting: int, moderator, bruno):
    do(moderator, waiting, "withhold", words="Off topic")

    page = topic_page(bruno, world)
    assert f'id="message-{waiting}"' in page
    assert "Off topic" in page
    assert BODY in bruno.get(f"/en/messages/{waiting}/history/").text


def test_restored_message_is_shown_again_in_its_place(app: Flask, world: World, moderator, visitor, look, acts):
    do(moderator, world.first, "withhold")
    do(moderator, world.first, "restore")

    assert "A shorter form would help." in topic_page(visitor, world)
    assert "Withheld" not in topic_page(visitor, world)
    assert (look(world.first).position, look(world.first).withheld_for) == (1, None)
    assert counters(app, world) == (2, 2, 2)
    assert acts() == [("withhold", world.first), ("restore", world.first)]


def test_restored_message_that_was_never_published_waits_again(world: World, waiting: int, moderator, look, visitor):
    do(moderator, waiting, "withhold")
    do(moderator, waiting, "restore")

    assert look(waiting).status == "pending"
    assert BODY not in topic_page(visitor, world)
    assert do(moderator, waiting, "approve").status_code == 302


@pytest.mark.parametrize(
    ("status", "impossible"),
    [
        ("pending", {"restore", "settle"}),
        ("published", {"approve", "return", "restore", "settle"}),
        ("withheld", {"approve", "return", "correct", "withhold", "settle"}),
        ("withdrawn", {"approve", "return", "correct", "withhold", "restore", "settle"}),
    ],
)
def test_act_is_refused_where_the_status_does_not_allow_it(
    status: str, impossible: set[str], app, world, moderator, acts
):
    for act in impossible:
        with changed(app, Message, world.first) as message:
            message.status, message.withheld_for = status, {"en": "Why"}
            message.withheld_at = message.withdrawn_at = utcnow()
        answer = do(moderator, world.first, act, **ACTS[act])
        assert answer.status_code == 409, act
        assert "A decision has already been taken" in answer.text
    assert acts() == []


@pytest.mark.parametrize("act", ACTS)
def test_archived_forum_allows_no_act(act: str, app: Flask, world: World, waiting, moderator, acts):
    archive(app, world)
    answer = do(moderator, waiting, act, **ACTS[act])

    assert answer.status_code == 409
    assert "This forum is archived" in answer.text
    assert acts() == []


@pytest.mark.parametrize("act", ACTS)
def test_author_cannot_moderate_their_own_message(act: str, world: World, waiting: int, bruno: FlaskClient, acts):
    assert do(bruno, waiting, act, **ACTS[act]).status_code == 403
    assert acts() == []


@pytest.mark.parametrize("act", ACTS)
def test_act_requires_post(act: str, world: World, waiting: int, moderator: FlaskClient):
    assert moderator.get(f"/en/moderation/messages/{waiting}/{act}/").status_code == 405


def test_act_requires_the_csrf_token(app: Flask, world: World, waiting: int, moderator: FlaskClient, look):
    app.config["WTF_CSRF_ENABLED"] = True

    assert do(moderator, waiting, "approve").status_code == 400
    assert look(waiting).status == "pending"


def test_role_lost_before_the_transaction_is_checked_inside_it(app, world, waiting, monkeypatch, moderator):
    begin = messages.transaction

    def lose_the_role(**given):
        with app.app_context():
            db.session.query(ForumRole).delete()
            db.session.commit()
        return begin(**given)

    monkeypatch.setattr(messages, "transaction", lose_the_role)

    assert do(moderator, waiting, "approve").status_code == 403


def test_withholding_the_first_message_gives_its_topic_a_neutral_title(app, world, moderator, visitor, admin):
    page = moderator.get(f"/en/moderation/messages/{world.first}/").text
    assert f'value="Topic of message #{world.first}"' in page
    do(moderator, world.first, "withhold", title=f"Topic of message #{world.first}")

    for path in ("topics/1/", "forums/open-forum/groups/", "print/forums/open-forum/", "feeds/topics/1.atom",
                 "forums/open-forum/record/", f"messages/{world.second}/history/"):  # fmt: skip
        assert "Reporting formats" not in visitor.get(f"/en/{path}").text, path
    with app.app_context():
        [change] = db.session.scalars(db.select(LogEntry)).one().detail
    assert (change["old"], change["language"]) == ("Reporting formats", "en"), "administrators find it in the log"
    assert "Reporting formats" in admin.get("/en/admin/log/1/").text


def test_neutral_title_is_in_the_language_of_the_topic(app: Flask, world: World, moderator: FlaskClient):
    with changed(app, Topic, world.topic) as topic:
        topic.language = "es"

    page = moderator.get(f"/en/moderation/messages/{world.first}/").text
    assert f'value="Hilo del mensaje #{world.first}"' in page


def test_withholding_with_an_empty_title_keeps_the_title(world: World, moderator: FlaskClient, visitor: FlaskClient):
    do(moderator, world.first, "withhold", title="")

    assert "Reporting formats" in topic_page(visitor, world)


def test_withholding_a_later_message_cannot_change_the_title(world: World, moderator, visitor):
    page = moderator.get(f"/en/moderation/messages/{world.second}/").text
    assert 'name="title"' not in page
    do(moderator, world.second, "withhold", title="Another title")

    assert "Reporting formats" in topic_page(visitor, world)


@pytest.mark.parametrize("number", ["0", "99", "9" * 30, "x", "-1"])
def test_unknown_message_number_is_not_found(number: str, world: World, moderator: FlaskClient):
    assert moderator.get(f"/en/moderation/messages/{number}/").status_code == 404
    assert moderator.post(f"/en/moderation/messages/{number}/approve/").status_code == 404


def test_unknown_act_is_not_found(world: World, moderator: FlaskClient):
    assert moderator.post(f"/en/moderation/messages/{world.first}/delete/").status_code == 404


def test_markup_in_a_reason_is_escaped(world: World, moderator: FlaskClient, visitor: FlaskClient, mails):
    words = '<img src=x onerror=alert(1)> {{7*7}} %(number)s "quoted"'
    do(moderator, world.first, "withhold", words=words)

    for client, path in (
        (visitor, f"topics/{world.topic}/"),
        (visitor, "forums/open-forum/record/"),
        (moderator, f"moderation/messages/{world.first}/"),
    ):
        page = client.get(f"/en/{path}").text
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=alert(1)&gt; {{7*7}} %(number)s" in page
    assert words in mails()[0].text
    assert "<img" not in mails()[0].html


def attempt(app: Flask, number: int, key: int, act, started: threading.Barrier) -> str:
    """The outcome of an act that starts together with others."""
    with app.app_context():
        message, by = db.session.get_one(Message, number), db.session.get_one(User, key)
        started.wait(10)
        try:
            act(message, by=by)
        except (AlreadyDecided, ChangedMeanwhile) as error:
            return type(error).__name__
        return "done"


def at_once(app: Flask, number: int, keys: list[int], act, **more: object) -> list[str]:
    """The outcomes of an act that several people do at the same time."""
    started, outcomes = threading.Barrier(len(keys)), []

    def one(key: int) -> None:
        outcomes.append(attempt(app, number, key, lambda message, by: act(message, by=by, **more), started))

    run([lambda key=key: one(key) for key in keys])
    return outcomes


def run(tasks: list) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


@pytest.mark.parametrize("act", ["correct", "withhold"])
def test_archived_forum_takes_what_removes_words_that_readers_have_seen(act: str, app, world, moderator, visitor, acts):
    """Without being taken out of the archive; the message, on paper too, and the record say that it came later."""
    archive(app, world, days_ago=1)
    more = {"body": "Better words.", "language": "en", "on_behalf_of": "", "hide": "y"} if act == "correct" else {}
    assert do(moderator, world.first, act, **more).status_code == 302

    assert [number for _kind, number in acts()] == [world.first]
    for path in (f"topics/{world.topic}/", f"print/topics/{world.topic}/", f"print/messages/{world.first}/"):
        page = visitor.get(f"/en/{path}").text
        assert "A shorter form would help." not in page, path
        assert "after archiving" in page, path
    for path in ("forums/open-forum/record/", "print/forums/open-forum/record/", "print/forums/open-forum/"):
        assert "(after archiving)" in visitor.get(f"/en/{path}").text, path


def test_message_withheld_in_an_archived_forum_can_be_restored_there(app, world, moderator, visitor):
    archive(app, world, days_ago=1)
    do(moderator, world.first, "withhold")
    assert do(moderator, world.first, "restore").status_code == 302

    assert "A shorter form would help." in visitor.get(f"/en/topics/{world.topic}/").text


def test_archiving_leaves_earlier_acts_as_they_were_told(app, world, moderator, visitor):
    do(moderator, world.first, "withhold")
    archive(app, world)

    assert "after archiving" not in visitor.get(f"/en/topics/{world.topic}/").text


@pytest.mark.parametrize("act", ["correct", "withhold", "restore"])
def test_participant_does_none_of_it_in_an_archived_forum(act: str, app, world, alice, acts):
    archive(app, world, days_ago=1)

    assert do(alice, world.first, act).status_code == 403
    assert acts() == []


@pytest.mark.parametrize(("act", "done"), [("withhold", "withheld"), ("correct", "corrected")])
def test_act_on_a_message_leads_back_to_where_the_moderator_came_from(act: str, done: str, world: World, moderator):
    page = html.fromstring(moderator.get(f"/en/topics/{world.topic}/").text)
    [address] = page.xpath(f'//article[@id="message-{world.first}"]//a[.="Moderate"]/@href')
    page = html.fromstring(moderator.get(address).text)
    [form] = page.xpath(f'//form[contains(@action, "/{act}/")]')
    sent = {**dict(form.form_values()), **REASON, **ACTS[act]}
    answer = moderator.post(form.get("action"), data=sent)

    assert answer.location == f"/en/topics/{world.topic}/#message-{world.first}"
    shown = html.fromstring(moderator.get(answer.location).text)
    told = shown.xpath(f'//article[@id="message-{world.first}"]//p[@role="status"]')
    assert told[0].text_content() == f"Message #{world.first} has been {done}."
