"""Numbers of messages in texts, such as #1234: links to these messages wherever people write."""

from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Forum, User
from tests.moderation.conftest import do
from tests.world import World, make_message, make_pending, make_topic


def post(client: FlaskClient, world: World, body: str) -> None:
    client.post(f"/en/topics/{world.topic}/reply/", data={"body": body, "language": "en"})


def made_in(app: Flask, slug: str, world: World, *, waits: bool = False) -> int:
    """The number of a message in the forum with this name."""
    with app.app_context():
        forum = db.session.query(Forum).filter_by(slug=slug).one()
        bruno = db.session.get_one(User, world.bruno)
        topic = make_topic(forum.groups[0], bruno, "Another topic")
        message = (make_pending if waits else make_message)(topic, bruno, "Another message.")
        db.session.commit()
        return message.id


def link_to(number: int, site: str = "", language: str = "en") -> str:
    return f'href="{site}/{language}/messages/{number}/" rel="nofollow noopener ugc">#{number}</a>'


def test_number_of_a_message_is_a_link_in_the_readers_language(world: World, alice: FlaskClient, visitor: FlaskClient):
    post(alice, world, f"As #{world.first} says, (#{world.second}).")

    english, french = (visitor.get(f"/{code}/topics/{world.topic}/").text for code in ("en", "fr"))

    assert link_to(world.first) in english
    assert link_to(world.second) in english
    assert link_to(world.first, language="fr") in french


def test_number_that_is_none_of_a_message_is_text(world: World, alice: FlaskClient, visitor: FlaskClient):
    post(alice, world, f"See #99999, #{world.first}a, a#{world.first}, #{world.first}.5 and #0{world.first}.")

    page = visitor.get(f"/en/topics/{world.topic}/").text

    assert "See #99999, #1a, a#1, #1.5 and #01." in page


def test_number_of_a_hidden_forum_is_text(app: Flask, world: World, alice: FlaskClient, visitor: FlaskClient):
    number = made_in(app, "draft-forum", world)
    post(alice, world, f"See #{number}.")

    assert f"See #{number}." in visitor.get(f"/en/topics/{world.topic}/").text


def test_message_of_the_same_forum_is_a_link_before_it_is_public_and_answers_for_itself(
    app: Flask, world: World, alice: FlaskClient, visitor: FlaskClient
):
    number = made_in(app, "open-forum", world, waits=True)
    post(alice, world, f"See #{number}.")

    assert link_to(number) in visitor.get(f"/en/topics/{world.topic}/").text
    assert visitor.get(f"/en/messages/{number}/").status_code == 404


def test_link_stays_when_the_message_is_withheld(
    world: World, alice: FlaskClient, moderator: FlaskClient, visitor: FlaskClient
):
    post(alice, world, f"See #{world.second}.")
    do(moderator, world.second, "withhold")

    assert link_to(world.second) in visitor.get(f"/en/topics/{world.topic}/").text


def test_feed_and_print_version_hold_whole_addresses(
    app: Flask, world: World, alice: FlaskClient, visitor: FlaskClient
):
    post(alice, world, f"See #{world.first}.")
    site = app.config["SITE"].site_url

    feed = visitor.get(f"/es/feeds/topics/{world.topic}.atom").text
    paper = visitor.get(f"/es/print/topics/{world.topic}/").text

    assert f"{site}/es/messages/{world.first}/" in feed
    assert f'class="bare" {link_to(world.first, site, "es")}' in paper, "whose address is not printed behind it"


def test_preview_shows_the_link(world: World, alice: FlaskClient):
    body = f"See #{world.first}."
    by_script = alice.post("/en/preview/", data={"body": body}).text
    sent = {"body": body, "language": "en", "preview": "1"}
    by_form = alice.post(f"/en/topics/{world.topic}/reply/", data=sent).text

    assert link_to(world.first) in by_script
    assert link_to(world.first) in by_form


