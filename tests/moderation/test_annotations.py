"""Summaries by the Secretariat, and what became of contributions."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from lxml import html as lxml_html
from sqlalchemy import event

from app.database import utcnow
from app.extensions import db
from app.models import Annotation, Forum, LogEntry, Mail, Message, MessageStatus, OfficialChange, User
from tests.conftest import sign_in
from tests.moderation.conftest import archive, changed, do
from tests.world import World

SUMMARY = {
    "en-body": "Most ask for a **shorter form**, see #1.",
    "fr-body": "La plupart veulent une forme courte (#1).",
}
FOLLOW_UP = {"en-body": "See paragraph 12 of the report.", "en-url": "https://example.org/report#12"}
BLANK = {f"{code}-{name}": "" for code in ("en", "es", "fr") for name in ("body", "url")}
ATOM = "{http://www.w3.org/2005/Atom}"


def path_of(kind: str, about: str, key: int, language: str = "en") -> str:
    return f"/{language}/moderation/{kind}/{about}/{key}/"


def version_on(client: FlaskClient, path: str) -> str:
    return re.search(r'name="version"[^>]*value="([0-9a-f]+)"', client.get(path).text)[1]


def write(client: FlaskClient, path: str, **data: str):
    """Send the form with the version that it shows now."""
    return client.post(path, data={"version": version_on(client, path), **data})


def pages(client: FlaskClient, *paths: str) -> list[str]:
    return [" ".join(client.get(path).text.split()) for path in paths]


@pytest.fixture
def question(app: Flask, world: World) -> int:
    """The question under which the topic of the small world stands."""
    with changed(app, Message, world.first) as message:
        message.topic.question = message.topic.group.questions[0]
        return message.topic.question.id


@pytest.fixture
def followed(world: World, moderator: FlaskClient) -> str:
    """The path of the follow-up of Alice's message."""
    path = path_of("follow-ups", "messages", world.first)
    assert write(moderator, path, **FOLLOW_UP).status_code == 302
    return path


def test_summary_of_a_forum_stands_at_its_head_in_the_feed_and_in_the_proceedings(world, moderator, visitor):
    assert write(moderator, path_of("summaries", "forums", world.forum), **SUMMARY).status_code == 302

    shown = pages(visitor, "/en/forums/open-forum/", "/en/print/forums/open-forum/", "/en/feeds/forums/open-forum.atom")
    assert all("shorter form" in page for page in shown)
    assert all("Summary by the Secretariat" in page for page in shown[:2])
    assert shown[0].index("shorter form") < shown[0].index("Discussion groups")


def test_summary_of_a_group_stands_at_the_head_of_the_group(world, moderator, visitor):
    write(moderator, path_of("summaries", "groups", world.group), **SUMMARY)

    group = "forums/open-forum/groups/group-1/"
    shown = pages(visitor, f"/en/{group}", "/en/forums/open-forum/groups/", f"/en/print/{group}")
    assert all("shorter form" in page for page in shown)
    assert "shorter form" not in visitor.get("/en/forums/open-forum/").text


def test_summary_of_a_question_stands_under_the_question(world, question, moderator, visitor):
    write(moderator, path_of("summaries", "questions", question), **SUMMARY)

    group = "forums/open-forum/groups/group-1/"
    for page in pages(visitor, f"/en/{group}", "/en/forums/open-forum/groups/", f"/en/print/{group}"):
        assert page.index("What would help most? (en)") < page.index("shorter form")


def test_topic_leads_to_the_summary_of_its_question(world, question, moderator, visitor):
    path = path_of("summaries", "questions", question)
    link = f"//main//a[contains(@href, '/groups/group-1/#question-{question}') and contains(., 'Summary by')]"
    counts = []
    for texts in (SUMMARY, BLANK):
        write(moderator, path, **texts)
        counts.append(len(lxml_html.fromstring(visitor.get(f"/en/topics/{world.topic}/").text).xpath(link)))

    assert counts == [1, 0]


def test_feed_of_a_topic_has_the_follow_up_of_its_messages(app, world, followed, visitor):
    topic = f"/en/feeds/topics/{world.topic}.atom"
    feed = etree.fromstring(visitor.get(topic).data)
    told = [entry.findtext(f"{ATOM}content") for entry in feed.iter(f"{ATOM}entry")]

    assert len([content for content in told if "See paragraph 12 of the report" in content]) == 1
    with changed(app, Message, world.first) as message:
        message.status = MessageStatus.WITHHELD
    assert "See paragraph 12 of the report" not in visitor.get(topic).text


