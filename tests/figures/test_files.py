"""Files and charts of the figures: the same values as the tables, and nothing executable."""

import base64
import hashlib
import re
from xml.etree import ElementTree

import pytest
from flask import render_template
from flask.testing import FlaskClient
from lxml import html

from app.extensions import db
from app.figures.charts import Picture, draw, steps
from app.figures.views import FIGURES
from app.models import Topic, User
from app.plain import plain
from config import ROOT
from tests.figures.conftest import PAGE, Known, file_of, rows_of, shown
from tests.hostile import HANDLERS, SCRIPTS
from tests.world import make_message, make_user

PICTURED = ("time", "capacities", "states", "languages", "questions", "most-active")
SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "defs", "style", "g", "rect", "path", "text"}
ATTRIBUTES = set(
    "viewBox width height x y rx ry d class transform text-anchor role id aria-labelledby aria-describedby".split()
)
TOKEN = re.compile(r"--(\w[\w-]*): ([^;]+);")


def picture(client: FlaskClient, name: str, path: str = PAGE) -> ElementTree.Element:
    answer = client.get(f"{path}{name}.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    return ElementTree.fromstring(answer.data)


def test_file_has_what_the_page_shows_with_ordinary_spaces(admin, known: Known):
    wrong = []
    for name in FIGURES:
        for language in ("en", "es", "fr"):
            path = PAGE.replace("/en/", f"/{language}/")
            headings, *rows = file_of(admin, name, path)
            page = [[cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row[:2]] for row in shown(admin, name, path)]
            is_same = [row[:2] for row in rows] == page
            if not is_same or {len(row) for row in rows} - {len(headings)}:
                wrong.append((name, language))

    assert wrong == []


def test_file_is_utf_8_that_a_spreadsheet_recognizes(admin, known: Known):
    wrong = []
    for name in FIGURES:
        answer = admin.get(f"{PAGE}{name}.csv")
        if (
            not answer.data.startswith(b"\xef\xbb\xbf")
            or answer.mimetype != "text/csv"
            or not re.fullmatch(
                rf'attachment; filename="open-forum-{name}-\d{{4}}-\d\d-\d\d\.csv"',
                answer.headers["Content-Disposition"],
            )
        ):
            wrong.append(name)

    assert wrong == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\uff1d"])
def test_file_holds_no_formula(admin, known: Known, change, start):
    formula = f"{start}HYPERLINK(1)"
    change(lambda: make_user("zoe", organization=formula))

    assert f"{start[:-1]}'{start[-1]}HYPERLINK(1)" in [row[2] for row in rows_of(admin, "not-written")]


@pytest.mark.parametrize("separator", [";", "; ", '";'])
def test_file_holds_no_formula_after_a_separator_of_some_spreadsheets(admin, known: Known, change, separator):
    change(lambda: make_user("zoe", organization=f"Org{separator}=HYPERLINK(1)"))
    [cell] = [row[2] for row in rows_of(admin, "not-written") if "HYPERLINK" in row[2]]

    assert [part.lstrip()[0] for part in cell.split(";")] == ["O", "'"]


def test_text_without_a_formula_is_unchanged_in_the_file(admin, known: Known, change):
    change(lambda: make_user("zoe", organization="Water & Soil; the R+D - Institute = 1"))

    assert "Water & Soil; the R+D - Institute = 1" in [row[2] for row in rows_of(admin, "not-written")]


@pytest.mark.parametrize(("language", "number"), [("en", "66.7"), ("es", "66,7"), ("fr", "66,7")])
def test_numbers_in_files_are_numbers_for_spreadsheets_in_that_language(admin, known: Known, language, number):
    assert rows_of(admin, "most-active", PAGE.replace("/en/", f"/{language}/"))[0][2] == number


def test_columns_are_separated_as_spreadsheets_in_that_language_expect(admin, known: Known):
    for language, separator in (("en", ","), ("es", ";"), ("fr", ";")):
        for address in (f"{PAGE.replace('/en/', f'/{language}/')}states.csv", f"/{language}/admin/log.csv"):
            heading = admin.get(address, buffered=True).get_data().decode("utf-8-sig").partition("\n")[0]
            assert heading.count(separator) > 2, address


def test_numbers_are_formatted_on_the_page(admin, known: Known):
    path = PAGE.replace("/en/", "/fr/")

    assert shown(admin, "most-active", path)[0][2] == "66,7\N{NO-BREAK SPACE}%"


def test_picture_is_there_where_something_can_be_drawn(admin, known: Known):
    statuses = {name: admin.get(f"{PAGE}{name}.svg").status_code for name in FIGURES}

    assert statuses == {name: 200 if name in PICTURED else 404 for name in FIGURES}


def test_picture_holds_nothing_that_runs_or_comes_from_elsewhere(admin, known: Known):
    wrong = []
    for name in PICTURED:
        drawn = picture(admin, name)
        text = admin.get(f"{PAGE}{name}.svg").text
        if (
            not ({element.tag.removeprefix(SVG) for element in drawn.iter()} <= ELEMENTS)
            or not ({attribute for element in drawn.iter() for attribute in element.attrib} <= ATTRIBUTES)
            or re.findall(r"https?:[^\s\"<]*", text) != ["http://www.w3.org/2000/svg"]
            or re.search(r"url\(|@import|<\?xml-stylesheet|<!", text)
        ):
            wrong.append(name)

    assert wrong == []


@pytest.mark.parametrize("name", PICTURED)
def test_chart_has_a_title_and_a_description(admin, known: Known, name):
    drawn = picture(admin, name)
    by_id = {element.get("id"): element for element in drawn}

    assert drawn.get("role") == "img"
    assert by_id[drawn.get("aria-labelledby")].tag == f"{SVG}title"
    assert by_id[drawn.get("aria-describedby")].tag == f"{SVG}desc"
    page = html.document_fromstring(admin.get(PAGE).text)
    [alt] = page.xpath(f"//img[contains(@src, '/{name}.svg')]/@alt")
    assert alt == f"{drawn.findtext(f'{SVG}title')}: {drawn.findtext(f'{SVG}desc')}"


def test_description_of_a_chart_has_the_numbers_of_its_table(admin, known: Known):
    words = picture(admin, "languages").findtext(f"{SVG}desc")

    assert words == (
        "English – messages: 4, participants: 1; español – messages: 1, participants: 1; "
        "français – messages: 1, participants: 1"
    )


def test_description_of_a_chart_of_shares_writes_them_as_its_language_does(admin, known: Known):
    drawn = {code: picture(admin, "most-active", PAGE.replace("en", code, 1)) for code in ("en", "es", "fr")}
    words = {code: one.findtext(f"{SVG}desc") for code, one in drawn.items()}

    assert words == {
        "en": "The most active participant: 66.7 per cent of all messages",
        "es": "La persona que más escribió: 66,7\N{NO-BREAK SPACE}% del total de mensajes",
        "fr": "Le participant le plus actif\N{NO-BREAK SPACE}: 66,7\N{NO-BREAK SPACE}% du total des messages",
    }


def test_description_of_a_chart_of_shares_keeps_a_zero_after_the_decimal_sign(admin, known: Known, change):
    def carla_writes_two_more() -> None:
        carla = db.session.query(User).filter_by(organization="Seeds").one()
        for _number in range(2):
            make_message(db.session.get_one(Topic, known.topic), carla, "Réponse", language="fr")

    change(carla_writes_two_more)

    words = picture(admin, "most-active").findtext(f"{SVG}desc")
    assert words == "The most active participant: 50.0 per cent of all messages"


def test_lengths_of_bars_are_proportional_to_their_numbers(admin, known: Known):
    """There are four messages in English, one in Spanish and one in French."""
    bars = [bar for bar in picture(admin, "languages").iter(f"{SVG}rect") if bar.get("class") == "color-0"]
    *lengths, _sample_in_the_legend = [float(bar.get("width", 0)) for bar in bars]

    assert [round(length / lengths[-1], 1) for length in lengths] == [4.0, 1.0, 1.0]


def test_chart_has_the_colours_and_typefaces_of_the_site_light_and_dark(admin, known: Known):
    style = picture(admin, "capacities").findtext(f"{SVG}defs/{SVG}style")
    tokens = (ROOT / "app/static/base.css").read_text("utf-8").partition("/* Text */")[0]

    assert TOKEN.findall(style) == TOKEN.findall(tokens)
    assert "prefers-color-scheme: dark" in style
    assert "#" not in style.rpartition("}\n}")[2], "the rules themselves name no colour"


def test_policy_of_a_chart_allows_only_its_own_style(admin, known: Known):
    policies = admin.get(f"{PAGE}time.svg").headers.getlist("Content-Security-Policy")
    style = picture(admin, "time").findtext(f"{SVG}defs/{SVG}style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert len(policies) == 1
    rules = dict(rule.split(" ", 1) for rule in policies[0].split("; "))
    assert rules.pop("style-src") == f"'sha256-{digest}'"
    assert set(rules.values()) == {"'none'"}
    assert "default-src" in rules


def test_axis_has_lines_at_round_values():
    expected = {
        0: [0],
        3: [0, 1, 2, 3],
        7: [0, 2, 4, 6, 8],
        25: [0, 5, 10, 15, 20, 25],
        26: [0, 10, 20, 30],
        999: [0, 200, 400, 600, 800, 1000],
    }

    assert {largest: steps(largest) for largest in expected} == expected


@pytest.mark.parametrize("label", [*SCRIPTS[:6], *HANDLERS[:6], "]]>", "{{7*7}}", "\x00\x07"])
def test_markup_in_a_chart_label_is_escaped(app, label):
    with app.test_request_context("/en/"):
        drawing = draw(Picture(label, label, (label, "b"), ((label, (1, 2)),), str))
        drawn = render_template("figures/chart.svg", drawing=drawing, style="")
    tree = ElementTree.fromstring(drawn)

    assert {element.tag.removeprefix(SVG) for element in tree.iter()} <= ELEMENTS
    assert tree.findtext(f"{SVG}title") == plain(label)


def test_markup_in_a_name_is_escaped_on_the_page(admin, known: Known, change):
    change(lambda: setattr(make_user("zoe", organization="<script>x</script>"), "name", "<img src=x>{{7*7}}"))
    page = admin.get(PAGE).text

    assert "&lt;img src=x&gt;{{7*7}}" in page
    assert "<script>x" not in page


def test_table_has_all_states_and_chart_the_first_twelve(admin, known: Known, change):
    def write() -> None:
        topic = db.session.get_one(Topic, known.topic)
        for code in ("AT", "BE", "BG", "CH", "CL", "CO", "CR", "CU", "DE", "DK", "DO", "EC", "EE", "EG"):
            make_message(topic, make_user(code, country=code), "A word")

    change(write)

    assert len(rows_of(admin, "states")) == 16
    assert picture(admin, "states").findtext(f"{SVG}desc").count(";") == 11


def test_forum_without_messages_has_no_charts(admin, known: Known):
    page = admin.get("/en/figures/forums/draft-forum/").text

    assert "<img" not in page
    assert {admin.get(f"/en/figures/forums/draft-forum/{name}.svg").status_code for name in PICTURED} == {404}
    assert "No one has posted yet." in page


def test_people_are_sorted_by_name_in_the_reader_s_language(admin, known: Known, change):
    ours = ("Nz", "Ña", "Étienne")
    change(lambda: [setattr(make_user(f"p{name}"), "name", name) for name in ours])

    assert [row[0] for row in rows_of(admin, "not-written") if row[0] in ours] == ["Étienne", "Ña", "Nz"]
    spanish = rows_of(admin, "not-written", PAGE.replace("/en/", "/es/"))
    assert [row[0] for row in spanish if row[0] in ours] == ["Étienne", "Nz", "Ña"]


def test_state_that_is_no_longer_listed_is_shown_by_its_code(admin, known: Known, change):
    change(lambda: setattr(db.session.get(User, known.small.moderator), "country", "YY"))

    assert ["Moderator", "Party", "Ministry of Tests", "YY"] in [row[:4] for row in rows_of(admin, "not-written")]


def test_description_of_a_chart_is_spaced_by_the_rules_of_its_language(admin, known: Known):
    words = picture(admin, "languages", PAGE.replace("/en/", "/fr/")).findtext(f"{SVG}desc")

    assert words.startswith(
        "English – messages\N{NO-BREAK SPACE}: 4, participants\N{NO-BREAK SPACE}: 1\N{NO-BREAK SPACE}; "
    )