def test_edited_message_has_links_too(app: Flask, world: World, alice: FlaskClient, visitor: FlaskClient):
    page = alice.get(f"/en/messages/{world.first}/edit/").text
    version = page.partition('name="version"')[2].partition('value="')[2].partition('"')[0]
    data = {"body": f"See #{world.second}.", "language": "en", "version": version}
    alice.post(f"/en/messages/{world.first}/edit/", data=data)

    assert link_to(world.second) in visitor.get(f"/en/topics/{world.topic}/").text


def test_reason_has_links_on_screen_in_the_record_on_paper_and_in_the_mail(
    app: Flask, world: World, moderator: FlaskClient, visitor: FlaskClient, mails
):
    do(moderator, world.second, "withhold", words=f"Repeats #{world.first}, not #99999 <b>")
    site = app.config["SITE"].site_url

    pages = [visitor.get(path).text for path in (f"/en/topics/{world.topic}/", "/en/forums/open-forum/record/")]
    [mail] = mails()

    assert [page for page in pages if f'Repeats <a class="bare" href="/en/messages/{world.first}/"' not in page] == []
    assert [page for page in pages if "not #99999 &lt;b&gt;" not in page] == []
    assert f"{site}/en/messages/{world.first}/" in visitor.get("/en/print/forums/open-forum/record/").text
    assert f"Repeats #{world.first} ({site}/en/messages/{world.first}/)" in mail.text
    assert f'href="{site}/en/messages/{world.first}/"' in mail.html


def test_reason_of_a_report_has_links_for_those_who_read_it(world: World, alice, bruno, moderator: FlaskClient):
    reason = f"Repeats #{world.first}, not #99999 <b>"
    bruno.post(f"/en/messages/{world.first}/report/", data={"reason": reason})
    pages = [
        moderator.get(f"/en/moderation/messages/{world.first}/").text,
        moderator.get("/en/moderation/").text,
        bruno.get("/en/account/data/").text,
    ]

    assert [page for page in pages if f'Repeats <a class="bare" href="/en/messages/{world.first}/"' not in page] == []
    assert [page for page in pages if "not #99999 &lt;b&gt;" not in page] == []


def test_reason_of_a_suspension_has_links_on_the_persons_page_in_the_log_and_in_the_mail(
    app: Flask, world: World, admin: FlaskClient, mails
):
    site, person = app.config["SITE"].site_url, f"/en/admin/people/{world.alice}/"
    admin.post(f"{person}suspend/", data={"words": f"Repeats #{world.first}, not #99999 <b>"})
    [mail] = mails()
    pages = [admin.get(path).text for path in (person, f"{person}suspend/", "/en/admin/log/1/")]
    admin.post(f"{person}reinstate/", data={"words": f"Repeats #{world.first}, not #99999 <b>"})
    pages.append(admin.get("/en/admin/log/2/").text)

    assert [page for page in pages if f'Repeats <a class="bare" href="/en/messages/{world.first}/"' not in page] == []
    assert [page for page in pages if "not #99999 &lt;b&gt;" not in page] == []
    assert f"Repeats #{world.first} ({site}/en/messages/{world.first}/)" in mail.text
    assert f'href="{site}/en/messages/{world.first}/"' in mail.html


def test_reason_of_an_act_has_links_in_the_log(world: World, admin: FlaskClient):
    do(admin, world.second, "withhold", words=f"Repeats #{world.first}")

    assert f'Repeats <a class="bare" href="/en/messages/{world.first}/"' in admin.get("/en/admin/log/acts/1/").text


def test_notice_has_links(app: Flask, world: World, admin: FlaskClient, visitor: FlaskClient):
    form = {"en-title": "Notice", "en-body": f"See #{world.first}.", "published_at": ["2020-01-01", "00:00"]}
    admin.post(f"/en/admin/notices/new/{world.forum}/", data=form)

    assert f'href="/fr/messages/{world.first}/"' in visitor.get("/fr/forums/open-forum/").text
