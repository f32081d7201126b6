"""Without the content security policy too, hostile text stays text wherever it is shown, and calls nobody."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.hostile_site import SLUG, HostileSite, hostile_site
from tests.browser.watch import Watch
from tests.hostile import EMBEDDED, HANDLERS, HOSTILE, LONG, UNCLEAN

pytestmark = pytest.mark.browser

TEXTS = (*LONG, *HOSTILE, *UNCLEAN)  # the first is also the name of the participant who looks
AT_ONCE = 24  # as many texts are typed into a form
INSERT = "(html) => { document.querySelector('main').innerHTML = html; }"
SCROLL_SIDEWAYS = """() => {
  document.querySelector("h1").textContent = "e" + "\\u20dd".repeat(270);
  scrollTo(innerWidth, 0);
  return scrollX;
}"""
NewWatch = Callable[..., Watch]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileSite]:
    with hostile_site(tmp_path_factory.mktemp("hostile"), TEXTS) as made:
        yield made


@pytest.fixture
def watching(chromium: Browser, hostile: HostileSite) -> Iterator[NewWatch]:
    """Gives the eyes of somebody."""
    watches = []

    def begin(who: str = "visitor") -> Watch:
        watches.append(Watch(chromium, hostile.site.address, hostile.cookies[who]))
        return watches[-1]

    yield begin
    for watch in watches:
        watch.context.close()


@pytest.mark.parametrize("who", ["visitor", "participant", "administrator"])
def test_pages_hold_nothing_but_their_own_and_fit_a_small_telephone(hostile: HostileSite, watching: NewWatch, who: str):
    watch = watching(who)
    for path in hostile.paths(who):
        watch.visit(path)

    assert not watch.problems, "\n".join(watch.problems)


def test_a_letter_with_hundreds_of_accents_is_cut_off_at_the_edge(watching: NewWatch):
    watch = watching()
    watch.visit("/en/")

    assert watch.page.evaluate(SCROLL_SIDEWAYS) == 0


def test_feeds_hold_nothing_but_their_own(hostile: HostileSite, watching: NewWatch):
    watch = watching()
    for path in (f"forums/{SLUG}", *(f"topics/{topic}" for topic in hostile.planted.topics)):
        watch.read_feed(f"/en/feeds/{path}.atom")

    assert not watch.problems, "\n".join(watch.problems)


def test_mails_hold_nothing_but_their_own(hostile: HostileSite, watching: NewWatch):
    watch = watching()
    for html in hostile.mails():
        watch.show(html)

    assert not watch.problems, "\n".join(watch.problems)


def test_forms_give_back_what_was_typed_as_text(hostile: HostileSite, watching: NewWatch):
    watch = watching("administrator")
    for number in range(0, len(TEXTS), AT_ONCE):
        lines = [text.encode("utf-8", "replace").decode() for text in TEXTS[number : number + AT_ONCE]]
        watch.type(f"/en/forums/{SLUG}/groups/group-1/new/", lines)

    assert not watch.problems, "\n".join(watch.problems)


def test_the_watch_sees_what_is_not_kept_out(watching: NewWatch):
    """So that the tests above can fail; and the policy, which would stop all of it, is off."""
    watch = watching()
    for text in (*HANDLERS[:6], *EMBEDDED[:12]):
        watch.visit("/en/")
        before = len(watch.problems)
        watch.page.evaluate(INSERT, text)
        watch.look()
        assert watch.problems[before:], text

    seen = "\n".join(watch.problems)
    assert "alert(1) was called" in seen
    assert "a request to http://evil.example/" in seen
