"""Who reaches which address, by which method; and what every page has."""

import re
from dataclasses import dataclass, field
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html as lxml_html
from werkzeug.test import TestResponse

from app.extensions import db
from tests.forums.visiting import writings
from tests.full_world import FullWorld
from tests.route_table import PEOPLE, ROWS, Row, is_page, paths_of

PAGES = [row for row in ROWS if is_page(row)]
PREFIX = "/<language:lang>"
ORIGIN = "http://127.0.0.1:8000"
# What addresses may name behind their question mark, besides the page.
PARAMETERS = tuple("q to quote question next action kind by forum since until limit".split())
NONSENSE = ("", "-1", "9" * 30, "x" * 5_000, "\0", "\u0661", "2012-02-31")
ON_ONE_DATABASE = pytest.mark.only_on("sqlite", reason="what a page says of itself is the same whatever keeps its rows")
SECOND_STEP = "/auth/second-step/"  # is a part of signing in and no page to come back to
LANGUAGES = ("en", "es", "fr")
BUILT_IN = {"home": "", "portal": "portal/", "archive": "archive/"}  # with their addresses
MOST_BYTES = 25_000  # of a first visit
HOSTILE = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
SIGNED_OUT_READS = [row for row in PAGES if len(row.readers) == len(PEOPLE) and "POST" not in row.methods]
SIGNED_OUT_PAGES = [row for row in PAGES if "visitor" in row.readers]


def name_of(row: Row) -> str:
    return row.rule if row.in_language else f"{row.rule} without language"


def all_paths(rows: list[Row], full: FullWorld, language: str = "en") -> list[tuple[Row, str]]:
    return [(row, path) for row in rows for path in paths_of(row, full, language)]


def is_file(row: Row) -> bool:
    """Whether it gives out what people attached, under a policy of its own (tests/attachments)."""
    return row.rule.startswith("/attachments/")


def test_every_rule_has_one_row_and_every_row_a_rule(one_app: Flask):
    rules = [
        (
            rule.rule.removeprefix(PREFIX),
            rule.rule.startswith(PREFIX),
            frozenset((rule.methods or set()) - {"HEAD", "OPTIONS"}),
        )
        for rule in one_app.url_map.iter_rules()
    ]

    assert sorted(rules, key=str) == sorted(((row.rule, row.in_language, row.methods) for row in ROWS), key=str)


def test_every_address_that_can_be_read_is_asked():
    assert [name_of(row) for row in ROWS if "GET" in row.methods and not row.paths] == []


@dataclass
class Asking:
    """Asks for each address once for each person; `before` are all rows as they were before that."""

    people: dict[str, FlaskClient]
    before: list[tuple]
    answers: dict[tuple[str, str], TestResponse] = field(default_factory=dict)

    def get(self, name: str, path: str) -> TestResponse:
        if (name, path) not in self.answers:
            self.answers[name, path] = self.people[name].get(path, buffered=True)
        return self.answers[name, path]


@pytest.fixture(scope="module")
def asking(one_app: Flask, full: FullWorld, people: dict[str, FlaskClient]) -> Asking:
    return Asking(people, dump(one_app))


def test_address_answers_each_person_as_the_matrix_says(full: FullWorld, asking: Asking):
    expected = {path: row.guard for row, path in all_paths(ROWS, full)}

    assert expected
    found = {path: tuple(asking.get(name, path).status_code for name in PEOPLE) for path in expected}
    assert {path: statuses for path, statuses in found.items() if statuses != expected[path]} == {}


def test_reading_writes_nothing(one_app: Flask, full: FullWorld, asking: Asking):
    """Whoever asks for whatever page: no table changes."""
    for name, (_row, path) in product(PEOPLE, all_paths(ROWS, full)):
        asking.get(name, path)

    assert dump(one_app) == asking.before


def test_visitor_is_sent_to_sign_in_and_back_to_the_page(full: FullWorld, people):
    rows = [row for row in ROWS if row.signs.startswith("?") and row.rule != SECOND_STEP]
    answers = {path: people["visitor"].get(path) for _row, path in all_paths(rows, full, "fr")}

    assert answers
    assert [
        path
        for path, answer in answers.items()
        if not (answer.location or "").startswith("/fr/auth/sign-in/?next=%2Ffr%2F")
    ] == []


