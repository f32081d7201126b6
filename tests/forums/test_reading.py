"""Reading topics and messages: pages, numbers, addresses, and unknown pages."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.counters import recount
from app.extensions import db
from app.forums.topic_queries import MESSAGE_COLUMNS, ShownMessage
from app.models import Message, Topic, User
from tests.moderation.conftest import do
from tests.world import World, make_forum, make_message

SITE = "http://127.0.0.1:8000"


def fill(app: Flask, world: World, messages: int) -> None:
    with app.app_context():
        topic, bruno = db.session.get(Topic, world.topic), db.session.get(User, world.bruno)
        for number in range(messages):
            make_message(topic, bruno, f"Filler {number}.")
        db.session.commit()


def test_shown_message_has_its_fields_in_the_order_of_the_columns():
    names = list(ShownMessage.__annotations__)

    assert names == [*(column.key for column in MESSAGE_COLUMNS.selected_columns), "follow_up", "answers", "files"]


def test_topic_shows_twenty_messages_a_page(app: Flask, world: World, visitor: FlaskClient):
    fill(app, world, 20)

    first, second = (visitor.get(f"/en/topics/{world.topic}/?page={page}").text for page in (1, 2))

    assert first.count('<article class="message"') == 20
    assert second.count('<article class="message"') == 2


def test_address_of_a_message_shows_it_and_its_place(app: Flask, world: World, visitor: FlaskClient):
    fill(app, world, 20)

    answer = visitor.get(f"/fr/messages/{world.second + 20}/")

    assert answer.status_code == 200
    assert f'id="message-{world.second + 20}"' in answer.text
    assert f'id="message-{world.second}"' not in answer.text
    assert f'href="/fr/topics/{world.topic}/?page=2#message-{world.second + 20}"' in answer.text
    assert "Message 22 de ce fil" in answer.text


@pytest.mark.parametrize("act", ["withdraw", "withhold"])
def test_page_of_a_message_taken_back_shows_and_describes_nothing_of_it(
    act: str, world: World, alice, moderator, visitor
):
    if act == "withdraw":
        alice.post(f"/en/messages/{world.first}/withdraw/")
    else:
        do(moderator, world.first, "withhold")

    page = visitor.get(f"/en/messages/{world.first}/").text

    assert "shorter" not in page
    assert "This message was withdrawn" in page or "Withheld by the Secretariat" in page


def previews(page: str) -> dict[str, str]:
    """The description of a page, and what it says to sites on which a link to it is shared."""
    tags = html.document_fromstring(page).xpath("//head/meta[@content]")
    return {tag.get("property") or tag.get("name", ""): tag.get("content") for tag in tags}


@pytest.mark.parametrize(
    ("path", "title", "description"),
    [
        (
            "messages/{0.first}",
            "Message #1: Reporting formats",
            "Alice, Republic of Valdorenia: A shorter form would help.",
        ),
        (
            "topics/{0.topic}",
            "Reporting formats – Short open-forum (en)",
            "Group 1: Group of open-forum (en)",
        ),
        ("forums/open-forum", "Online Forum on: Title of open-forum (en)", "About tests. (en)"),
    ],
)
def test_shared_link_has_a_preview(path: str, title: str, description: str, world: World, visitor: FlaskClient):
    address = f"/en/{path.format(world)}/"
    told = previews(visitor.get(address).text)

    assert (told["og:title"], told["og:url"]) == (title, f"{SITE}{address}")
    assert told["og:description"] == told["description"] == description
    picture = visitor.get(told["og:image"].removeprefix(SITE))
    assert (picture.status_code, picture.mimetype) == (200, "image/png")
    picture.close()


@pytest.mark.parametrize(("is_withheld", "language"), [(False, "en"), (True, None)])
def test_description_of_a_message_has_its_language_only_with_its_text(
    is_withheld: bool, language: str | None, world: World, moderator: FlaskClient, visitor: FlaskClient
):
    if is_withheld:
        do(moderator, world.first, "withhold")
    page = html.document_fromstring(visitor.get(f"/fr/messages/{world.first}/").text)
    [description] = page.xpath("//meta[@name='description']")

    assert ("A shorter form" in description.get("content")) is not is_withheld
    assert description.get("lang") == language


def speak_as(app: Flask, world: World, capacity: str, **more: str) -> int:
    """The number of a message by Bruno in this capacity."""
    with app.app_context():
        message = make_message(db.session.get(Topic, world.topic), db.session.get(User, world.bruno), "x")
        for name, value in {"capacity": capacity, **more}.items():
            setattr(message, name, value)
        db.session.commit()
        return message.id


def test_state_or_organization_for_which_somebody_speaks_follows_the_name(app: Flask, world: World, visitor):
    told = {"organization": "Seeds & Soils", "country": "XA"}
    own = {capacity: speak_as(app, world, capacity, **told) for capacity in ("party", "organization", "expert")}
    page = html.document_fromstring(visitor.get(f"/en/topics/{world.topic}/").text)

    def lines(number: int) -> tuple[str, str]:
        [speaker] = page.xpath(f"//article[@id='message-{number}']//p[@class='speaker']")
        return "".join(speaker.xpath("string(./*[@class='speaks-for'])").split("\n")), " ".join(
            speaker.text_content().split()
        )

    state = "Republic of Valdorenia"
    assert lines(own["party"]) == (state, f"{state} Party, Seeds & Soils")
    assert lines(own["organization"]) == ("Seeds & Soils", f"Seeds & Soils Organization, {state}")
    assert lines(own["expert"]) == ("", f"Expert in a personal capacity, {state}, Seeds & Soils")


def test_messages_of_the_secretariat_are_marked(app: Flask, world: World, visitor: FlaskClient):
    speak_as(app, world, "secretariat", country="", organization="")

    assert visitor.get(f"/en/topics/{world.topic}/").text.count('<article class="message of-secretariat"') == 1


def test_language_switch_stays_on_the_page_of_the_topic(app: Flask, world: World, visitor: FlaskClient):
    fill(app, world, 20)

    page = visitor.get(f"/en/topics/{world.topic}/?page=2").text

    assert f'<a href="/es/topics/{world.topic}/?page=2" lang="es" hreflang="es">' in page


def test_page_that_does_not_exist_is_not_found(world: World, visitor: FlaskClient):
    assert [
        page
        for page in ("0", "2", "-1", "x", "1000000000", "9" * 40, "1.5", "٣", "")
        if visitor.get(f"/en/topics/{world.topic}/?page={page}").status_code != 404
    ] == []


def test_what_does_not_exist_is_not_found_in_the_reader_s_language(world, visitor):
    wrong = []
    for path in (
        "topics/99/",
        "topics/999999999999999999999999/",
        "messages/99/",
        "messages/999999999999999999999999/",
        "messages/999999999999999999999999/history/",
        "forums/none/",
        "forums/open-forum/groups/none/",
        "forums/open-forum/pages/none/",
        "pages/none/",
        "print/topics/99/",
        "print/messages/99999999999999999999/",
        "feeds/topics/99.atom",
        "feeds/forums/none.atom",
        "forums/%00/",
        "forums/%ff%fe/",
    ):
        for language in ("en", "es", "fr"):
            answer = visitor.get(f"/{language}/{path}")
            if answer.status_code != 404 or f'<html lang="{language}"' not in answer.text:
                wrong.append((path, language))

    assert wrong == []


@pytest.mark.parametrize("path", ["", "pages/purpose/", "groups/", "groups/group-1/", "groups/group-1/new/"])
def test_draft_forum_is_not_found_by_the_public(path: str, visitor: FlaskClient, alice: FlaskClient):
    for client in (visitor, alice):
        assert client.get(f"/en/forums/draft-forum/{path}").status_code in {404, 302}
    assert alice.get(f"/en/forums/draft-forum/{path}").status_code == 404


def test_administrators_see_a_draft_forum(admin: FlaskClient):
    assert admin.get("/en/forums/draft-forum/").status_code == 200


def test_draft_forum_is_in_no_list(visitor: FlaskClient, world: World):
    for path in ("/en/", "/en/portal/", "/en/archive/", "/sitemap/site.xml", "/sitemap/topics-1.xml"):
        assert "draft-forum" not in visitor.get(path).text


def test_signed_out_reader_gets_no_cookie_and_no_token(world: World, visitor: FlaskClient):
    answer = visitor.get(f"/en/topics/{world.topic}/")

    assert not answer.headers.getlist("Set-Cookie")
    assert "csrf_token" not in answer.text
    assert answer.headers["Cache-Control"].startswith("public")


def test_page_of_a_signed_in_person_is_not_for_shared_caches(world: World, alice: FlaskClient):
    assert alice.get(f"/en/topics/{world.topic}/").headers["Cache-Control"].startswith("private")


def test_message_shows_author_capacity_organization_state_time_and_language(world: World, visitor: FlaskClient):
    page = visitor.get(f"/en/topics/{world.topic}/").text

    for text in (
        "Alice",
        "Party",
        "Ministry of Tests",
        "Republic of Valdorenia",
        "\N{NO-BREAK SPACE}UTC</time>",
        "español",
    ):
        assert text in page


@pytest.mark.parametrize("path", ["/fr/forums/open-forum/", "/fr/print/forums/open-forum/"])
def test_forum_shows_the_dates_of_its_first_and_last_message(path: str, app: Flask, world: World, visitor):
    with app.app_context():
        first, second = (db.session.get_one(Message, number) for number in (world.first, world.second))
        first.posted_at, second.posted_at = datetime(2012, 2, 1, tzinfo=UTC), datetime(2012, 5, 4, tzinfo=UTC)
        recount()
        db.session.commit()

    assert "Ils ont été publiés du 1ᵉʳ février au 4 mai 2012." in visitor.get(path).text


def test_forum_with_messages_of_one_day_shows_no_range(world: World, visitor: FlaskClient):
    page = visitor.get("/en/forums/open-forum/").text

    assert "This forum contains 2 messages." in page
    assert "They were posted" not in page


def test_markup_in_the_name_of_a_participant_is_escaped(app: Flask, world: World, visitor: FlaskClient):
    with app.app_context():
        user = db.session.get(User, world.alice)
        user.name, user.title = "<img src=x onerror=alert(1)>", "{{7*7}}"
        db.session.get(Topic, world.topic).title = "</title><script>alert(1)</script>"
        db.session.commit()

    for path in (f"topics/{world.topic}/", f"print/topics/{world.topic}/", f"feeds/topics/{world.topic}.atom"):
        page = visitor.get(f"/en/{path}").text
        assert "<img" not in page
        assert "<script>alert" not in page
        assert "49" not in page.split("{{7*7}}")[0][-5:]


@pytest.mark.parametrize(
    ("opens", "closes", "said"),
    [(1, 2, "No messages yet."), (-1, 1, "No messages yet."), (-2, -1, "This forum contains no messages.")],
    ids=["planned", "open", "closed"],
)
def test_forum_without_messages_says_not_yet_while_it_can_get_some(
    opens: int, closes: int, said: str, world: World, visitor: FlaskClient, app: Flask
):
    with app.app_context():
        make_forum("empty-forum", opens=opens, closes=closes)
        db.session.commit()

    for path in ("/en/forums/empty-forum/", "/en/print/forums/empty-forum/"):
        page = visitor.get(path).text
        assert said in page
        assert ("No messages yet." in page) != ("This forum contains no messages." in page)
        assert "0 people" not in page
