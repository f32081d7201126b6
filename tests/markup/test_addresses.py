"""Where the addresses that people write in their texts end, and which become links."""

import pytest

from app.markup import render
from tests.markup.clean import links_of, tags_of
from tests.markup.clean import text_of as text_in


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("https://en.wikipedia.org/wiki/A_(b)", "https://en.wikipedia.org/wiki/A_(b)"),
        ("(see https://example.org/a_(b), p. 2)", "https://example.org/a_(b)"),
        ("[https://example.org/?a[]=1]", "https://example.org/?a[]=1"),
        ("https://example.org/l'eau'", "https://example.org/l'eau"),
        ("'https://example.org/a'", "https://example.org/a"),
        ('"https://example.org/a"', "https://example.org/a"),
        ("“https://example.org/a”", "https://example.org/a"),
        ("«https://example.org/a»", "https://example.org/a"),
        ("‘https://example.org/a’", "https://example.org/a"),
        ("https://example.org/a…", "https://example.org/a"),
        ("https://example.org/a...", "https://example.org/a"),
        ("https://example.org/a\uff09\uff0c", "https://example.org/a"),
        ("https://example.org/a\u3002b", "https://example.org/a"),
        ("https://example.org/a\u200bb", "https://example.org/a"),
        ("https://example.org/a\u00ad", "https://example.org/a"),
        ("**https://example.org/a**", "https://example.org/a"),
        ("https://example.org/a_b_c.", "https://example.org/a_b_c"),
        ("https://example.org/a_.", "https://example.org/a_"),
        ("https://example.org/_a_", "https://example.org/_a_"),
        ("www.example.org's page", "https://www.example.org"),
        ("https://example.org's page", "https://example.org"),
        ("https://example.org/?q=l'eau", "https://example.org/?q=l'eau"),
        ("Ana <mailto:ana@example.org>", "mailto:ana@example.org"),
        ("<MailTo:ana@example.org>", "mailto:ana@example.org"),
        ("https://example.org/\U0001fae8", "https://example.org/\U0001fae8"),
        ("www.example.org", "https://www.example.org"),
        ("(WWW.Example.org/a).", "https://WWW.Example.org/a"),
    ],
)
def test_bare_address_ends_where_a_reader_would_end_it(source: str, address: str):
    html = render(source)

    assert [link["href"] for link in links_of(html)] == [address]
    assert text_in(html).strip() == source.replace("**", "")


@pytest.mark.parametrize(
    ("source", "address", "emphasis"),
    [
        ("_https://example.org/a_", "https://example.org/a", "em"),
        ("__see https://example.org/a_b__.", "https://example.org/a_b", "strong"),
        ("_see https://example.org/a__", "https://example.org/a__", None),
        ("_see_ https://example.org/a_", "https://example.org/a_", "em"),
    ],
)
def test_low_line_at_the_end_of_an_address_is_cut_only_where_it_ends_an_emphasis(source, address, emphasis):
    html = render(source)

    assert [link["href"] for link in links_of(html)] == [address]
    assert [tag for tag in tags_of(html) if tag in {"em", "strong"}] == ([emphasis] if emphasis else [])


@pytest.mark.parametrize(
    "source", ["www.", "www. example", "awww.example.org", "www.example", "http://", "xhttps://a.b"]
)
def test_what_only_looks_like_the_beginning_of_an_address_is_text(source: str):
    assert links_of(render(source)) == []
