"""The names of States, organizations and capacities of speakers lead to what they have said in the forum."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.database import utcnow
from app.extensions import db
from app.models import Message
from tests.search.conftest import hits_in
from tests.world import World

STATE, MINISTRY, EXPERT = "Republic of Valdorenia", "Ministry of Tests", "Expert in a personal capacity"
ASKED = "/en/search/?forum=open-forum"
OF_A_PARTY = {
    STATE: f"{ASKED}&state=XA&capacity=party",
    "Party": f"{ASKED}&capacity=party",
    MINISTRY: f"{ASKED}&organization=Ministry+of+Tests",
}


def names_in(page: str, within: str) -> dict[str, str]:
    """The names that are links to searches, and where they lead."""
    links = html.document_fromstring(page).xpath(f"{within}//a[contains(@href, '/search/?')]")
    return {link.text_content(): link.get("href") for link in links}


def speaker_of(number: int) -> str:
    return f"//article[@id='message-{number}']//p[@class='speaker']"


@pytest.fixture
def state(app: Flask, world: World) -> Callable[..., None]:
    """Changes what the first message of the small world says of itself."""

    def stated(**values: object) -> None:
        with app.app_context():
            message = db.session.get_one(Message, world.first)
            for name, value in values.items():
                setattr(message, name, value)
            db.session.commit()

    return stated


@pytest.mark.parametrize("path", ["topics/{topic}/", "messages/{second}/", "forums/open-forum/latest/"])
def test_names_in_the_head_of_a_message_are_links(path: str, world: World, visitor: FlaskClient):
    address = f"/en/{path.format(topic=world.topic, second=world.second)}"
    page = visitor.get(address, follow_redirects=True).text

    assert names_in(page, speaker_of(world.second)) == {name: at for name, at in OF_A_PARTY.items() if name != MINISTRY}


def test_name_of_a_state_leads_to_what_was_said_for_it(world: World, visitor: FlaskClient, state):
    state(capacity="expert")

    assert hits_in(visitor.get(OF_A_PARTY[STATE]).text) == [f"/messages/{world.second}/"]


def test_name_of_a_state_for_which_nobody_speaks_leads_to_all_that_state_it(world: World, visitor: FlaskClient, state):
    state(capacity="expert")
    names = names_in(visitor.get(f"/en/topics/{world.topic}/").text, speaker_of(world.first))

    assert names[STATE] == f"{ASKED}&state=XA"
    assert hits_in(visitor.get(names[STATE]).text) == [f"/messages/{number}/" for number in (world.second, world.first)]


def test_name_of_an_organization_leads_to_what_was_said_for_it(world: World, visitor: FlaskClient, state):
    state(capacity="organization", organization="Seeds & Sœurs #1", country="")
    names = names_in(visitor.get(f"/en/topics/{world.topic}/").text, speaker_of(world.first))

    assert hits_in(visitor.get(names["Seeds & Sœurs #1"]).text) == [f"/messages/{world.first}/"]


SINCE = {"pending": "returned_at", "withdrawn": "withdrawn_at", "withheld": "withheld_at"}


@pytest.mark.parametrize("status", SINCE)
def test_names_on_a_message_that_is_not_published_are_no_links(status: str, world: World, alice: FlaskClient, state):
    state(status=status, **{SINCE[status]: utcnow()})
    page = alice.get(f"/en/topics/{world.topic}/").text

    assert STATE in html.document_fromstring(page).xpath(f"string({speaker_of(world.first)})")
    assert names_in(page, speaker_of(world.first)) == {}


def test_keyboard_passes_over_names_among_several_messages(world: World, visitor: FlaskClient):
    page = html.document_fromstring(visitor.get(f"/en/topics/{world.topic}/").text)

    assert set(page.xpath(f"{speaker_of(world.first)}//a/@tabindex")) == {"-1"}


def test_keyboard_reaches_names_on_the_message_s_own_page(world: World, visitor: FlaskClient):
    page = html.document_fromstring(visitor.get(f"/en/messages/{world.first}/", follow_redirects=True).text)

    assert page.xpath(f"{speaker_of(world.first)}//a/@tabindex") == []


@pytest.mark.parametrize("path", ["topics/{topic}/", "messages/{first}/"])
def test_names_on_printed_messages_are_no_links(path: str, world: World, visitor: FlaskClient):
    page = visitor.get(f"/en/print/{path.format(topic=world.topic, first=world.first)}").text

    assert names_in(page, speaker_of(world.first)) == {}


@pytest.mark.parametrize("path", ["open-forum/", "open-forum/groups/group-1/"])
def test_names_in_the_list_of_participants_are_links(path: str, world: World, visitor: FlaskClient):
    page = visitor.get(f"/en/print/forums/{path}").text

    assert names_in(page, "//section[@class='participants']") == OF_A_PARTY


def test_names_of_capacities_with_messages_are_links_in_the_figures_of_the_proceedings(world, visitor, state):
    state(capacity="expert")
    page = visitor.get("/en/print/forums/open-forum/").text

    asked = {"Party": f"{ASKED}&capacity=party", EXPERT: f"{ASKED}&capacity=expert"}
    assert names_in(page, "//table[@aria-labelledby='capacities']") == asked


def test_names_of_states_with_messages_are_links_in_the_figures(world: World, moderator: FlaskClient, state):
    state(country="")
    page = moderator.get("/en/figures/forums/open-forum/").text

    assert names_in(page, "//table[@aria-labelledby='states']") == {STATE: f"{ASKED}&state=XA"}


def test_total_of_a_capacity_is_a_link_among_who_has_spoken(world: World, visitor: FlaskClient):
    page = visitor.get("/en/forums/open-forum/contributors/").text

    assert names_in(page, "//tr[last()]/th[@scope='row']") == {"Total": f"{ASKED}&capacity=party"}


def test_names_in_results_are_links(world: World, visitor: FlaskClient):
    page = visitor.get(f"{ASKED}&language=en").text

    assert names_in(page, "//ol[@class='hits']") == OF_A_PARTY


@pytest.mark.parametrize(("status", "names"), [("published", OF_A_PARTY), ("pending", {})])
def test_names_for_moderators_are_links_once_the_message_is_published(status, names, world, moderator, state):
    state(status=status)
    page = moderator.get(f"/en/moderation/messages/{world.first}/").text

    assert names_in(page, "//dl[@class='context']") == names