def test_address_for_reading_takes_nothing(full: FullWorld, people):
    paths = [paths_of(row, full)[0] for row in ROWS if row.paths and "POST" not in row.methods]

    assert [
        (method, path)
        for path in paths
        for method in ("post", "put", "delete", "patch")
        if getattr(people["admin"], method)(path).status_code != 405
    ] == []


def test_redirect_says_nothing_in_another_language(full: FullWorld, people):
    """The framework's own page would be in English; without any, there is nothing whose language could be told."""
    for address in ("/", "/fr/portal", "/fr/account/"):
        answer = people["visitor"].get(address)
        assert answer.status_code in {301, 302, 308}, address
        assert (answer.data, answer.headers.get("Content-Language")) == (b"", None), address


def test_built_in_page_has_one_address(full: FullWorld, people):
    answers = [people["visitor"].get(f"/{language}/pages/{slug}/") for language, slug in product(LANGUAGES, BUILT_IN)]

    assert [(answer.status_code, answer.location) for answer in answers] == [
        (301, f"/{language}/{path}") for language, path in product(LANGUAGES, BUILT_IN.values())
    ]


def test_page_that_is_read_writes_nothing(one_app: Flask, full: FullWorld, people):
    """But for the time of a visit, which begins with none of these; see tests/forums/test_visits.py."""
    wrong = []
    for name in ("visitor", "admin"):
        for row in (row for row in ROWS if row.paths):
            for path in paths_of(row, full):
                with writings(one_app) as made:
                    people[name].get(path, buffered=True)
                wrong += [(name, path, statement) for statement in made]

    assert wrong == []


