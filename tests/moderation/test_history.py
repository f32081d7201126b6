"""The history of a message: its versions, the differences between them, and who may see them."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.database import utcnow
from app.difference import compare
from app.extensions import db
from app.forums.history_queries import PER_PAGE
from app.models import Act, Message, Revision
from tests.files import make_attachment
from tests.moderation.conftest import BODY, changed, do
from tests.world import World

HIDDEN = {"body": "Her number is kept here.", "language": "en"}
SHORT = {"body": "It is kept here.", "language": "en"}


def history(client: FlaskClient, number: int, page: str = "", language: str = "en"):
    return client.get(f"/{language}/messages/{number}/history/{page}")


def edit(client: FlaskClient, number: int, body: str, **more: str):
    return client.post(f"/en/messages/{number}/edit/", data={"body": body, "language": "en", **more})


def test_difference_is_marked_word_by_word(world: World, alice: FlaskClient, visitor: FlaskClient):
    edit(alice, world.first, "A short **form** would really help.")
    page = history(visitor, world.first).text

    assert "<del>" in page
    assert "<ins>" in page
    assert '<span class="visually-hidden" lang="en"> [deleted:] </span>' in page
    assert '<span class="visually-hidden" lang="en"> [added:] </span>' in page
    assert "Edited by its author." in page


def test_difference_is_shown_as_readers_see_the_text(world: World, alice: FlaskClient, visitor: FlaskClient):
    edit(alice, world.first, "A **form** would help.\n\n- one\n- two")
    edit(alice, world.first, "A **shorter form** would help.\n\n- one\n- three")
    page = html.document_fromstring(history(visitor, world.first).text)

    shown = page.find_class("difference")[0]
    assert "**" not in shown.text_content()
    assert [" ".join(part.text_content().split()) for part in shown.xpath(".//ins")] == [
        "[added:] shorter [end]",
        "[added:] three [end]",
    ]
    assert shown.xpath("./p/strong/ins")
    assert [" ".join(part.text_content().split()) for part in shown.xpath("./ul/li/del")] == ["[deleted:] two [end]"]


def test_change_of_formatting_alone_is_told(world: World, alice: FlaskClient, visitor: FlaskClient):
    edit(alice, world.first, "A form")
    edit(alice, world.first, "A **form**")

    assert history(visitor, world.first).text.count("The wording is the same; only the formatting has changed.") == 1


@pytest.mark.parametrize(
    ("before", "after", "gone", "new"),
    [
        ("17. We agree.", "18. We agree.", "17.", "18."),
        (
            "[the report](https://example.org/a)",
            "[the report](https://evil.example/b)",
            "(https://example.org/a)",
            "(https://evil.example/b)",
        ),
    ],
    ids=["number", "target"],
)
def test_change_of_a_number_or_of_a_target_is_marked(before, after, gone, new, world: World, alice, visitor):
    edit(alice, world.first, before)
    edit(alice, world.first, after)
    shown = html.document_fromstring(history(visitor, world.first).text).find_class("difference")[0]

    assert [" ".join(one.text_content().split()) for one in shown.xpath(".//del | .//ins")] == [
        f"[deleted:] {gone} [end]",
        f"[added:] {new} [end]",
    ]


def test_difference_kept_by_a_former_version_of_the_site_is_made_again(app, world, alice, visitor):
    edit(alice, world.first, "A shorter **form** would really help.")
    shown = html.document_fromstring(history(visitor, world.first).text).find_class("difference")[0].text_content()
    with changed(app, Revision, 1) as revision:
        revision.difference = compare(revision.body, "A shorter **form** would really help.")

    again = html.document_fromstring(history(visitor, world.first).text).find_class("difference")[0].text_content()
    assert again == shown


def test_changes_of_language_and_on_behalf_of_are_shown(world: World, alice: FlaskClient, visitor: FlaskClient):
    edit(alice, world.first, "A shorter form would help.", language="fr", on_behalf_of="Some others")
    page = history(visitor, world.first).text

    assert "Language: formerly English, now français" in page
    assert "On behalf of: formerly –, now Some others" in page


def test_correction_names_the_secretariat_and_the_reason(world: World, moderator, visitor):
    do(moderator, world.first, "correct", words="Spelling", body="A shorter form would help!", language="en")

    page = history(visitor, world.first).text
    assert "Corrected by the Secretariat." in page
    assert "Spelling" in page
    assert "<bdi>Moderator</bdi>" not in page
    assert "<bdi>Moderator</bdi>" in history(moderator, world.first).text


def test_only_the_author_and_moderators_see_hidden_versions(world, alice, bruno, moderator, stranger, visitor):
    edit(alice, world.first, "Her number is 555 0100.")
    do(moderator, world.first, "correct", **HIDDEN, hide="y")
    edit(alice, world.first, "Her number is kept here, I think.")

    for client in (visitor, bruno, stranger):
        page = history(client, world.first).text
        assert "555" not in page
        assert "A shorter form" not in page, "nor any version before that"
        assert "Earlier versions are not shown" in page
        assert "Her number is kept here." in page
        assert "I think" in page
        assert "This version is not visible to readers." not in page
    for client in (alice, moderator):
        page = history(client, world.first).text
        assert "555 0100" in page
        assert page.count("This version is not visible to readers.") == 2, "nor any version before that"


def test_readers_see_that_a_message_was_corrected_even_with_hidden_versions(
    world, alice, bruno, moderator, stranger, visitor
):
    do(moderator, world.first, "correct", **HIDDEN, hide="y", words="Personal data")

    for client in (visitor, alice, bruno, moderator, stranger):
        page = history(client, world.first).text
        assert page.count("Corrected by the Secretariat") == 1
        assert page.count("Personal data") == 1
    assert "A shorter form" not in history(visitor, world.first).text
    assert "Moderator" not in history(visitor, world.first).text


def test_readers_see_that_a_message_was_corrected_before_publication(world, waiting, moderator, visitor, alice):
    do(moderator, waiting, "correct", **SHORT, words="Personal data")
    do(moderator, waiting, "approve")

    for client in (visitor, alice):
        page = history(client, waiting).text
        assert "Corrected by the Secretariat. Reason: <span>Personal data</span>" in " ".join(page.split())
        assert BODY not in page


def test_readers_see_that_hidden_versions_were_corrected(world, waiting, bruno, moderator, visitor):
    do(moderator, waiting, "correct", **SHORT, words="Personal <data>")
    edit(bruno, waiting, "It is kept there.")
    do(moderator, waiting, "approve")
    for number in range(PER_PAGE):
        edit(bruno, waiting, f"Text {number}")
    first, last = (history(visitor, waiting, page).text for page in ("", "?page=2"))

    assert "Corrected by the Secretariat." not in first, "it is shown with the earliest versions"
    assert "Corrected by the Secretariat." in last
    assert "Personal &lt;data&gt;" in last
    assert "It is kept here." not in last
    assert history(bruno, waiting, "?page=2").text.count("Corrected by the Secretariat.") == 1


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Corrected by the Secretariat "),
        ("es", "Corregido por la Secretaría el "),
        ("fr", "Corrigé par le Secrétariat le "),
    ],
)
def test_corrected_message_is_marked_as_corrected_by_the_secretariat(
    language: str, said: str, world: World, moderator, visitor
):
    do(moderator, world.first, "correct", **HIDDEN, hide="y")

    for path in (f"topics/{world.topic}", f"print/topics/{world.topic}", f"print/messages/{world.first}"):
        page = visitor.get(f"/{language}/{path}/").text
        assert f'<a href="/{language}/messages/{world.first}/history/" rel="nofollow">{said}' in page, path
        assert page.count(f"/messages/{world.first}/history/") == 1, "and not that its author edited it"


def test_message_edited_after_a_correction_is_marked_as_both(app, world, alice, moderator, visitor):
    edit(alice, world.first, "Changed.")
    assert "Edited on <time" in visitor.get(f"/en/topics/{world.topic}/").text
    do(moderator, world.first, "correct", **HIDDEN)
    assert "Edited on <time" not in visitor.get(f"/en/topics/{world.topic}/").text
    with changed(app, Act, 1) as act:
        act.at -= timedelta(hours=1)
    edit(alice, world.first, "Changed again.")

    page = visitor.get(f"/en/topics/{world.topic}/").text
    assert "Edited on <time" in page
    assert "Corrected by the Secretariat on <time" in page


def test_restored_message_is_not_marked_as_corrected(world: World, alice, moderator, visitor):
    edit(alice, world.first, "Changed.")
    do(moderator, world.first, "withhold")
    do(moderator, world.first, "restore")

    assert "Corrected by" not in visitor.get(f"/en/topics/{world.topic}/").text
    assert "Corrected by" not in history(visitor, world.first).text


def test_edit_form_of_a_corrected_message_shows_the_reason(world: World, alice, moderator):
    path = f"/en/messages/{world.first}/edit/"
    assert "The Secretariat corrected this message" not in alice.get(path).text
    do(moderator, world.first, "correct", **HIDDEN, words="Personal <data>")

    for page in (alice.get(path).text, edit(alice, world.first, "").text):
        told = page.index("The Secretariat corrected this message on ")
        assert told < page.index("Personal &lt;data&gt;") < page.rindex(f"/en/messages/{world.first}/history/")
        assert page.index("Personal &lt;data&gt;") < page.index("<textarea")


def test_correction_without_hiding_stays_readable(world: World, moderator, visitor):
    do(moderator, world.first, "correct", **HIDDEN)

    assert "A shorter form" in history(visitor, world.first).text


def test_versions_before_publication_are_not_public(world, waiting, bruno, moderator, visitor, alice):
    edit(bruno, waiting, "Second try.")
    do(moderator, waiting, "correct", **SHORT)
    do(moderator, waiting, "approve")
    edit(bruno, waiting, "It is kept there.")

    for client in (visitor, alice):
        page = history(client, waiting).text
        assert BODY not in page
        assert "Second try." not in page
        assert "It is kept here." in page
    assert BODY in history(bruno, waiting).text


@pytest.mark.parametrize("act", ["withhold", "withdraw"])
def test_only_the_author_and_moderators_see_the_history_of_a_hidden_message(
    act, world, alice, bruno, moderator, visitor
):
    edit(alice, world.first, "Changed.")
    if act == "withhold":
        do(moderator, world.first, "withhold")
    else:
        alice.post(f"/en/messages/{world.first}/withdraw/")

    for client in (visitor, bruno):
        assert history(client, world.first).status_code == 403
    for client in (alice, moderator):
        page = history(client, world.first).text
        assert "Changed." in page
        assert "Its text can be read here only by its author, the moderators of the forum and administrators." in page


def test_visitor_is_asked_to_sign_in_for_a_history_that_is_not_public(world: World, bruno, moderator, visitor):
    do(moderator, world.first, "withhold")
    answers = {client: history(client, world.first) for client in (visitor, bruno)}

    assert [answer.status_code for answer in answers.values()] == [403, 403]
    assert "<h1>This is not public</h1>" in answers[visitor].text
    assert '<li><a href="/en/auth/sign-in/">Sign in</a></li>' in answers[visitor].text
    assert "Your account is not authorized" not in answers[visitor].text
    assert "Your account is not authorized to do this." in answers[bruno].text
    assert "Contenu non public" in history(visitor, world.first, language="fr").text


def test_history_of_a_waiting_message_is_not_found_for_others(
    world: World, waiting: int, alice, visitor, bruno, moderator
):
    assert [history(client, waiting).status_code for client in (alice, visitor, bruno, moderator)] == [
        404,
        404,
        200,
        200,
    ]


def test_long_history_is_paged_without_a_gap(world: World, alice: FlaskClient, visitor: FlaskClient):
    for number in range(PER_PAGE):
        edit(alice, world.first, f"Text {number}")
    first, second = history(visitor, world.first).text, history(visitor, world.first, "?page=2").text

    assert first.count('class="revision"') == PER_PAGE
    assert "A shorter form" in first, "the oldest version of the page is compared with it"
    assert second.count('class="revision"') == 1
    assert f'id="version-{PER_PAGE + 1}"' in first
    assert 'id="version-1"' in second
    for page in ("?page=3", "?page=0", "?page=x"):
        assert history(visitor, world.first, page).status_code == 404


def test_page_boundary_hides_no_version(world: World, alice: FlaskClient, visitor: FlaskClient):
    for number in range(2 * PER_PAGE + 5):
        edit(alice, world.first, f"Text {number}.")
    pages = [history(visitor, world.first, f"?page={page}").text for page in (1, 2, 3)]

    numbers = [int(part.partition('"')[0]) for page in pages for part in page.split('id="version-')[1:]]
    assert numbers == list(range(2 * PER_PAGE + 6, 0, -1))
    assert [page.count('class="difference prose"') for page in pages] == [PER_PAGE, PER_PAGE, 5]


def test_markup_in_a_difference_is_escaped(app: Flask, world: World, alice: FlaskClient, visitor):
    edit(alice, world.first, "<img src=x onerror=alert(1)> {{7*7}} <ins>no</ins>")
    page = history(visitor, world.first).text

    assert "<img" not in page
    assert "<ins>no</ins>" not in page
    assert "{{" in page
    assert "&lt;img src=x onerror=alert(1)&gt; {{7*7}} &lt;ins&gt;no&lt;/ins&gt;" in page, "the whole text"


def test_readers_do_not_see_files_removed_before_publication_or_with_hidden_versions(
    app: Flask, world: World, waiting: int, bruno, moderator, visitor
):
    """Their rows are kept for people who may see the whole history."""
    with app.app_context():
        message = db.session.get_one(Message, waiting)
        make_attachment(message, "before.txt", removed_at=utcnow() - timedelta(hours=2))
        make_attachment(message, "kept.txt")
        db.session.commit()
    do(moderator, waiting, "approve")
    with app.app_context():
        make_attachment(db.session.get_one(Message, waiting), "after.txt", removed_at=utcnow() + timedelta(hours=1))
        db.session.commit()

    assert [name in history(visitor, waiting).text for name in ("before.txt", "kept.txt", "after.txt")] == [0, 1, 1]
    assert "before.txt" in history(bruno, waiting).text
    assert "before.txt" in history(moderator, waiting).text


def test_moderators_see_the_files_of_a_withheld_message(app: Flask, world: World, moderator, visitor):
    with app.app_context():
        make_attachment(db.session.get_one(Message, world.first), "paper.txt")
        db.session.commit()
    do(moderator, world.first, "withhold")

    assert "paper.txt" in moderator.get(f"/en/moderation/messages/{world.first}/").text
    assert "paper.txt" not in visitor.get(f"/en/topics/{world.topic}/").text
