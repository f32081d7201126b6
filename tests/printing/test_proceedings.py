"""The proceedings: what stands in them in which order, that every number is accounted for, choices and parts."""

import re
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.database import utcnow
from app.extensions import db
from app.models import Capacity, Forum, Group, GroupText, Message, MessageStatus, Question, QuestionText, Topic, User
from app.printing import proceedings
from tests.conftest import Shelf
from tests.files import make_attachment
from tests.forums.test_reading import fill
from tests.world import World, make_forum, make_message, make_pending, make_topic, make_user, texts

PATH = "/en/print/forums/open-forum/"
GROUP = f"{PATH}groups/group-1/"
WRONG_DAYS = {
    "en": "The last day is before the first day.",
    "es": "El último día es anterior al primero.",
    "fr": "Le dernier jour précède le premier.",
}
NO_MESSAGES = {
    "en": "No messages were posted on these days.",
    "es": "No se publicó ningún mensaje en esos días.",
    "fr": "Aucun message n’a été publié ces jours-là.",
}


def read(visitor: FlaskClient, path: str) -> html.HtmlElement:
    answer = visitor.get(path)
    assert answer.status_code == 200, path
    return html.document_fromstring(answer.text)


def numbers_in(page: html.HtmlElement) -> list[int]:
    return [int(name.removeprefix("message-")) for name in page.xpath("//article/@id")]


def numbering_in(page: html.HtmlElement) -> dict[str, int]:
    rows = page.xpath("//section[@aria-labelledby='numbering']//tbody/tr")
    return {row.xpath("string(th)"): int(row.xpath("string(td)")) for row in rows}


def told_in(page: html.HtmlElement) -> str:
    return " ".join(page.text_content().split())


@pytest.fixture
def accounted(app: Flask, world: World) -> World:
    """Of the numbers 1 to 8, three are withdrawn, withheld and never published, and one is in another forum."""
    with app.app_context():
        alice, topic = db.session.get(User, world.alice), db.session.get(Topic, world.topic)
        now = utcnow()
        withdrawn, withheld = {"withdrawn_at": now}, {"withheld_at": now, "withheld_for": {"en": "Advertising"}}
        make_message(topic, alice, "Three taken back.", status=MessageStatus.WITHDRAWN, **withdrawn)
        make_message(topic, alice, "Four kept away.", status=MessageStatus.WITHHELD, **withheld)
        make_pending(topic, alice, "Five still waits.")
        elsewhere = make_topic(make_forum("other-forum").groups[0], alice, "Elsewhere")
        make_message(elsewhere, alice, "Six is elsewhere.")
        make_message(topic, alice, "Seven ends it.")
        make_pending(topic, alice, "Eight still waits.")
        db.session.commit()
    return world


def test_every_number_from_the_first_to_the_last_is_accounted_for(accounted: World, visitor: FlaskClient):
    page = read(visitor, PATH)
    told = numbering_in(page)

    assert numbers_in(page) == [1, 2, 3, 4, 7]
    assert told == {
        "Published messages": 3,
        "Withdrawn by their authors (shown with their number, without text)": 1,
        "Withheld by the Secretariat (shown with their number and the reason, without text)": 1,
        "Used elsewhere on the site, or never published": 2,
        "All numbers from #1 to #7": 7,
    }


def test_withdrawn_and_withheld_messages_keep_their_number_without_their_text(accounted, visitor: FlaskClient):
    page = read(visitor, PATH)

    assert "withdrawn by its author" in page.xpath("string(//article[@id='message-3'])")
    assert "Reason: Advertising" in " ".join(page.xpath("string(//article[@id='message-4'])").split())
    for words in ("taken back", "kept away", "still waits", "is elsewhere"):
        assert words not in page.text_content()


def test_moderators_print_nothing_that_others_do_not_see(accounted: World, visitor: FlaskClient, moderator, admin):
    """The record is the same, whoever takes it to paper."""
    expected = numbers_in(read(visitor, PATH))

    assert numbers_in(read(moderator, PATH)) == numbers_in(read(admin, PATH)) == expected