def test_numbers_of_messages_in_a_summary_are_links(world, moderator, visitor):
    write(moderator, path_of("summaries", "forums", world.forum), **SUMMARY)

    assert f'href="/en/messages/{world.first}/"' in visitor.get("/en/forums/open-forum/").text


def test_summary_that_is_missing_in_a_language_is_shown_in_another_one_with_a_note(world, moderator, visitor):
    write(moderator, path_of("summaries", "forums", world.forum), **SUMMARY)
    page = lxml_html.fromstring(visitor.get("/es/forums/open-forum/").text)

    [box] = page.find_class("annotation")
    assert box.find_class("prose")[0].get("lang") == "en"
    assert box.xpath(".//small")


def test_overview_tells_the_languages_in_which_a_summary_is_missing(world, moderator):
    write(moderator, path_of("summaries", "forums", world.forum), **SUMMARY)
    [page] = pages(moderator, "/en/moderation/forums/open-forum/annotations/")

    assert "missing: español" in page
    assert "missing: español, français" not in page


def test_long_summary_opens_with_a_click_and_is_open_on_paper(world, moderator, visitor):
    write(moderator, path_of("summaries", "forums", world.forum), **{"en-body": "Long words. " * 60})
    screen, paper = pages(visitor, "/en/forums/open-forum/", "/en/print/forums/open-forum/")

    assert "<details> <summary><strong>Summary by the Secretariat" in screen
    assert "<details> <summary><strong>Summary by the Secretariat" not in paper
    assert "Long words." in paper


def test_form_lists_the_contributions_and_which_are_not_cited_yet(world, question, moderator):
    path = path_of("summaries", "questions", question)
    [before] = pages(moderator, path)
    write(moderator, path, **SUMMARY)
    [after] = pages(moderator, path)

    assert "A shorter form would help." in before
    assert "2 of these contributions are not cited in any summary yet." in before
    assert "1 of these contributions is not cited in any summary yet." in after


def test_contributions_to_cite_are_the_published_ones_alone(app, world, question, moderator):
    do(moderator, world.second, "withhold")
    [page] = pages(moderator, path_of("summaries", "questions", question))

    assert "A shorter form would help." in page
    assert "Estamos de acuerdo." not in page


def test_follow_up_stands_under_its_message_in_the_proceedings_as_a_table_and_in_the_feed(followed, world, visitor):
    for page in pages(visitor, f"/en/topics/{world.topic}/", f"/en/print/topics/{world.topic}/"):
        assert page.index("A shorter form would help.") < page.index("See paragraph 12") < page.index("Estamos de")
    assert "See paragraph 12" in visitor.get(f"/en/messages/{world.first}/").text
    proceedings = lxml_html.fromstring(visitor.get("/en/print/forums/open-forum/").text)
    [row] = proceedings.xpath("//table[@class='follow-up']/tbody/tr")
    assert row.text_content().split()[:3] == [f"#{world.first}", "See", "paragraph"]
    assert row.xpath(".//a/@href")[-1] == FOLLOW_UP["en-url"]
    feed = etree.fromstring(visitor.get("/en/feeds/forums/open-forum.atom").data)
    entries = {entry.findtext(f"{ATOM}title"): entry for entry in feed.findall(f"{ATOM}entry")}
    assert "See paragraph 12" in entries[f"Follow-up: Message #{world.first}"].findtext(f"{ATOM}content")


@pytest.mark.parametrize("about", ["forums", "questions"])
def test_follow_up_of_a_forum_or_a_question_stands_there_and_in_the_table(about, world, question, moderator, visitor):
    key = question if about == "questions" else world.forum
    write(moderator, path_of("follow-ups", about, key), **FOLLOW_UP)
    where = {"questions": "/en/forums/open-forum/groups/group-1/", "forums": "/en/forums/open-forum/"}[about]
    page, proceedings = pages(visitor, where, "/en/print/forums/open-forum/")

    assert "Follow-up by the Secretariat" in page
    assert proceedings.count("See paragraph 12") == 2


@pytest.fixture
def in_parts(monkeypatch) -> None:
    """Documents come in parts of one message."""
    monkeypatch.setattr("app.printing.proceedings.IN_ONE", 1)
    monkeypatch.setattr("app.printing.proceedings.IN_A_PART", 1)


