"""A form can be taken into another language with everything that was typed in it, without JavaScript."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from tests.attachments.conftest import send
from tests.full_world import FullWorld
from tests.languages.test_switch import bar_of
from tests.route_table import ROWS, paths_of
from tests.test_routes import dump
from tests.world import World

BUTTON = ".//button[@name='continue_in']"
CONTROLS = ".//textarea[not(@readonly)] | .//select | .//input[not(@type='hidden')]"
ONLY_TICKED = "/moderation/approve/"  # sent from the queue, where nothing is typed
TYPED = {"email": "nobody@example.org", "number": "7", "date": "2031-05-06", "time": "07:08", "url": "https://x.org/"}
NEVER_BACK = frozenset({"password", "file", "submit"})


@dataclass
class Shown:
    """A form on a page, as one person sees it."""

    path: str
    client: FlaskClient
    form: html.FormElement
    text: str

    def filled_in(self) -> dict[str, list[str]]:
        """What a browser sends once something is typed into every field."""
        for at, control in enumerate(self.form.xpath(CONTROLS)):
            if control.tag == "select":
                control.value = control.value_options[-1]
            elif control.get("type") in {"checkbox", "radio"}:
                control.checked = True
            elif control.get("type") != "file":
                control.value = TYPED.get(control.get("type", "text"), f"Typed words {at}")
        sent: dict[str, list[str]] = {}
        for name, value in self.form.form_values():
            sent.setdefault(name, []).append(value or "")
        return sent


def forms_of(page: str) -> list[html.FormElement]:
    """The forms of a page in which something can be typed or chosen."""
    forms = html.document_fromstring(page).xpath("//main//form[@method='post']")
    return [form for form in forms if form.xpath(CONTROLS) and not form.get("action", "").endswith(ONLY_TICKED)]


def shown_forms(full: FullWorld, people: dict[str, FlaskClient]) -> Iterator[Shown]:
    """Every form of the site, as the first of the people sees it who can."""
    for row in ROWS:
        for path in paths_of(row, full) if row.readers else ():
            client = people[row.readers[0]]
            answer = client.get(path, buffered=True)
            if answer.mimetype == "text/html" and answer.status_code == 200:
                yield from (Shown(path, client, form, answer.text) for form in forms_of(answer.text))


@pytest.fixture(scope="module")
def every_form(full: FullWorld, people) -> list[Shown]:
    return list(shown_forms(full, people))


def test_every_form_can_be_continued_in_each_other_language(every_form: list[Shown]):
    assert len({shown.path for shown in every_form}) > 50
    assert [
        shown.path
        for shown in every_form
        if [button.get("value") for button in shown.form.xpath(BUTTON)] != ["es", "fr"]
        or any(button.get("formnovalidate") is None for button in shown.form.xpath(BUTTON))
    ] == []


def test_key_enter_sends_the_form(every_form: list[Shown]):
    """Browsers press the first submit button of the form."""
    wrong = []
    for shown in every_form:
        first = shown.form.xpath(".//button[not(@type='button')] | .//input[@type='submit']")[0]
        if first.get("name") or first.get("formaction"):
            wrong.append(shown.path)

    assert wrong == []


def test_language_bar_leads_to_the_end_of_the_form(every_form: list[Shown]):
    assert [
        shown.path
        for shown in every_form
        if bar_of(shown.text) != {"en": "#content", "es": "#continue-es", "fr": "#continue-fr"}
    ] == []


def test_everything_typed_goes_into_the_other_language_and_nothing_is_written(one_app: Flask, every_form):
    before, wrong = dump(one_app), []
    for shown in every_form:
        sent = shown.filled_in()
        [there] = [button.get("formaction") for button in shown.form.xpath(BUTTON) if button.get("value") == "es"]
        answer = shown.client.post(there, data={**sent, "continue_in": "es"})
        page = html.document_fromstring(answer.text)
        given: dict[str, list[str]] = {}
        for form in forms_of(answer.text):
            if (form.get("action") or there).removeprefix("/es") in there or len(forms_of(answer.text)) == 1:
                for name, value in form.form_values():
                    given.setdefault(name, []).append((value or "").strip("\n"))
        never = {one.get("name") for one in shown.form.xpath(CONTROLS) if one.get("type") in NEVER_BACK}
        lost = {
            name: (values, given.get(name))
            for name, values in sent.items()
            if name not in never | {"csrf_token"} and sorted(given.get(name, [])) != sorted(values)
        }
        said = "".join(page.xpath("//main/*[@role='status']//text()"))
        has_error = page.xpath("//*[@class='error'] | //*[contains(@class, 'error-summary')]")
        if (answer.status_code, page.get("lang")) != (200, "es") or lost or "formulario" not in said or has_error:
            wrong.append((shown.path, there, answer.status_code, lost, said, len(has_error)))

    assert wrong == []
    assert dump(one_app) == before


def test_whoever_continues_is_told_to_choose_the_files_again(full: FullWorld, people):
    path = f"/es/topics/{full.long_topic}/reply/"
    answer = send(people["alice"], path, {"informe.txt": b"A report."}, continue_in="es")

    assert answer.status_code == 200
    assert "Hay que volver a elegir los archivos." in answer.text
    assert "informe.txt" in answer.text


def test_password_does_not_come_along_and_the_page_says_so(full: FullWorld, people):
    form = {"email": "nobody@example.org", "password": "four plain words here", "continue_in": "fr"}
    answer = people["visitor"].post("/fr/auth/sign-up/", data=form)

    assert "four plain words here" not in answer.text
    assert "Il faut saisir de nouveau les mots de passe." in answer.text


def test_text_that_is_far_too_long_comes_along(full: FullWorld, people):
    """It is told when the form is sent, and not before."""
    words = "word " * 60_000
    path = f"/es/topics/{full.long_topic}/reply/"
    answer = people["alice"].post(path, data={"body": words, "continue_in": "es"})

    assert answer.status_code == 200
    assert words in answer.text


def test_form_is_not_shown_as_a_preview(world: World, alice):
    answer = alice.post(f"/fr/topics/{world.topic}/reply/", data={"body": "**Words**", "continue_in": "fr"})

    assert "<strong>Words</strong>" not in answer.text
