"""PDFs of forums and groups: when they are made and given out, and what is in them."""

import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html as lxml_html
from pypdf import PdfReader
from sqlalchemy import func, select, update

from app.admin.kinds import KINDS
from app.auth.leaving import erase
from app.database import utcnow
from app.extensions import db, transaction
from app.markup import render
from app.models import Forum, Message, Outcome, Period, Rendition, User
from app.printing import pdf
from app.printing.renditions import place
from app.printing.trees import read
from tests.admin.conftest import in_all_languages
from tests.forums.test_named_moderators import SETTINGS
from tests.moderation.conftest import changed, do
from tests.moderation.test_annotations import BLANK, path_of, write
from tests.world import World

FORUM, GROUP = "/en/print/forums/open-forum.pdf", "/en/print/forums/open-forum/groups/group-1.pdf"


@pytest.fixture(autouse=True)
def empty_folder(app: Flask) -> Iterator[None]:
    yield
    with app.app_context():
        for key in list(place().keys(older_than=-1)):
            place().delete(key)


def make(app: Flask) -> int:
    """What the worker does. Returns how many PDFs were due."""
    with app.app_context():
        count = 0
        while pdf.make_next():
            count += 1
        return count


def let_pass(app: Flask, **time: float) -> None:
    """Let the PDFs be older."""
    with app.app_context():
        for one in db.session.scalars(select(Rendition)):
            one.compared_at -= timedelta(**time)
        db.session.commit()


def files(app: Flask) -> set[str]:
    with app.app_context():
        return set(place().keys(older_than=-1))


def text_of(content: bytes) -> str:
    """The text without the ends of lines and the hyphens there."""
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    return re.sub(r"\s+", " ", re.sub(r"[-\u2010\xad]\n", "", "\n".join(pages)))


def typeset(html: str, *, is_long: bool = False) -> tuple[bytes, str]:
    """A message with this HTML, set in English."""
    page = (
        '<html><head><title>Title</title></head><body><main><h1>Title</h1><article class="message">'
        f'<header><h2>#1</h2></header><div class="prose">{html}</div></article></main></body></html>'
    )
    blocks = read(page, site="http://127.0.0.1:8000", now=utcnow()).blocks
    date = {"year": 2026, "month": 5, "day": 4, "hour": 0, "minute": 0, "second": 0}
    names = dict.fromkeys(("title", "author", "head", "foot"), "Title")
    named = {**names, "language": "en", "missing": "NOTE", "long": is_long}
    return pdf.typeset({**named, "blocks": blocks, "date": date, "seconds": 0})


def test_page_of_the_record_tells_which_pdfs_there_are(app: Flask, world: World, visitor: FlaskClient):
    page = "/en/print/forums/open-forum/download/"
    before = visitor.get(page).text
    make(app)
    after = visitor.get(page).text

    assert f'href="{FORUM}"' in before
    assert f'href="{GROUP}"' in before
    assert "Being prepared" in before
    assert "Being prepared" not in after
    assert re.search(r"\d+\sKB, created on", after)


def test_forum_with_too_many_messages_has_no_pdf_and_is_not_read(app: Flask, world: World, visitor, monkeypatch):
    monkeypatch.setattr(pdf, "MOST_MESSAGES", 1)
    make(app)

    with app.app_context():
        assert set(db.session.scalars(select(Rendition.outcome))) == {Outcome.FAILED}
    assert visitor.get(FORUM).status_code == 202


def test_address_answers_202_until_the_worker_has_made_it(app: Flask, world: World, visitor: FlaskClient):
    before = visitor.get(FORUM)
    assert (before.status_code, before.headers["Refresh"]) == (202, "30")
    assert "The PDF is being prepared" in before.text

    make(app)

    for path in (FORUM, GROUP, "/fr" + FORUM[3:]):
        answer = visitor.get(path)
        assert (answer.status_code, answer.mimetype, answer.data[:5]) == (200, "application/pdf", b"%PDF-"), path


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_every_visible_message_is_in_it_once_and_in_order(
    language: str, app: Flask, world: World, visitor: FlaskClient
):
    with app.app_context():
        for number, message in enumerate(db.session.scalars(select(Message).order_by(Message.id))):
            message.html = render(f"Begin{number}x of words, with more of them. End{number}x")
        db.session.commit()
    make(app)
    shown = visitor.get(f"/{language}/print/forums/open-forum/").text
    words = re.findall(r"Begin\d+x|End\d+x", shown)

    assert words
    assert re.findall(r"Begin\d+x|End\d+x", text_of(visitor.get(f"/{language}{FORUM[3:]}").data)) == words