def test_table_of_follow_up_leads_to_the_page_of_a_message_in_another_part(followed, world, in_parts, visitor):
    proceedings = "/en/print/forums/open-forum/"
    leads = [
        lxml_html.fromstring(visitor.get(f"{proceedings}?{part}").text).xpath("//table[@class='follow-up']//th/a/@href")
        for part in ("part=2", "whole=1")
    ]

    assert leads == [[f"/en/messages/{world.first}/"], [f"#message-{world.first}"]]


def test_contents_of_every_part_lead_to_the_table_of_follow_up(followed, in_parts, visitor):
    assert 'href="/en/print/forums/open-forum/?part=2#follow-up"' in visitor.get("/en/print/forums/open-forum/").text


def test_contents_without_follow_up_lead_to_none(world, in_parts, visitor):
    assert "#follow-up" not in visitor.get("/en/print/forums/open-forum/").text


@pytest.mark.parametrize(("query", "stay"), [("language=en", []), ("question=1.1", ["question"])])
def test_choice_of_messages_has_no_summary_of_what_it_leaves_out(query, stay, world, question, moderator, visitor):
    for about, key in (("forums", world.forum), ("groups", world.group), ("questions", question)):
        write(moderator, path_of("summaries", about, key), **{"en-body": f"Of the {about}."})
    for path in ("/en/print/forums/open-forum/", "/en/print/forums/open-forum/groups/group-1/"):
        [page] = pages(visitor, f"{path}?{query}")
        assert "A shorter form would help." in page
        assert [about for about in ("forum", "group", "question") if f"Of the {about}s." in page] == stay


def test_follow_up_disappears_with_the_words_of_its_message(followed, world, moderator, visitor):
    do(moderator, world.first, "withhold")
    paths = (f"/en/topics/{world.topic}/", "/en/print/forums/open-forum/", "/en/feeds/forums/open-forum.atom")

    assert not any("See paragraph 12" in page for page in pages(visitor, *paths))


def test_former_wording_of_a_follow_up_is_hidden_with_its_message(followed, world, moderator):
    proceedings = "/en/print/forums/open-forum"
    paths = ["/en/forums/open-forum/record/", f"{proceedings}/record/", f"{proceedings}/"]
    paths += [f"{proceedings}/contributions.json", "/en/feeds/forums/open-forum.atom"]
    write(moderator, followed, **{**FOLLOW_UP, "en-body": "See page 3."})
    told = ["See paragraph 12" in page for page in pages(moderator, *paths)]
    do(moderator, world.first, "withhold")

    assert all(told)
    assert not any("See paragraph 12" in page or "See page 3" in page for page in pages(moderator, *paths))


def test_author_is_told_once_in_their_language(app, followed, world, moderator, mails: Callable[[], list[Mail]]):
    with changed(app, User, world.alice) as alice:
        alice.language = "fr"
    write(moderator, followed, **{"en-body": "See paragraph 13."})
    write(moderator, followed, **BLANK)
    write(moderator, followed, **{"en-body": "See paragraph 14."})

    [mail] = mails()
    assert mail.recipient == "alice@example.org"
    assert f"#{world.first}" in mail.subject
    assert "See paragraph 12" in mail.text
    assert "https://example.org/report#12" in mail.html


def entries(feed: str) -> list[etree._Element]:
    """Those of summaries and follow-up."""
    found = etree.fromstring(feed.encode()).findall(f"{ATOM}entry")
    return [entry for entry in found if ":annotation-" in entry.findtext(f"{ATOM}id")]


def test_feed_leads_to_the_group_or_question_that_a_summary_is_about(world, question, moderator, visitor):
    write(moderator, path_of("summaries", "groups", world.group), **SUMMARY)
    write(moderator, path_of("summaries", "questions", question), **SUMMARY)
    found = entries(visitor.get("/en/feeds/forums/open-forum.atom").text)
    group = "/en/forums/open-forum/groups/group-1/"

    leads = [entry.find(f"{ATOM}link").get("href") for entry in found]
    assert [address.partition("/en/")[2] for address in leads] == [
        f"{group}#question-{question}".removeprefix("/en/"),
        group.removeprefix("/en/"),
    ]