@pytest.fixture
def questions(app: Flask, world: World) -> World:
    """Topics that begin in another order than that of their questions, in two groups."""
    with app.app_context():
        alice, group = db.session.get(User, world.alice), db.session.get(Group, world.group)
        first = group.questions[0]
        second = Question(number=2, texts=texts(QuestionText, text="Who pays?"))
        group.questions.append(second)
        other = Group(slug="group-2", number=2, forum=group.forum, texts=texts(GroupText, title="Second group"))
        db.session.add(other)
        db.session.flush()
        for at, question, title in ((group, second, "On costs"), (other, None, "Apart"), (group, first, "On forms")):
            make_message(make_topic(at, alice, title, question=question), alice, f"About: {title}.")
        make_message(db.session.query(Topic).filter_by(title="On costs").one(), alice, "More on costs.", language="fr")
        db.session.commit()
    return world


def test_topics_stand_under_their_question_and_those_without_one_last(questions: World, visitor: FlaskClient):
    page = read(visitor, PATH)

    assert numbers_in(page) == [5, 3, 6, 1, 2, 4]
    headings = [" ".join(one.text_content().split()) for one in page.xpath("//section[@id]//*[self::h3 or self::h4]")]
    assert headings[:6] == [
        "Question 1 What would help most? (en)",
        "On forms",
        "Question 2 Who pays? (en)",
        "On costs",
        "Other topics",
        "Reporting formats",
    ]


def test_contents_lead_to_every_group_question_and_topic_in_order(questions: World, visitor: FlaskClient):
    page = read(visitor, PATH)
    links = page.xpath("//nav[@class='contents']//a/@href")
    places = [page.get_element_by_id(link.removeprefix("#")) for link in links]

    order = {element: at for at, element in enumerate(page.iter())}
    assert [order[place] for place in places] == sorted(order[place] for place in places)
    assert len([link for link in links if link.startswith("#topic-")]) == 4
    assert len([link for link in links if link.startswith("#question-")]) == 2


def test_cover_names_the_edition_its_address_and_how_to_cite_it(app: Flask, world: World, visitor: FlaskClient):
    cover = told_in(read(visitor, "/fr/print/forums/open-forum/?language=es").xpath("//dl[@class='cover']")[0])

    address = "http://127.0.0.1:8000/fr/print/forums/open-forum/?language=es"
    assert "Langue de la présente éditionfrançais" in cover
    assert "Secrétariat, « Title of open-forum (fr) », forum en ligne" in cover
    assert cover.count(address) == 2


@pytest.mark.parametrize("language", ["en", "es"])
def test_cover_and_citation_name_the_organizer_in_a_language_that_there_is(language, app: Flask, world: World, visitor):
    with app.app_context():
        texts_of_it = db.session.get(Forum, world.forum).texts
        texts_of_it["en"].organizer, texts_of_it["fr"].organizer = "Secretariat of the Treaty", "Secrétariat du Traité"
        db.session.commit()
    cover = read(visitor, PATH.replace("en", language, 1)).xpath("//dl[@class='cover']/dd")

    assert cover[0].text_content() == "Secretariat of the Treaty"
    assert told_in(cover[-1]).startswith("Secretariat of the Treaty, ")


def test_time_left_is_not_on_paper(world: World, visitor: FlaskClient):
    assert not read(visitor, PATH).find_class("left")


# Choices


def test_choice_of_a_question_shows_its_topics_alone(questions: World, visitor: FlaskClient):
    page = read(visitor, f"{PATH}?question=1.2")

    assert numbers_in(page) == [3, 6]
    assert "Messages on question 2 of group 1. It contains 2 messages." in told_in(page)


def test_choice_of_days_includes_both(app: Flask, questions: World, visitor: FlaskClient):
    with app.app_context():
        for number in range(1, 7):
            db.session.get(Message, number).posted_at = datetime(2026, 5, number, 23, 59, 59, tzinfo=UTC)
        db.session.commit()

    assert sorted(numbers_in(read(visitor, f"{PATH}?since=2026-05-02&until=2026-05-04"))) == [2, 3, 4]
    assert sorted(numbers_in(read(visitor, f"{PATH}?since=2026-05-05"))) == [5, 6]
    assert sorted(numbers_in(read(visitor, f"{PATH}?until=2026-05-01"))) == [1]


def test_choice_of_a_language_says_which_messages_it_leaves_out(questions: World, visitor: FlaskClient):
    page = read(visitor, f"{GROUP}?language=es")

    assert numbers_in(page) == [2]
    assert "4 messages in other languages are left out: #1, #3, #5–#6" in told_in(page)