def test_names_of_speakers_are_no_links_in_it(app: Flask, world: World, visitor: FlaskClient):
    make(app)
    pages = PdfReader(io.BytesIO(visitor.get(FORUM).data)).pages
    links = [str(link.get_object().get("/A", "")) for page in pages for link in page.get("/Annots", ())]

    assert any("/en/" in link for link in links)
    assert not any("/search/" in link for link in links)


def test_it_is_an_archival_document_that_can_be_read_aloud(app: Flask, world: World, visitor: FlaskClient):
    make(app)
    found = PdfReader(io.BytesIO(visitor.get("/es" + FORUM[3:]).data))
    says = found.trailer["/Root"]["/Metadata"].get_data().decode()

    assert found.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert found.trailer["/Root"]["/Lang"] == "es"
    assert found.outline
    assert re.search(r"pdfaid:part>2<.*pdfaid:conformance>A<", says, re.DOTALL)
    assert "pdfuaid:part>1<" in says


@pytest.mark.parametrize(
    "typed",
    ['#panic("x")', "$x$", "@ref", "<script>x</script>", "= x", "`x`", "// x", "\\u{41}", "#let x = 1", "-- '\"'"],
)
def test_hostile_text_is_literal(typed: str):
    made, complaint = typeset(f"<p>Before {typed.replace('<', '&lt;')} after</p>")

    assert complaint == ""
    assert f"Before {typed} after" in text_of(made)


def test_word_of_10000_letters_stays_on_the_page():
    made, complaint = typeset(f"<p>{'x' * 10_000}</p>")
    lines = [line for page in PdfReader(io.BytesIO(made)).pages for line in page.extract_text().split("\n")]

    assert complaint == ""
    assert sum(line.count("x") for line in lines) == 10_000
    assert max(map(len, lines)) < 120


def test_letters_of_other_scripts_are_in_it():
    made, complaint = typeset("<p lang='ar' dir='rtl'>\u0645\u0631\u062d\u0628\u0627</p><p>e\u0323\u0302 \u0416</p>")

    assert complaint == ""
    assert {"\u0645", "\u0416"} <= set(text_of(made))


def test_letter_that_no_font_has_is_shown_by_its_number():
    made, complaint = typeset("<p>A \u12a0\u121b and \ue000, \ufeffjoined, \U0001f469\u200d\U0001f469</p>")

    assert complaint == ""
    assert "A [U+12A0][U+121B] and [U+E000], joined, [U+1F469][U+1F469] NOTE" in text_of(made)


def test_headings_in_messages_are_paragraphs_and_empty_ones_are_left_out():
    made, complaint = typeset("<h2>First</h2><h6>Last</h6><h3> </h3><p>x</p>")

    assert complaint == ""
    assert "First Last x" in text_of(made)


TABLE = "<table><thead><tr><th>{0}head</th></tr></thead><tbody><tr><td>{0}cell</td></tr></tbody></table>"


def test_table_within_a_table_stays_in_its_cell():
    inner = TABLE.format("Inner")
    page = f"<title>T</title><main>{TABLE.format('Outer').replace('Outercell', inner)}</main>"
    [table] = read(page, site="", now=utcnow()).blocks
    [[head]], [[cell]] = table["head"], table["b"]

    assert head["b"] == [{"k": "p", "c": ["Outerhead"]}]
    assert [one["k"] for one in cell["b"]] == ["table"]
    made, complaint = typeset(TABLE.format("Outer").replace("Outercell", inner))
    assert complaint == ""
    assert "Outerhead Innerhead Innercell" in text_of(made)


def test_table_in_a_follow_up_changes_nothing_in_the_table_of_follow_ups(
    app: Flask, world: World, moderator: FlaskClient, visitor: FlaskClient
):
    path = path_of("follow-ups", "messages", world.first)
    assert (
        write(moderator, path, **{"en-body": "| Onecol | Twocol |\n|---|---|\n| Onecell | Twocell |"}).status_code
        == 302
    )
    make(app)
    said = text_of(visitor.get(FORUM).data)

    assert said.count("Onecol Twocol Onecell Twocell") == 2  # under the message, and in the table


def test_table_in_a_former_wording_changes_nothing_in_the_moderation_record(
    app: Flask, world: World, moderator: FlaskClient, visitor: FlaskClient
):
    path = path_of("summaries", "forums", world.forum)
    for body in ("| Onecol | Twocol |\n|---|---|\n| Onecell | Twocell |", "Other words"):
        write(moderator, path, **{"en-body": body})
    make(app)
    said = text_of(visitor.get(FORUM).data)

    assert said.count("Onecol") == 1
    assert "Onecol Twocol Onecell Twocell" in said