def test_feed_reads_no_more_summaries_than_it_shows(app, world, question, moderator, visitor, monkeypatch):
    for about, key in (("forums", world.forum), ("groups", world.group), ("questions", question)):
        write(moderator, path_of("summaries", about, key), **SUMMARY)
    with changed(app, Forum, world.forum):
        db.session.execute(db.update(Annotation).values(written_at=utcnow() - timedelta(days=1)))
    write(moderator, path_of("summaries", "forums", world.forum), **{"en-body": "Corrected last."})
    monkeypatch.setattr("app.feeds.queries.ENTRIES", 2)
    read: list[Annotation] = []
    event.listen(Annotation, "load", lambda one, _context: read.append(one))
    found = entries(visitor.get("/en/feeds/forums/open-forum.atom").text)

    assert "Corrected last." in found[0].findtext(f"{ATOM}content")
    assert len(found) == len(read) == 2


def test_nobody_is_told_of_a_message_that_the_secretariat_typed(app, world, moderator, mails):
    with changed(app, Message, world.first) as message:
        message.speaker = "Dora Letter"
    write(moderator, path_of("follow-ups", "messages", world.first), **FOLLOW_UP)

    assert mails() == []


def test_author_is_not_told_where_saving_fails(app, world, moderator, mails, monkeypatch):
    def fail(*_args: object, **_more: object) -> None:
        raise RuntimeError

    path = path_of("follow-ups", "messages", world.first)
    version = version_on(moderator, path)
    monkeypatch.setattr("app.moderation.annotation_actions.Once.made", fail)
    with pytest.raises(RuntimeError):
        moderator.post(path, data={"version": version, **FOLLOW_UP})

    assert mails() == []
    with app.app_context():
        assert db.session.query(Annotation).count() == 0


def test_same_form_sent_twice_writes_once(app, world, moderator, mails):
    path = path_of("follow-ups", "messages", world.first)
    data = {"version": version_on(moderator, path), "submission": "a", **FOLLOW_UP}

    assert [moderator.post(path, data=data).status_code for _ in range(2)] == [302, 302]
    with app.app_context():
        assert db.session.query(LogEntry).filter_by(kind="follow-ups").count() == 1
    assert len(mails()) == 1


@pytest.mark.parametrize("status", [MessageStatus.WITHDRAWN, MessageStatus.WITHHELD, MessageStatus.PENDING])
def test_message_that_readers_do_not_see_has_no_follow_up(status, app, world, moderator):
    with changed(app, Message, world.first) as message:
        message.status = status

    assert moderator.get(path_of("follow-ups", "messages", world.first)).status_code == 404


def test_moderator_of_other_languages_writes_no_follow_up(app, world, moderator):
    with changed(app, User, world.moderator) as user:
        user.roles[0].languages = "fr"

    assert moderator.get(path_of("follow-ups", "messages", world.first)).status_code == 403
    assert moderator.get(path_of("summaries", "forums", world.forum)).status_code == 200


def test_overview_leads_to_no_form_that_the_moderator_may_not_open(app, followed, world, moderator):
    overview = "/en/moderation/forums/open-forum/annotations/"
    before = followed in moderator.get(overview).text
    with changed(app, User, world.moderator) as user:
        user.roles[0].languages = "es"
    page = moderator.get(overview).text

    assert before
    assert followed not in page
    assert f'href="/en/messages/{world.first}/"' in page


def test_messages_have_no_summary_and_groups_no_follow_up(world, moderator):
    paths = (path_of("summaries", "messages", world.first), path_of("follow-ups", "groups", world.group))

    assert [moderator.get(path).status_code for path in paths] == [404, 404]


def test_what_someone_else_has_written_meanwhile_is_shown_beside_what_was_typed(world, moderator, admin):
    path = path_of("summaries", "forums", world.forum)
    version = version_on(moderator, path)
    write(admin, path, **{"en-body": "What the other wrote."})
    answer = moderator.post(path, data={"version": version, **SUMMARY})

    assert answer.status_code == 409
    assert "What the other wrote." in answer.text
    assert "shorter form" in answer.text
    again = re.search(r'name="version"[^>]*value="([0-9a-f]+)"', answer.text)[1]
    assert moderator.post(path, data={"version": again, "overwrites": "yes", **SUMMARY}).status_code == 302


def test_form_continues_in_another_language_with_what_was_typed(app, world, moderator):
    path = path_of("summaries", "forums", world.forum, "fr")
    answer = moderator.post(path, data={"continue_in": "fr", **SUMMARY})

    assert answer.status_code == 200
    assert "shorter form" in answer.text
    with app.app_context():
        assert db.session.query(Annotation).count() == 0


