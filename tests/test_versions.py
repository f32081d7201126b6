"""Every form that changes something that exists carries the version that it showed, and is refused without it, or with
another: nobody changes what they have not read. Every address that takes a form is in one of the two tables."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from app.extensions import db
from app.models import Message, User
from tests.clients import Client
from tests.conftest import sign_in
from tests.full_world import FullWorld
from tests.moderation.conftest import do
from tests.world import World

WORDS = {"listed": "0", "words": "Why"}
# By endpoint: who sends which form, and what they change in it; what stands in braces is of the full world.
VERSIONED = [
    ("posting.edit", "alice", "/messages/{small.first}/edit/", {"body": "Other words."}),
    ("posting.withdraw", "alice", "/messages/{small.first}/withdraw/", {}),
    ("moderation.act", "moderator", "/moderation/messages/{moderated.pending}/approve/", {}),
    ("moderation.act", "moderator", "/moderation/messages/{moderated.pending}/return/", WORDS),
    ("moderation.act", "moderator", "/moderation/messages/{small.first}/correct/", {**WORDS, "body": "Other words."}),
    ("moderation.act", "moderator", "/moderation/messages/{small.first}/withhold/", WORDS),
    ("moderation.act", "moderator", "/moderation/messages/{moderated.withheld}/restore/", WORDS),
    ("moderation.act", "moderator", "/moderation/messages/{moderated.reported}/settle/", {}),
    ("topic_moderation.mark", "moderator", "/moderation/topics/{small.topic}/pin/", WORDS),
    ("topic_moderation.mark", "moderator", "/moderation/topics/{small.topic}/lock/", WORDS),
    ("topic_moderation.retitle", "moderator", "/moderation/topics/{small.topic}/retitle/", {**WORDS, "title": "Other"}),
    ("topic_moderation.refile", "moderator", "/moderation/topics/{small.topic}/refile/",
     {**WORDS, "place": "{small.group}-1"}),
    ("topic_moderation.move", "moderator", "/moderation/topics/{small.topic}/move/",
     {**WORDS, "messages": "{small.first}", "target": "{moderated.topic}"}),
    ("topic_moderation.split", "moderator", "/moderation/topics/{small.topic}/split/",
     {**WORDS, "messages": "{small.first}", "title": "Other"}),
    ("topic_moderation.merge", "moderator", "/moderation/topics/{small.topic}/merge/",
     {**WORDS, "target": "{moderated.topic}"}),
    ("annotations.edit", "moderator", "/moderation/summaries/groups/{small.group}/", {"en-body": "Other words."}),
    ("annotations.edit", "moderator", "/moderation/follow-ups/messages/{small.first}/", {"en-body": "Other words."}),
    ("auth.profile", "alice", "/account/profile/", {"name": "Alicia"}),
    ("following.follow", "alice", "/follow/topics/{small.topic}/", {"how": "digest"}),
    ("following.account", "alice", "/account/follow/", {"mail_answers": "digest"}),
    ("auth.language", "alice", "/account/language/", {"language": "fr"}),
    ("admin.objects.edit", "admin", "/admin/notices/{notice}/edit/", {"en-title": "Other"}),
    ("admin.objects.settings", "admin", "/admin/forums/{small.forum}/settings/", {"slug": "other"}),
    ("admin.objects.delete_object", "admin", "/admin/notices/{notice}/delete/", {}),
    ("admin.forums.groups", "admin", "/admin/forums/{small.forum}/groups/", {"g1-en-title": "Other"}),
    ("translate.cell", "translator", "/translate/groups/{small.group}/fr/", {"title": "Autre"}),
    ("admin.forums.step", "admin", "/admin/forums/{forums[undated-forum]}/archive/", {}),
    ("admin.forums.step", "admin", "/admin/forums/{forums[archived-forum]}/unarchive/", {}),
    ("admin.participants.invitations", "admin", "/admin/forums/{small.forum}/invitations/", {"countries": ["AL"]}),
    ("admin.participants.roles", "admin", "/admin/forums/{small.forum}/roles/",
     {"email": "bruno@example.org", "role": "moderator"}),
    ("admin.participants.end_role", "admin", "/admin/forums/{small.forum}/roles/{small.moderator}/moderator/end/", {}),
    ("admin.participants.withdraw_invitation", "admin",
     "/admin/forums/{small.forum}/participants/{invitee}/withdraw/", {}),
    ("admin.periods.new", "admin", "/admin/forums/{small.forum}/periods/scheduled/",
     {"opens_at": ["2099-01-01", "00:00"], "closes_at": ["2099-02-01", "12:00"]}),
    ("admin.periods.new", "admin", "/admin/forums/{small.forum}/periods/extension/",
     {"closes_at": ["2099-01-01", "12:00"]}),
    ("admin.periods.edit", "admin", "/admin/periods/{coming_period}/edit/", {"closes_at": ["2099-01-01", "12:00"]}),
    ("admin.periods.delete", "admin", "/admin/periods/{coming_period}/delete/", {}),
    ("admin.periods.close", "admin", "/admin/forums/{small.forum}/close/", {}),
    ("admin.periods.close_group", "admin", "/admin/groups/{small.group}/close/", {}),
    ("admin.people.person", "admin", "/admin/people/{small.bruno}/", {"title": "Dr"}),
    ("admin.people.step", "admin", "/admin/people/{small.bruno}/suspend/", {"words": "Why"}),
    ("admin.people.step", "admin", "/admin/people/{suspended}/reinstate/", {"words": "Why"}),
    ("admin.people.step", "admin", "/admin/people/{small.bruno}-{small.alice}/withhold/", {"words": "Why"}),
    ("admin.people.step", "admin", "/admin/people/{small.bruno}/approve/", {"forum": "1"}),
    ("admin.people.unlock", "admin", "/admin/people/{small.bruno}/unlock/", {}),
    ("admin.mails.step", "admin", "/admin/mails/{mail}/again/", {}),
    ("admin.mails.step", "admin", "/admin/mails/{mail}/address/", {"email": "right@example.org"}),
    ("admin.mails.step", "admin", "/admin/mails/{mail}/confirm/", {}),
    ("admin.people.delete", "admin", "/admin/people/{small.bruno}/delete/", {"email": "bruno@example.org"}),
]  # fmt: skip
WITHOUT = {
    "makes something new": "posting.new_topic posting.reply moderation.report admin.objects.new"
    " admin.participants.participants admin.forums.copy_forum admin.forums.edition",
    "carries the version of each message": "moderation.approve_several",
    "changes nothing": "admin.forums.view view.end admin.people.data"
    " posting.preview admin.periods.preview admin.periods.preview_new admin.announcements.preview auth.sign_in"
    " auth.sign_out",
    "carries the version once its preview was shown (tests/admin/test_announcements.py)": "admin.announcements.write",
    "makes an account, or sends a link": "auth.sign_up auth.new_confirmation auth.forgot",
    "carries a link that is good for one state of the account": "auth.confirm auth.reset auth.confirm_email_change",
    "carries the password or a code": "auth.password auth.change_email auth.delete_account auth.second_step_code"
    " auth.second_step auth.recovery_codes auth.turn_off_second_step",
    "carries a link that stops one thing, or is about whether one's address takes emails": "following.stop"
    " following.again",
    "ends one's own sign-in or request, which cannot change": "auth.end_sign_in auth.end_other_sign_ins"
    " auth.cancel_email_change",
}  # fmt: skip


def filled_in(client: Client, path: str, changes: dict, world: FullWorld) -> dict[str, object]:
    """What a browser sends: all that the form of this address has, with the changes."""
    page = client.get(path if "/moderation/messages/" not in path else path.rstrip("/").rpartition("/")[0] + "/")
    forms = html.document_fromstring(page.text).xpath("//main//form[@method='post']")
    [form] = [one for one in forms if one.get("action", path).partition("?")[0] == path]
    sent: dict[str, object] = {}
    for name, value in form.form_values():
        sent[name] = [*sent[name], value] if isinstance(sent.get(name), list) else [value]
    named = {
        name: value.format_map(vars(world)) if isinstance(value, str) else value for name, value in changes.items()
    }
    return sent | named


def test_every_address_that_takes_a_form_is_in_one_table(one_app: Flask):
    endpoints = {rule.endpoint for rule in one_app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    versioned, without = {row[0] for row in VERSIONED}, " ".join(WITHOUT.values()).split()

    assert versioned & set(without) == set()
    assert len(without) == len(set(without))
    assert endpoints == versioned | set(without)


@pytest.mark.parametrize(
    "row", VERSIONED, ids=[f"{row[0]}-{row[2].rstrip('/').rpartition('/')[2]}" for row in VERSIONED]
)
def test_form_without_the_version_that_stands_changes_nothing(row, app: Flask, full_world: FullWorld):
    _endpoint, person, path, changes = row
    client, path = sign_in(app, full_world.people[person]), f"/en{path.format_map(vars(full_world))}"
    data = filled_in(client, path, changes, full_world)
    for version in (None, "", "0" * 64, "1-" + "0" * 64, "x" * 300):
        answer = client.post(path, data=data | {"version": version})
        assert answer.status_code == 409, version
        assert 'name="version"' in answer.text, "it can be sent again"

    assert client.post(path, data=data).status_code == 302, "with the version it is done"


def edit_form(client: FlaskClient, number: int) -> dict[str, str]:
    page = html.document_fromstring(client.get(f"/en/messages/{number}/edit/").text)
    return dict(page.xpath("//form[contains(@class, 'message-form')]")[0].form_values())


def body_of(app: Flask, number: int) -> str:
    with app.app_context():
        return db.session.get_one(Message, number).body


def test_authors_form_opened_before_a_correction_comes_back_and_then_overwrites(app, world: World, alice, moderator):
    form = edit_form(alice, world.first)
    do(moderator, world.first, "correct", body="Corrected words.", language="en")
    answer = alice.post(f"/en/messages/{world.first}/edit/", data=form | {"body": "My words."})

    assert answer.status_code == 409
    assert "Currently stored:" in answer.text
    assert "Corrected words." in answer.text
    assert "My words." in answer.text
    assert body_of(app, world.first) == "Corrected words."
    again = html.document_fromstring(answer.text).xpath("//form[contains(@class, 'message-form')]")[0]
    assert alice.post(f"/en/messages/{world.first}/edit/", data=dict(again.form_values())).status_code == 302
    assert body_of(app, world.first) == "My words."


def test_words_that_a_moderator_has_hidden_never_come_back_by_an_old_form(app, world: World, alice, moderator):
    form = edit_form(alice, world.first) | {"body": "Her number is 555 0100."}
    do(moderator, world.first, "correct", body="Without a number.", language="en", hide="y")
    for _time in range(2):
        answer = alice.post(f"/en/messages/{world.first}/edit/", data=form)
        assert answer.status_code == 409
        assert "The Secretariat has removed words from this message" in answer.text
        assert answer.text.count("Her number is 555 0100.") == 1, "it is given back"
    given = html.document_fromstring(answer.text).xpath("//form[contains(@class, 'message-form')]")[0]

    assert given.fields["body"].strip() == "Without a number.", "though not to be saved"
    assert alice.post(f"/en/messages/{world.first}/edit/", data=dict(given.form_values())).status_code == 302
    assert body_of(app, world.first) == "Without a number."


def test_correction_by_an_old_form_does_not_bring_hidden_words_back_either(app, world: World, moderator, admin):
    page = html.document_fromstring(admin.get(f"/en/moderation/messages/{world.first}/").text)
    [form] = [one for one in page.xpath("//form") if one.get("action", "").endswith("/correct/")]
    typed = dict(form.form_values()) | {"words": "Spelling", "body": "Her number is 555 0100!"}
    do(moderator, world.first, "correct", body="Without a number.", language="en", hide="y")
    answer = do(admin, world.first, "correct", **typed)

    assert answer.status_code == 409
    assert answer.text.count("Her number is 555 0100!") == 1
    assert body_of(app, world.first) == "Without a number."


def given_back(page: str, form: str) -> str:
    """What this form gives back to copy from."""
    return str(html.document_fromstring(page).xpath(f"{form}//textarea[@name='unsaved']")[0].text).strip()


AUTHORS, MODERATORS = "//form[contains(@class, 'message-form')]", "//form[contains(@action, '/correct/')]"
WORDS = "Her number is 555 0100.\r\n\r\nWhole <lines>."


@pytest.fixture
def given_back_to_author(world: World, alice, moderator) -> dict[str, str]:
    form = edit_form(alice, world.first) | {"body": WORDS}
    do(moderator, world.first, "correct", body="Without a number.", language="en", hide="y")
    page = html.document_fromstring(alice.post(f"/en/messages/{world.first}/edit/", data=form).text)
    return dict(page.xpath(AUTHORS)[0].form_values())


def test_title_and_on_behalf_of_are_given_back_too_where_they_were_changed(app: Flask, world: World, alice, moderator):
    first = {"title": "Stored title", "body": "Stored words.", "language": "en", "question": "0"}
    alice.post("/en/forums/open-forum/groups/group-1/new/", data=first)
    with app.app_context():
        number = db.session.query(db.func.max(Message.id)).scalar()
    form = edit_form(alice, number) | {"body": WORDS, "title": "Typed title", "on_behalf_of": "Typed party"}
    do(moderator, number, "correct", body="Without a number.", language="en", hide="y")
    answer = alice.post(f"/en/messages/{number}/edit/", data=form)
    given = given_back(answer.text, AUTHORS)

    assert given.splitlines()[-3:] == ["Title of the topic: Typed title", "", "On behalf of (optional): Typed party"]
    assert answer.text.count("Typed title") == answer.text.count("Typed party") == 1, "to copy from only"


@pytest.mark.parametrize(
    "more", [{"continue_in": "es"}, {"preview": "1"}, {"body": ""}, {"version": "1", "body": "Else."}], ids=str
)
def test_text_given_back_to_its_author_stays_on_the_pages_that_follow(more, world: World, alice, given_back_to_author):
    language = more.get("continue_in", "en")
    answer = alice.post(f"/{language}/messages/{world.first}/edit/", data=given_back_to_author | more)

    assert given_back(answer.text, AUTHORS) == WORDS.replace("\r", "")


@pytest.mark.parametrize("more", [{"continue_in": "es"}, {"body": ""}, {"version": "1", "body": "Else."}], ids=str)
def test_text_given_back_to_a_moderator_stays_on_the_pages_that_follow(more, world: World, moderator, admin):
    def correct_form(page: str) -> dict[str, str]:
        return dict(html.document_fromstring(page).xpath(MODERATORS)[0].form_values())

    typed = correct_form(admin.get(f"/en/moderation/messages/{world.first}/").text) | {"words": "Spelling"}
    do(moderator, world.first, "correct", body="Without a number.", language="en", hide="y")
    given = correct_form(do(admin, world.first, "correct", **typed | {"body": WORDS}).text)
    assert given["words"] == "Spelling"
    path = f"/{more.get('continue_in', 'en')}/moderation/messages/{world.first}/correct/"

    assert given_back(admin.post(path, data=given | more).text, MODERATORS) == WORDS.replace("\r", "")


def test_same_edit_sent_twice_is_no_change_of_someone_else(app: Flask, world: World, alice):
    form = edit_form(alice, world.first) | {"body": "My words."}

    assert [alice.post(f"/en/messages/{world.first}/edit/", data=form).status_code for _time in range(2)] == [302, 302]


def test_profile_that_an_administrator_has_changed_meanwhile_is_told(app: Flask, world: World, alice):
    with app.app_context():
        name = db.session.get_one(User, world.alice).name
    form = {"name": "Alicia", "organization": "Ours", "country": "XA", "capacity": "party"}
    alice.get("/en/account/profile/")
    with app.app_context():
        db.session.get_one(User, world.alice).organization = "Theirs"
        db.session.commit()
    answer = alice.post("/en/account/profile/", data=form)

    assert answer.status_code == 409
    assert "Theirs" in answer.text
    with app.app_context():
        assert db.session.get_one(User, world.alice).name == name
    assert alice.post("/en/account/profile/", data=form).status_code == 302, "sent again it overwrites"