def test_who_typed_a_message_and_when_it_came_are_parted_from_what_stands_before(
    app: Flask, world: World, visitor: FlaskClient
):
    with changed(app, Message, world.first) as message:
        message.speaker, message.after_deadline, message.received_on = "Ms Dora Letter", True, utcnow().date()
    make(app)
    page = lxml_html.document_fromstring(visitor.get(FORUM[:-4] + "/").text).text_content()

    for said in (" ".join(page.split()), text_of(visitor.get(FORUM).data)):
        assert re.search(r"\S Posted for this person by Alice", said)
        assert "English · Received by the Secretariat on" in said.replace("\xa0", " ")


@pytest.mark.parametrize(("lines", "is_long", "page"), [(5, False, 1), (40, False, 2), (5, True, 2)])
def test_group_begins_on_a_new_page_if_less_than_half_of_one_is_free_or_the_document_is_long(
    lines: int, is_long: bool, page: int
):
    group = "<section class='printed-group'><h2>Group</h2></section>"
    made, complaint = typeset(f"{'<p>Line</p>' * lines}{group}", is_long=is_long)
    found = [sheet.extract_text() for sheet in PdfReader(io.BytesIO(made)).pages]

    assert complaint == ""
    assert [number for number, text in enumerate(found, 1) if "Group" in text] == [page]


def test_same_content_gives_the_same_bytes():
    assert typeset("<p>x <em>y</em></p>") == typeset("<p>x <em>y</em></p>")


def test_same_content_is_not_set_twice(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch):
    assert make(app) > 0
    before = files(app)
    let_pass(app, hours=2)
    monkeypatch.setattr(pdf, "typeset", None)

    assert make(app) > 0
    assert files(app) == before


@pytest.mark.parametrize("act", ["withdraw", "withhold", "hide", "leave"])
def test_taken_back_words_are_given_out_no_more(
    act: str, app: Flask, world: World, alice: FlaskClient, moderator: FlaskClient, visitor: FlaskClient
):
    with changed(app, Message, world.first) as message:
        message.body, message.html = "Secretword", "<p>Secretword</p>"
    make(app)
    before = files(app)
    assert "Secretword" in text_of(visitor.get(FORUM).data)
    if act == "withdraw":
        alice.post(f"/en/messages/{world.first}/withdraw/")
    elif act == "withhold":
        do(moderator, world.first, "withhold", title="Another")
    elif act == "hide":
        do(moderator, world.first, "correct", body="Clean", language="en", on_behalf_of="", hide="y")
    else:
        with app.app_context(), transaction():
            erase(db.session.get_one(User, world.alice))

    assert {visitor.get(path).status_code for path in (FORUM, GROUP)} == {202}
    make(app)
    answer = visitor.get(FORUM)
    assert answer.status_code == 200
    assert ("Secretword" in text_of(answer.data)) == (act == "leave")
    assert not before & files(app) or act == "leave"


@pytest.mark.parametrize("taken", ["deleted", "changed", "moderators", "moderator"])
def test_words_of_the_secretariat_that_are_taken_back_are_given_out_no_more(
    taken: str, app: Flask, world: World, admin: FlaskClient, moderator: FlaskClient, visitor: FlaskClient
):
    summary = path_of("summaries", "forums", world.forum)
    with changed(app, User, world.moderator) as person:
        person.name = "Secretword"
    with changed(app, Forum, world.forum) as forum:
        forum.names_moderators = taken.startswith("moderator")
    if not taken.startswith("moderator"):
        write(moderator, summary, **{"en-body": "Secretword"})
    make(app)
    assert "Secretword" in text_of(visitor.get(FORUM).data)
    if taken == "moderators":
        form = lxml_html.document_fromstring(admin.get(SETTINGS).text).xpath("//main//form")[0]
        admin.post(SETTINGS, data=dict(form.form_values()) | {"names_moderators": []})
    elif taken == "moderator":
        with changed(app, User, world.moderator) as person:
            person.suspended_at = utcnow()
    else:
        write(moderator, summary, **BLANK | ({} if taken == "deleted" else {"en-body": "Other words"}))

    assert "Secretword" not in visitor.get(FORUM[:-4] + "/").text or taken == "changed"
    assert {visitor.get(path).status_code for path in (FORUM, GROUP)} == {202}
    assert "Being prepared" in visitor.get("/en/print/forums/open-forum/download/").text