def test_choices_hold_for_a_group_too(questions: World, visitor: FlaskClient):
    page = read(visitor, f"{GROUP}?question=1.2&language=fr")

    assert numbers_in(page) == [6]
    assert page.xpath("//select[@name='question']/option[@selected]/@value") == ["1.2"]
    assert page.xpath("//nav[@aria-label='Discussion groups']//a/@href") == [PATH, GROUP, f"{PATH}groups/group-2/"]


@pytest.mark.parametrize("path", ["", "groups/group-1/"])
@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_reversed_or_empty_days_are_an_error_at_their_field(language: str, path: str, world: World, visitor):
    for days, message in (
        ("since=2026-05-04&until=2026-05-01", WRONG_DAYS),
        ("since=1999-01-01&until=1999-01-02", NO_MESSAGES),
        ("until=1999-01-02", NO_MESSAGES),
    ):
        answer = visitor.get(f"/{language}/print/forums/open-forum/{path}?{days}")
        page = html.document_fromstring(answer.text)
        assert answer.status_code == 422
        assert page.xpath("//p[@id='until-error']")[0].text_content().endswith(message[language])
        assert page.xpath("//div[@class='error-summary']//a/@href") == ["#until"]
        assert not page.xpath("//article")


def test_days_with_messages_in_other_languages_alone_are_no_error(world: World, visitor: FlaskClient):
    page = read(visitor, f"{PATH}?since=2000-01-01&language=fr")

    assert numbers_in(page) == []
    assert "It contains 0 messages. 2 messages in other languages are left out: #1–#2" in told_in(page)


@pytest.mark.parametrize("query", ["question=1.9", "language=xx", "since=yesterday", "until=2026-02-30"])
def test_choice_that_is_not_offered_is_an_error(query: str, world: World, visitor: FlaskClient):
    answer = visitor.get(f"{PATH}?{query}")

    assert answer.status_code == 422
    assert f'id="{query.partition("=")[0]}-error"' in answer.text


def test_form_sent_as_it_is_shows_the_whole_record(world: World, visitor: FlaskClient):
    page = read(visitor, f"{PATH}?question=&since=&until=&language=")

    assert numbers_in(page) == [1, 2]
    assert "This is a selection" not in page.text_content()


def test_selection_names_no_group_or_question_that_is_empty_in_it(questions: World, visitor: FlaskClient):
    page = read(visitor, f"{PATH}?language=fr")

    assert len(page.xpath("//section[starts-with(@class, 'printed-group')]")) == 1
    assert len(page.xpath("//div[@class='printed-question']")) == 1


# Parts


@pytest.fixture(scope="module")
def made_long(one_app: Flask, small: World, shelf: Shelf) -> World:
    """302 messages in two topics, made once and kept for `long`."""
    shelf.database.put_back("world")
    fill(one_app, small, 250)
    with one_app.app_context():
        alice, group = db.session.get(User, small.alice), db.session.get(Group, small.group)
        topic = make_topic(group, alice, "Another")
        for number in range(50):
            make_message(topic, alice, f"Another {number}.")
        db.session.commit()
    shelf.keep("long")
    return small


@pytest.fixture
def long(app: Flask, made_long: World, shelf: Shelf) -> World:
    shelf.put_back("long")
    return made_long


@pytest.mark.parametrize("path", [PATH, GROUP])
def test_parts_hold_every_message_once_and_in_order(path: str, long: World, visitor: FlaskClient):
    parts = [numbers_in(read(visitor, f"{path}?part={part}")) for part in (1, 2, 3, 4)]

    assert [len(part) for part in parts] == [100, 100, 100, 2]
    assert [*chain.from_iterable(parts)] == numbers_in(read(visitor, f"{path}?whole=1"))
    assert numbers_in(read(visitor, path)) == parts[0]


def test_links_to_parts_say_what_they_lead_to(long: World, visitor: FlaskClient):
    page = read(visitor, PATH)
    links = {link.get("href"): link.text_content() for link in page.xpath("//nav[@class='parts'][1]//a")}

    assert re.fullmatch(r"Part 2 \(100 messages, about \d+\sKB\)", links[f"{PATH}?part=2"])
    assert re.fullmatch(r"Part 4 \(2 messages, about [\d.]+\sKB\)", links[f"{PATH}?part=4"])
    assert re.fullmatch(r"All on one page \(302 messages, about \d+\sKB\)", links[f"{PATH}?whole=1"])