def test_web_address_without_a_text_is_an_error_of_its_language(world, moderator):
    answer = write(moderator, path_of("follow-ups", "forums", world.forum), **{"es-url": "https://example.org/"})

    assert answer.status_code == 422
    assert '<a href="#es-body">español: ' in answer.text


def test_corrected_summary_keeps_its_former_wording_in_the_record_and_in_the_feed(world, moderator, visitor):
    path = path_of("summaries", "forums", world.forum)
    write(moderator, path, **SUMMARY)
    assert "its former wording will remain visible" in moderator.get(path).text
    write(moderator, path, **{**SUMMARY, "en-body": "Some ask for a longer form."})
    forum, record, feed = pages(
        visitor, "/en/forums/open-forum/", "/en/forums/open-forum/record/", "/en/feeds/forums/open-forum.atom"
    )

    assert 'href="/en/forums/open-forum/record/">Corrected on' in forum
    assert "Summary: The forum" in record
    assert "shorter form" in record
    assert "shorter form" in feed


def test_text_in_another_language_is_outdated_until_it_is_written_again(world, moderator):
    path = path_of("summaries", "forums", world.forum)
    write(moderator, path, **SUMMARY)
    write(moderator, path, **{**SUMMARY, "en-body": "Some ask for a longer form."})
    [overview] = pages(moderator, "/en/moderation/forums/open-forum/annotations/")

    assert "outdated: français" in overview


def test_deleted_summary_leaves_a_line_in_the_record(app, world, moderator, visitor):
    path = path_of("summaries", "forums", world.forum)
    write(moderator, path, **SUMMARY)
    write(moderator, path, **BLANK)
    forum, record = pages(visitor, "/en/forums/open-forum/", "/en/forums/open-forum/record/")

    assert "shorter form" not in forum
    assert "Summary: The forum" in record


def test_summary_after_archiving_says_so(app, world, moderator, visitor):
    archive(app, world, days_ago=2)
    write(moderator, path_of("summaries", "forums", world.forum), **SUMMARY)
    forum, record = pages(visitor, "/en/forums/open-forum/", "/en/forums/open-forum/record/")

    assert "(after archiving)" in forum
    assert "Added (after archiving)" in record


def test_nothing_is_deleted_in_an_archived_forum(app, world, moderator):
    path = path_of("summaries", "forums", world.forum)
    write(moderator, path, **SUMMARY)
    offered = "To delete it" in moderator.get(path).text
    archive(app, world)

    assert offered
    assert "To delete it" not in moderator.get(path).text
    assert write(moderator, path, **BLANK).status_code == 409
    with app.app_context():
        assert db.session.query(Annotation).one().texts


def test_pages_without_summaries_have_no_trace_of_them(world, visitor):
    paths = ("/en/forums/open-forum/", "/en/forums/open-forum/groups/", f"/en/topics/{world.topic}/")

    assert not any("annotation" in page for page in pages(visitor, *paths))


def test_forum_that_was_never_public_takes_its_summaries_along(app, world, admin):
    with app.app_context():
        draft = db.session.query(Forum).filter_by(slug="draft-forum").one().id
    write(admin, path_of("summaries", "forums", draft), **SUMMARY)
    path = f"/en/admin/forums/{draft}/delete/"
    admin.post(path, data={"version": version_on(admin, path)})

    with app.app_context():
        assert db.session.query(Annotation).count() == db.session.query(OfficialChange).count() == 0


def test_participants_cannot_write_a_summary(world, alice, visitor):
    path = path_of("summaries", "forums", world.forum)

    assert [client.post(path, data=SUMMARY).status_code for client in (alice, visitor)] == [403, 403]


def test_moderator_of_another_forum_cannot_write_a_summary(world, stranger):
    assert stranger.get(path_of("summaries", "forums", world.forum)).status_code == 403


def test_log_says_who_wrote_what(app, followed, world, admin):
    log = admin.get("/en/admin/log/?kind=follow-ups").text

    assert "Moderator" in log
    with app.app_context():
        [entry] = db.session.query(LogEntry).filter_by(kind="follow-ups")
        assert (entry.forum_id, entry.subject) == (world.forum, f"#{world.first}")


def test_suspended_moderator_writes_nothing(app, world, moderator):
    with changed(app, User, world.moderator) as user:
        user.suspended_at = user.confirmed_at
    client = sign_in(app, world.moderator)

    assert client.post(path_of("summaries", "forums", world.forum), data=SUMMARY).status_code == 403