OFFICIAL = {
    "notices": {"published_at": ["2026-03-02", "09:00"]},
    "documents": {"kind": "draft", "position": "0", "en-url": "https://example.org/a.pdf"},
    "forum-pages": {"slug": "purpose", "position": "1"},
}


@pytest.mark.parametrize("kind", OFFICIAL)
def test_official_text_that_is_deleted_is_given_out_no_more(
    kind: str, app: Flask, world: World, admin: FlaskClient, visitor: FlaskClient
):
    admin.post(f"/en/admin/{kind}/new/{world.forum}/", data=OFFICIAL[kind] | in_all_languages(title="Secretword"))
    make(app)
    assert "Secretword" in text_of(visitor.get(FORUM).data)
    with app.app_context():
        key = db.session.scalar(select(func.max(KINDS[kind].model.id)))
    assert admin.post(f"/en/admin/{kind}/{key}/delete/").status_code == 302

    assert visitor.get(FORUM).status_code == 202


def test_open_forum_is_made_again_once_an_hour(app: Flask, world: World, alice: FlaskClient, visitor: FlaskClient):
    make(app)
    alice.post(
        f"/en/topics/{world.topic}/reply/",
        data={"body": "Newestword", "language": "en", "on_behalf_of": "", "submission": "a"},
    )
    assert make(app) == 0
    assert "Newestword" not in text_of(visitor.get(FORUM).data)

    let_pass(app, minutes=61)
    make(app)
    assert "Newestword" in text_of(visitor.get(FORUM).data)


def test_forum_is_made_again_as_soon_as_it_closes(app: Flask, world: World):
    make(app)
    with app.app_context():
        past = utcnow() - timedelta(minutes=1)
        db.session.execute(update(Period).where(Period.forum_id == world.forum).values(closes_at=past))
        db.session.commit()

    assert make(app) > 0


def test_pdf_of_an_unpublished_forum_is_gone(app: Flask, world: World, visitor: FlaskClient):
    make(app)
    before = files(app)
    with changed(app, Forum, world.forum) as forum:
        forum.published_at = None
    make(app)

    assert visitor.get(FORUM).status_code == 404
    assert files(app) < before


def test_lost_file_is_made_again(app: Flask, world: World, visitor: FlaskClient):
    make(app)
    with app.app_context():
        for key in files(app):
            place().delete(key)
    assert visitor.get(FORUM).status_code == 202

    let_pass(app, hours=2)
    make(app)
    assert visitor.get(FORUM).status_code == 200


def test_administrator_sees_what_could_not_be_made(
    app: Flask, world: World, admin: FlaskClient, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pdf, "PROGRAM", pdf.PROGRAM.with_name("nothing.py"))
    monkeypatch.setattr(pdf, "_program", tuple)
    make(app)

    assert "PDFs that could not be created correctly" in admin.get("/en/admin/").text
    assert "It could not be created" in visitor.get(FORUM).text
    assert files(app) == set()


def test_document_that_fails_is_made_without_tags_and_told(app: Flask, world: World, admin: FlaskClient, monkeypatch):
    real = pdf.typeset
    monkeypatch.setattr(pdf, "typeset", lambda data, _stopping: (real(data)[0], "error"))
    make(app)

    with app.app_context():
        assert set(db.session.scalars(select(Rendition.outcome))) == {Outcome.UNTAGGED}
    assert "without accessibility tags" in admin.get("/en/admin/").text


def test_full_disk_leaves_no_file(app: Flask, world: World, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(app.extensions["renditions"], "to_spare", 10**18)
    make(app)

    assert files(app) == set()
    assert visitor.get(FORUM).status_code == 202


def test_worker_that_ends_in_the_middle_leaves_no_file_and_no_claim(app: Flask, world: World):
    asked: list[bool] = []

    def stopping() -> bool:
        asked.append(True)
        return len(asked) > 1

    def slow(_data: object, told) -> tuple[bytes, str]:
        assert told()
        raise pdf.Stopped

    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "typeset", slow)
        pdf.make_next(stopping)
        assert db.session.scalars(select(Rendition.claimed_until)).all() == [None]

    assert files(app) == set()
    assert make(app) > 0


def test_program_stops_with_the_worker():
    blocks = [{"k": "p", "c": ["word " * 200]}] * 20_000
    date = {"year": 2026, "month": 5, "day": 4, "hour": 0, "minute": 0, "second": 0}
    data = {**dict.fromkeys(("title", "author", "head", "foot"), "T"), "language": "en", "missing": "", "date": date}

    with pytest.raises(pdf.Stopped):
        pdf.typeset({**data, "blocks": blocks, "seconds": 0}, lambda: True)