def test_size_that_is_told_is_about_the_real_one(long: World, visitor: FlaskClient):
    told = int(re.search(r"302 messages, about (\d+)", visitor.get(PATH).text)[1])
    real = len(visitor.get(f"{PATH}?whole=1").data) / 1024

    assert told == pytest.approx(real, rel=0.35)


def test_contents_of_a_part_lead_to_the_part_where_a_topic_begins(long: World, visitor: FlaskClient):
    page = read(visitor, PATH)
    [link] = page.xpath("//nav[@class='contents']//a[.='Another']/@href")

    assert link.startswith(f"{PATH}?part=3#topic-")
    assert read(visitor, link.partition("#")[0]).get_element_by_id(link.partition("#")[2]) is not None


def test_what_goes_on_from_an_earlier_part_says_so(long: World, visitor: FlaskClient):
    headings = [" ".join(one.text_content().split()) for one in read(visitor, f"{PATH}?part=2").xpath("//h2 | //h4")]

    assert "Group 1: Group of open-forum (en) (continued)" in headings
    assert "Reporting formats (continued)" in headings


def test_participants_and_numbering_stand_in_the_last_part_alone(long: World, visitor: FlaskClient):
    for part, expected in ((1, 0), (2, 0), (4, 1)):
        page = read(visitor, f"{PATH}?part={part}")
        assert len(page.xpath("//h2[@id='participants'] | //h2[@id='numbering']")) == 2 * expected


def test_choices_go_along_with_the_parts(long: World, visitor: FlaskClient):
    page = read(visitor, f"{PATH}?language=en")

    assert page.xpath("//nav[@class='parts'][1]//a/@href")[1] == f"{PATH}?part=2&language=en"


def test_part_that_does_not_exist_is_not_found(world: World, visitor: FlaskClient):
    for part in ("0", "2", "x", "-1"):
        assert visitor.get(f"{PATH}?part={part}").status_code == 404


def test_part_reads_no_more_messages_than_it_shows(app: Flask, long: World, visitor, monkeypatch):
    read_messages, seen = proceedings.read_messages, []
    monkeypatch.setattr(proceedings, "read_messages", lambda *args: seen.append(read_messages(*args)) or seen[-1])
    visitor.get(f"{PATH}?part=2")

    assert [len(messages) for messages in seen] == [100]


# Participants, figures, files


@pytest.fixture
def people(app: Flask, world: World) -> World:
    with app.app_context():
        topic = db.session.get(Topic, world.topic)
        for name in ("Œrsted", "Ñandú", "Zoé", "Olga", "Nunez", "Érik", "Oxana", "nadal"):
            expert = make_user(name.lower(), name=name, capacity=Capacity.EXPERT, country="", organization="")
            make_message(topic, expert, "As an expert.")
        waiting = make_user("waiting", name="Waiting", capacity=Capacity.EXPERT)
        make_pending(topic, waiting, "Not yet.")
        alice = db.session.get(User, world.alice)
        make_message(topic, alice, "For the group.", on_behalf_of="A group of States")
        make_message(topic, alice, "From a letter.", speaker="Ms. Letter")
        db.session.commit()
    return world


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Érik", "nadal", "Ñandú", "Nunez", "Œrsted", "Olga", "Oxana", "Zoé"]),
        ("es", ["Érik", "nadal", "Nunez", "Ñandú", "Œrsted", "Olga", "Oxana", "Zoé"]),
        ("fr", ["Érik", "nadal", "Ñandú", "Nunez", "Œrsted", "Olga", "Oxana", "Zoé"]),
    ],
)
def test_participants_stand_in_the_alphabetical_order_of_the_language(language, expected, people, visitor):
    lists = read(visitor, f"/{language}/print/forums/open-forum/").xpath("//section[@class='participants']/ul")

    assert [one.findtext("bdi") for one in lists[1]] == expected


def test_participants_are_those_with_a_published_message(people: World, visitor: FlaskClient):
    [section] = read(visitor, PATH).xpath("//section[@class='participants']")
    told = told_in(section)

    assert "Waiting" not in told
    assert "Alice, Ministry of Tests (2 messages)" in told
    assert "Ms. Letter, Ministry of Tests (1 message)" in told


