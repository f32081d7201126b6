"""Nothing personal is kept, and nobody who is signed in gets what was kept for others."""

import re

from tests.page_cache.conftest import Site
from tests.world import World

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def test_page_of_somebody_who_is_signed_in_is_kept_for_nobody(site: Site, world: World):
    alice, path = site.sign_in(world.alice), f"/en/topics/{world.topic}/"

    assert site.renders(lambda: [site.read(path, alice) for _ in range(2)]) == 2
    assert "Sign out" in site.read(path, alice).text
    assert "Sign out" not in site.read(path).text


def test_whoever_is_signed_in_gets_nothing_that_was_kept(site: Site, world: World):
    path = f"/en/topics/{world.topic}/"
    kept = site.read(path)
    answer = site.read(path, site.sign_in(world.alice), If_None_Match=kept.headers["ETag"])

    assert (answer.status_code, "Sign out" in answer.text) == (200, True)
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_confirmation_is_shown_to_its_reader_alone(site: Site, world: World):
    alice, path = site.sign_in(world.alice), f"/en/topics/{world.topic}/"
    alice.post(f"{path}reply/", data={"body": "Words.", "language": "en"})

    assert "Your message has been posted" in site.read(path, alice).text
    assert "Your message has been posted" not in site.read(path).text


def test_confirmation_for_a_reader_who_is_not_signed_in_is_kept_for_nobody(site: Site, world: World):
    """As of a new password: he has a session, which holds what he is told once."""
    client = site.app.test_client()
    with client.session_transaction() as session:
        session["_flashes"] = [("success", "Your new password has been set.")]

    assert "Your new password has been set." in site.read("/en/", client).text
    assert "Your new password has been set." not in site.read("/en/").text


def test_every_reader_gets_a_token_of_his_own(site: Site, world: World, with_tokens):
    first, second = (site.read("/en/auth/sign-in/") for _ in range(2))

    assert TOKEN.search(first.text)[1] != TOKEN.search(second.text)[1]
    assert first.headers["Set-Cookie"] != second.headers["Set-Cookie"]


def test_preview_is_kept_for_nobody(site: Site, world: World):
    alice, path = site.sign_in(world.alice), f"/en/topics/{world.topic}/reply/"
    data = {"body": "Only tried out.", "language": "en", "preview": "1"}

    assert "Only tried out." in alice.post(path, data=data).text
    assert site.read(path).status_code == 302
    assert "Only tried out." not in site.read(f"/en/topics/{world.topic}/").text


def test_anything_that_may_be_a_session_is_answered_by_the_application(site: Site, world: World):
    for cookie in ("session=", "session=x", "a=b; session =x", 'a=b;session="x"', "session"):
        assert site.renders(lambda cookie=cookie: [site.read("/en/", Cookie=cookie) for _ in range(2)]) == 2, cookie


def test_what_sends_a_form_is_never_answered_from_the_cache(site: Site, world: World):
    site.read("/en/")
    client = site.app.test_client()

    assert [client.post("/en/").status_code, client.put("/en/").status_code] == [405, 405]


def test_draft_that_its_moderator_reads_is_shown_to_nobody_else(site: Site, world: World):
    path = "/en/forums/draft-forum/"

    assert site.read(path, site.sign_in(world.admin)).status_code == 200
    assert site.read(path).status_code == 404