@ON_ONE_DATABASE
def test_page_that_needs_no_account_has_one_description(full: FullWorld, asking: Asking):
    wrong = []
    rows = [row for row in SIGNED_OUT_PAGES if row.in_language]
    for path in (path for language in LANGUAGES for _row, path in all_paths(rows, full, language)):
        answer = asking.get("visitor", path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            described = lxml_html.document_fromstring(answer.text).xpath("//meta[@name='description']/@content")
            if len([text for text in described if text.strip()]) != 1:
                wrong.append((path, described))

    assert wrong == []


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # what compresses a file leaves it to be collected
def test_first_visit_is_light_where_the_browser_takes_gzip_alone(full: FullWorld, people):
    """The page, its styles and its script, each compressed, with what it refers to."""
    taken = {"Accept-Encoding": "gzip"}
    page = f"/fr/topics/{full.long_topic}/"
    links = lxml_html.document_fromstring(people["visitor"].get(page).text).xpath(
        "//link[@rel='stylesheet']/@href | //script/@src"
    )
    answers = [people["visitor"].get(address, headers=taken, buffered=True) for address in (page, *links)]

    assert len(answers) == 3
    assert {answer.headers.get("Content-Encoding") for answer in answers} == {"gzip"}
    assert sum(len(answer.data) for answer in answers) <= MOST_BYTES


def test_every_form_needs_its_token(one_app: Flask, full: FullWorld, people, monkeypatch):
    """Also where nobody is signed in, and at addresses that take nothing but a form. The address that mail programs
    send a form to has its own."""
    monkeypatch.setitem(one_app.config, "WTF_CSRF_ENABLED", True)
    before = dump(one_app)
    taken = [
        (name, path)
        for row in ROWS
        if row.rule != "/follow/stop/<token>/"
        for path in ((paths_of(row, full) or [with_keys(row)]) if "POST" in row.methods else ())
        for name in ("visitor", "admin")
        if people[name].post(path, data={"body": "Words"}).status_code != 400
    ]

    assert taken == []
    assert dump(one_app) == before


def test_nonsense_in_a_parameter_is_no_fault_of_the_site(full: FullWorld, people):
    wrong = []
    for row in PAGES:
        path, reader = paths_of(row, full)[0].partition("?")[0], people[row.readers[0]]
        for value, names in product(NONSENSE, (("page",), PARAMETERS)):
            asked = dict.fromkeys(names, value[: 5_000 // len(names)])  # a longer query is refused as a whole
            status = reader.get(path, query_string=asked, buffered=True).status_code
            if status not in {200, 302, 400, 404, 410, 422}:
                wrong.append((path, value[:20], names, status))

    assert wrong == []


@ON_ONE_DATABASE
@pytest.mark.parametrize("name", ["visitor", "alice", "admin"])
def test_pages_have_what_every_page_has(name: str, full: FullWorld, asking: Asking):
    rows = [row for row in PAGES if name in row.readers]
    assert rows
    for _row, path in all_paths(rows, full, "es"):
        check_page(asking.get(name, path).text, path, "es")


def test_what_a_visitor_reads_can_be_kept_by_anybody(full: FullWorld, asking: Asking):
    answers = {path: asking.get("visitor", path) for _row, path in all_paths(SIGNED_OUT_READS, full)}

    assert answers
    assert [
        path
        for path, answer in answers.items()
        if "Set-Cookie" in answer.headers
        or "csrf_token" in answer.text
        or answer.headers["Cache-Control"].split(",")[0] != "public"
        or answer.headers["Vary"] != "Accept-Encoding"
    ] == []


def test_what_somebody_reads_who_is_signed_in_is_kept_by_nobody_else(full: FullWorld, asking: Asking):
    answers = {path: asking.get("admin", path) for _row, path in all_paths(PAGES, full)}

    assert [
        path
        for path, answer in answers.items()
        if answer.headers["Cache-Control"].split(",")[0] != "private" or "Cookie" not in answer.headers["Vary"]
    ] == []


@pytest.mark.parametrize("name", ["visitor", "admin"])
def test_every_answer_carries_the_security_headers(name: str, full: FullWorld, asking: Asking):
    for row in ROWS:
        if not row.paths or is_file(row):
            continue
        headers = asking.get(name, paths_of(row, full)[0]).headers
        policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        if name == "visitor" or not row.rule.endswith(".svg"):
            assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@ON_ONE_DATABASE
@pytest.mark.parametrize("name", ["visitor", "admin"])
def test_host_that_a_request_claims_is_named_in_no_answer(name: str, full: FullWorld, people):
    """Neither on the page, with its slash or without, nor where the answer leads."""
    wrong = []
    for _row, path in all_paths(ROWS, full):
        for asked in (path, path.rstrip("/"), f"{path}?x=1"):
            answer = people[name].get(asked, headers=HOSTILE, buffered=True)
            if "evil" in answer.get_data().decode(errors="replace") + str(answer.headers):
                wrong.append(asked)

    assert wrong == []


def test_redirect_of_the_router_is_a_path_of_this_site(full: FullWorld, people):
    locations = {
        "/en/portal": "/en/portal/",
        "/en/topics/1?page=2&to=%26": "/en/topics/1/?page=2&to=%26",
        "//en//portal": "/en/portal/",
        "/static//base.css": "/static/base.css",
        "/en/topics/04": "/en/topics/4/",
    }
    wrong = []
    for asked, host in product(locations, ("evil.example", "evil.example:99", "<script>", "a b", "")):
        path, _, query = asked.partition("?")
        overrides = {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": host}
        answer = people["visitor"].get("/", environ_overrides=overrides)
        if (answer.status_code, answer.location) != (308, locations[asked]) or "evil" in answer.text:
            wrong.append((asked, host, answer.status_code, answer.location))

    assert wrong == []


NONSENSE_PATHS = """
    /en/forums/none/ /en/forums/open-forum/groups/none/ /en/forums/open-forum/pages/none/ /en/pages/none/
    /en/topics/999999/ /en/topics/99999999999999999999/ /en/topics/0/ /en/topics/-1/ /en/topics/x/
    /en/topics/1/?page=0 /en/topics/1/?page=2 /en/topics/1/?page=1000000000 /en/topics/1/?page=-1 /en/topics/1/?page=x
    /en/topics/1/?page=%00 /en/topics/1/?page=%D9%A1 /en/topics/1/?page= /en/messages/999999/
    /en/messages/99999999999999999999/ /en/messages/99999999999999999999/history/
    /en/print/topics/99999999999999999999/ /en/print/messages/99999999999999999999/ /en/print/pages/none/
    /en/print/forums/none/ /en/feeds/topics/99999999999999999999.atom /en/feeds/forums/none.atom
    /en/forums/open-forum/groups/group-1/?page=2 /en/forums/%00/ /en/pages/%ED%A0%80/ /en/none/ /none /de/
    /EN/FORUMS/open-forum/ /EN/nowhere/ /en/forums/x.PDF /EN/forums/x.PDF /en/print/topics/1.pdf
    /en/topics/%D9%A1/    /static/none.css /static/../config.py
""".split()


def test_nonsense_is_not_found(full: FullWorld, people):
    wrong = []
    for name, path in product(("visitor", "admin"), NONSENSE_PATHS):
        answer = people[name].get(path, buffered=True)
        policy = answer.headers["Content-Security-Policy"]
        if answer.status_code != 404 or not policy.startswith("default-src 'none'"):
            wrong.append((name, path, answer.status_code, policy))

    assert wrong == []


def test_address_without_its_slash_is_found(full: FullWorld, people):
    answers = [people[name].get("/en/topics/1", follow_redirects=True) for name in ("visitor", "admin")]

    assert [answer.status_code for answer in answers] == [200, 200]


def test_other_spellings_of_an_address_lead_to_the_usual_one(full: FullWorld, people):
    wrong = []
    for asked, usual in (
        ("/en/topics/01/", "/en/topics/1/"),
        ("/en/topics/0001/?page=2", "/en/topics/1/?page=2"),
        ("/fr/print/topics/01/", "/fr/print/topics/1/"),
        (f"/attachments/0{full.attachment}/text.txt", f"/attachments/{full.attachment}/text.txt"),
        ("/EN/", "/en/"),
        ("/Fr/topics/1/?page=2", "/fr/topics/1/?page=2"),
        ("/ES/forums/%C3%A9/", "/es/forums/%C3%A9/"),
        ("/ES", "/es/"),
        ("/EN/print/topics/04/", "/en/print/topics/4/"),
        ("/EN/topics/04?page=2", "/en/topics/4/?page=2"),
    ):
        for name in ("visitor", "admin"):
            answer = people[name].get(asked, buffered=True)
            if (answer.status_code, answer.location) != (301, usual):
                wrong.append((name, asked, answer.status_code, answer.location))

    assert wrong == []


def test_form_sent_to_another_spelling_goes_along(full: FullWorld, people):
    answer = people["alice"].post("/EN/topics/1/reply/?to=2", data={"body": "Words"})

    assert (answer.status_code, answer.location) == (308, "/en/topics/1/reply/?to=2")


def test_wrong_method_is_told_also_without_the_final_slash(full: FullWorld, people):
    answers = [people["admin"].post(path) for path in ("/en/topics/1/", "/en/topics/1", "/en/portal", "/robots.txt")]
    answers += [people["admin"].get(path) for path in ("/en/auth/sign-out/", "/en/preview/")]

    assert [answer.status_code for answer in answers] == [405] * 6
    assert all(answer.headers["Allow"] for answer in answers)


def test_answer_to_a_form_is_kept_by_the_browser_whatever_becomes_of_its_cookies(full: FullWorld, people):
    """Otherwise browsers could not go back to a preview or a refused form."""
    path = f"/en/topics/{full.long_topic}/reply/"
    for data in ({"body": ""}, {"body": "Words", "preview": "1"}, {"body": "Words", "continue_in": "en"}):
        headers = people["alice"].post(path, data=data).headers
        assert headers["Cache-Control"] == "private, no-cache"
        assert headers["Vary"] == "Accept-Encoding"


def test_page_about_people_is_kept_by_the_browser_only_if_it_has_a_form(full: FullWorld, people):
    kept = {
        path: people["admin"].get(f"/en{path}").headers["Cache-Control"]
        for path in (
            "/account/",
            "/account/data/",
            "/admin/people/",
            "/admin/log/",
            "/moderation/",
            "/account/profile/",
            "/admin/people/1/",
            f"/topics/{full.long_topic}/",
        )
    }

    assert list(kept.values()) == ["private, no-store"] * 5 + ["private, no-cache"] * 3


def test_icons_are_where_browsers_look_for_them(full: FullWorld, people):
    answers = [people["visitor"].get(path, buffered=True) for path in ("/favicon.ico", "/apple-touch-icon.png")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.data[:4] for answer in answers] == [b"\0\0\1\0", b"\x89PNG"]
    assert "max-age=86400" in answers[0].headers["Cache-Control"]


def check_page(text: str, path: str, language: str) -> None:
    """One h1, a title that tells the same, unique ids, labels, language, canonical and alternates, nothing inline."""
    page = lxml_html.document_fromstring(text)
    headings = page.xpath("//h1")
    assert len(headings) == 1, path
    heading, title = words_of(headings[0].text_content()), words_of(page.findtext(".//title"))
    assert heading, path
    assert title.startswith(heading), f"{path}: {title!r} does not begin with {heading!r}"
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)), f"{path}: {[one for one in ids if ids.count(one) > 1]}"
    for attribute in ("for", "aria-labelledby", "aria-describedby", "headers"):
        missing = {one for value in page.xpath(f"//@{attribute}") for one in value.split()} - set(ids)
        assert not missing, f"{path}: {attribute} names {missing}"
    missing = {target[1:] for target in page.xpath("//a/@href[starts-with(., '#')]")} - set(ids)
    assert not missing, f"{path}: links to {missing}"
    assert (page.get("lang"), page.get("dir")) == (language, "ltr"), path
    inline = page.xpath("//@style | //style | //script[not(@src)] | //@*[starts-with(name(), 'on')]")
    assert not inline, f"{path}: {inline}"
    assert not [at for at in page.xpath("//link/@href | //script/@src") if not at.startswith(("/", ORIGIN))], path
    check_levels(page, path)
    check_alternates(page, path, language)


def check_levels(page, path: str) -> None:
    """No heading is more than one level deeper than the one before it."""
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1 | //h2 | //h3 | //h4 | //h5 | //h6")]
    first = levels.index(1)
    for before, after in zip(levels[first:], levels[first + 1 :], strict=False):
        assert after <= before + 1, f"{path}: h{after} after h{before}"


def check_alternates(page, path: str, language: str) -> None:
    """On screen the page names itself; a printer-friendly one names the page that it is a version of."""
    [canonical] = page.xpath("//link[@rel='canonical']/@href")
    same = path if "/print/" not in path or path.endswith("/download/") else re.sub("/print/", "/", path)
    if "/print/pages/" not in path:
        assert canonical == ORIGIN + without_query(same, "page"), path
    alternates = {link.get("hreflang"): link.get("href") for link in page.xpath("//link[@rel='alternate'][@hreflang]")}
    assert list(alternates) == ["en", "es", "fr"], path
    assert alternates[language].startswith(ORIGIN + path.partition("?")[0]), path
    bar = {link.get("hreflang"): link for link in page.xpath("//nav//a[@hreflang]")}
    assert [code for code, link in bar.items() if link.get("aria-current")] == [language], path
    assert {code: link.get("lang") for code, link in bar.items()} == {code: code for code in alternates}, path


def without_query(path: str, kept: str) -> str:
    bare, _, query = path.partition("?")
    return f"{bare}?{query}" if query.startswith(f"{kept}=") else bare


def with_keys(row: Row) -> str:
    """An address of a row that has no pages."""
    path = re.sub(r"<any\(([^,)]*)[^>]*>", r"\1", row.rule)
    return "/en" + re.sub(r"<[^>]*>", "1", path)


def words_of(text: str) -> str:
    return " ".join(text.split())


def dump(app: Flask) -> list[tuple]:
    """Every row of every table."""
    with app.app_context():
        return [tuple(row) for table in db.metadata.sorted_tables for row in db.session.execute(table.select())]