def test_letter_counts_with_the_messages_of_the_account_that_states_the_same(app: Flask, people: World, visitor):
    with app.app_context():
        topic, bruno = db.session.get(Topic, people.topic), db.session.get(User, people.bruno)
        make_message(topic, bruno, "Alice by letter.", speaker="Alice")
        db.session.get(User, people.bruno).organization = "Another Ministry"
        make_message(topic, bruno, "Another Alice by letter.", speaker="Alice")
        db.session.commit()
    told = told_in(read(visitor, PATH).xpath("//section[@class='participants']")[0])

    assert "Alice, Ministry of Tests (3 messages)" in told
    assert "Alice, Another Ministry (1 message)" in told


def test_on_behalf_of_stands_apart(people: World, visitor: FlaskClient):
    [section] = read(visitor, PATH).xpath("//section[@class='participants']")

    assert section.xpath("h3")[-1].text_content() == "On behalf of"
    assert told_in(section.xpath("ul")[-1]) == "A group of States: posted by Alice (1 message)"


def test_figures_are_in_the_proceedings_of_a_whole_forum(people: World, visitor: FlaskClient):
    [section] = read(visitor, PATH).xpath("//section[@aria-labelledby='figures']")

    assert [one.text_content() for one in section.xpath("h3")] == [
        "By capacity",
        "By language of the messages",
        "By group and question",
    ]
    assert not read(visitor, f"{PATH}?language=en").xpath("//section[@aria-labelledby='figures']")


def test_files_stand_in_the_annex_with_their_checksum(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        kept = make_attachment(db.session.get(Message, world.first), "kept.txt", b"kept").sha256
        gone = make_attachment(db.session.get(Message, world.first), "gone.txt", b"gone")
        gone.removed_at = utcnow()
        hidden = db.session.get(Message, world.second)
        make_attachment(hidden, "hidden.txt", b"hidden")
        hidden.status, hidden.withheld_at = MessageStatus.WITHHELD, utcnow() - timedelta(hours=1)
        db.session.commit()
    [annex] = read(visitor, PATH).xpath("//section[@class='annex']")

    assert "Message #1: kept.txt" in told_in(annex)
    assert kept in annex.text_content()
    assert "gone.txt" not in annex.text_content()
    assert "hidden.txt" not in annex.text_content()


# All forms of the record


def test_page_of_a_forum_leads_to_all_forms_of_its_record(world: World, visitor: FlaskClient):
    [link] = read(visitor, "/en/forums/open-forum/").xpath("//main//a[.='Download the record']/@href")
    page = read(visitor, link)

    links = {one.get("href"): told_in(one.getparent()) for one in page.xpath("//ul[@class='downloads']//a")}
    assert re.fullmatch(r"Proceedings of the whole forum 2 messages, about [\d.]+\sKB", links[PATH])
    assert links[GROUP].startswith("Group 1: Group of open-forum (en) 2 messages, about")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_size_on_the_page_of_downloads_is_within_15_per_cent(language: str, world: World, visitor: FlaskClient):
    sizes = {}
    for one in read(visitor, f"/{language}/print/forums/open-forum/download/").xpath("//ul[@class='downloads'][1]//a"):
        found = re.search(r"([\d.,]+)\s(?:KB|[Kk]o)$", told_in(one.getparent()))
        if found:
            sizes[one.get("href")] = float(found[1].replace(",", ".")) * 1024

    assert len(sizes) == 2
    for path, told in sizes.items():
        assert told == pytest.approx(len(visitor.get(path).data), rel=0.15), path


def test_number_of_messages_is_that_of_the_published_ones_everywhere(accounted: World, visitor: FlaskClient):
    [link] = read(visitor, "/en/print/forums/open-forum/download/").xpath(f"//main//a[@href='{PATH}']")

    assert told_in(link.getparent()).startswith("Proceedings of the whole forum 3 messages, about")
    assert "This forum contains 3 messages." in visitor.get(PATH).text
    assert "It contains 2 messages." in visitor.get(f"{PATH}?language=en").text


def test_record_of_a_draft_is_for_those_who_prepare_it(world: World, visitor: FlaskClient, admin: FlaskClient):
    assert visitor.get("/en/print/forums/draft-forum/download/").status_code == 404
    assert "0 messages" in admin.get("/en/print/forums/draft-forum/download/").text
