"""What people write looks as they meant it, and nothing that they wrote gets lost."""

import re

from app.markup import deeper, excerpt, quote, render, text_of
from tests.markup.clean import links_of, tags_of
from tests.markup.clean import text_of as text_in


def test_markdown_makes_the_tags_that_it_stands_for():
    expected = {
        "one\n\ntwo": ["p", "p"],
        "one\ntwo": ["p", "br"],
        "**a** *b* __c__ _d_": ["p", "strong", "em", "strong", "em"],
        "- a\n- b": ["ul", "li", "li"],
        "- a\n    - b": ["ul", "li", "ul", "li"],
        "3. a\n4. b": ["ol", "li", "li"],
        "> a\n> > b": ["blockquote", "p", "blockquote", "p"],
        "`a`": ["p", "code"],
        "a\n\n---\n\nb": ["p", "hr", "p"],
        "|a|b|\n|-|-|\n|c|d|": ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"],
    }

    assert {source: tags_of(render(source)) for source in expected} == expected


def test_list_stands_in_another_however_far_it_is_indented():
    wrong = []
    for spaces in (2, 3, 4):
        for outer, inner in (("-", "*"), ("1.", "-"), ("-", "1."), ("10.", "1.")):
            source = f"{outer} a\n{' ' * spaces}{inner} b\n{' ' * 2 * spaces}- c\n{outer} d"
            kinds = ["ol" if "1" in sign else "ul" for sign in (outer, inner)]
            if tags_of(render(source)) != [kinds[0], "li", kinds[1], "li", "ul", "li", "li"] or text_in(
                render(source)
            ).split() != ["a", "b", "c", "d"]:
                wrong.append((spaces, outer, inner))

    assert wrong == []


def test_paragraph_belongs_to_the_point_under_which_it_is_indented():
    assert [
        spaces for spaces in (2, 3, 4) if tags_of(render(f"- a\n\n{' ' * spaces}b\n\nc")) != ["ul", "li", "p", "p", "p"]
    ] == []


def test_list_in_a_quotation_may_hold_another():
    assert tags_of(render(quote("- a\n  - b"))) == ["blockquote", "ul", "li", "ul", "li"]


def test_what_is_no_list_in_a_list_stays_as_it_was():
    expected = {
        "- a\n - b": ["ul", "li", "li"],
        " 9. a\n10. b": ["ol", "li", "li"],
        "    a\n    - b": ["p", "br"],
        "    a\n\n\tb": ["p", "p"],
        "- a\n\n        b\n        - c": ["ul", "li", "p", "p", "ul", "li"],
        "- - -\n\n- a": ["hr", "ul", "li"],
        "- a\n  more\n- b": ["ul", "li", "br", "li"],
        "a\n  - b": ["p", "br"],
    }

    assert {source: tags_of(render(source)) for source in expected} == expected


def test_numbered_list_keeps_its_first_number():
    assert '<ol start="3">' in render("3. a\n4. b")


def test_addresses_become_links():
    assert [
        (source, address)
        for source, address in (
            ("see https://example.org/a_b_c.", "https://example.org/a_b_c"),
            ("(https://example.org/a)", "https://example.org/a"),
            ("[x](https://example.org/a_(b))", "https://example.org/a_(b)"),
            ("[x](<https://example.org/a>)", "https://example.org/a"),
            ("[x](https://example.org/?a=1&b=2)", "https://example.org/?a=1&b=2"),
            ("[x]( HTTPS://Example.org )", "HTTPS://Example.org"),
            ("[x](mailto:a@example.org)", "mailto:a@example.org"),
            ("<https://example.org/a>", "https://example.org/a"),
            ("<a@example.org>", "mailto:a@example.org"),
            ("[*a* `b`\nc](https://example.org)", "https://example.org"),
            ("**https://example.org**", "https://example.org"),
        )
        if [link["href"] for link in links_of(render(source))] != [address]
    ] == []


def test_link_that_shows_its_very_address_is_marked_so_that_paper_shows_it_once():
    assert [
        (source, is_bare)
        for source, is_bare in (
            ("see https://example.org/?a=1&b=2.", True),
            ("<https://example.org/a>", True),
            ("[https://example.org](https://example.org)", True),
            ("https://example.org/?q=UNEP/CBD/BS/1", True),
            ("[the paper](https://example.org)", False),
            ("[https://example.org](https://elsewhere.example)", False),
            ("[https://example.org](https://example.org/a)", False),
            ("[https://example.org/a](https://example.org/A)", False),
            ("<a@example.org>", True),
            ("[a@example.org](mailto:a@example.org)", True),
            ("[the Secretariat](mailto:a@example.org)", False),
            ("[a@example.org](mailto:b@example.org)", False),
            ("[a@example.org](https://a@example.org)", False),
        )
        if [link.get("class") for link in links_of(render(source))] != ["bare" if is_bare else None]
    ] == []


def test_everything_else_in_brackets_stays_as_it_was_typed():
    """Negotiators put brackets round what is not agreed; none of it may vanish or change."""
    assert [
        source
        for source in (
            "[Option 1]: The Parties [shall] [should] report.",
            "[Norway]: https://example.org",
            "[1]: see paragraph 4",
            "Parties [shall][should] [may] report [annually].",
            "[x](a@example.org)",
            "[x]()",
            "[ ](https://example.org)",
            "x[1] = y[2](3)",
            "a < b and c > d & e",
            "<b>not HTML</b>",
            "~~struck~~ ^up^ ==marked==",
        )
        if text_in(render(source)).strip() != source
    ] == []


def test_headings_are_renumbered_without_gaps():
    expected = {
        "# a": ["h3"],
        "###### a": ["h3"],
        "# a\n\n### b\n\n###### c\n\n### d": ["h3", "h4", "h5", "h4"],
        "### a\n\n# b": ["h4", "h3"],
        "# a\n\n## b\n\n### c\n\n#### d\n\n##### e": ["h3", "h4", "h5", "h6", "h6"],
        "a\n===\n\nb\n---": ["h3", "h4"],
        "> # a\n\n## b": ["h3", "h4"],
    }

    assert {
        source: [tag for tag in tags_of(render(source)) if tag[0] == "h" and tag != "hr"] for source in expected
    } == expected


def test_headings_begin_at_the_level_that_the_page_asks_for():
    assert [
        first
        for first in (2, 3, 4, 5, 6)
        if tags_of(render("# a\n\n## b", first_heading=first)) != [f"h{first}", f"h{min(first + 1, 6)}"]
    ] == []


def test_headings_go_deeper_in_a_larger_document_and_never_beyond_the_last_level():
    assert deeper("<h3>a</h3><h5>b</h5><h6>c</h6>", 2) == "<h5>a</h5><h6>b</h6><h6>c</h6>"
    assert deeper("<h3>a</h3><hr>", 0) == "<h3>a</h3><hr>"


def test_quotation_holds_every_line_and_can_be_answered_below():
    source = quote("first\n\n- second")

    assert source == "> first\n>\n> - second\n\n"
    assert tags_of(render(source + "answer")) == ["blockquote", "p", "ul", "li", "p"]


def test_text_of_a_message_has_a_space_between_its_blocks():
    assert text_of(render("# a\n\nb\nc\n\n- d\n- e\n\n1 < 2 & 3")) == "a b c d e 1 < 2 & 3"


def test_excerpt_ends_between_words():
    html = render("The Parties may wish to consider the following proposal, in the light of experience.")

    assert excerpt(html, 40) == "The Parties may wish to consider the…"
    assert excerpt(html, 60) == "The Parties may wish to consider the following proposal…"
    assert excerpt(html, 400) == text_of(html)


def test_document_symbol_is_kept_in_one_piece_and_from_translation():
    wrong = []
    for symbol in ("UNEP/CBD/BS/COP-MOP/6/7", "CBD/CP/RA/AHTEG/2020/1/5", "UNEP/CBD/BS/COP-MOP/6/7/Add.1"):
        html = render(f"See {symbol}, paragraph 4 (and [{symbol}](https://example.org/{symbol})).")
        if (
            html.count(f'<span class="symbol" translate="no">{symbol}</span>') != 2
            or links_of(html)[0]["href"] != f"https://example.org/{symbol}"
            or text_in(html).count(symbol) != 2
        ):
            wrong.append(symbol)

    assert wrong == []


def test_full_stop_after_a_document_symbol_is_not_part_of_it():
    assert [
        symbol
        for symbol in ("UNEP/CBD/BS/COP-MOP/6/7", "UNEP/CBD/BS/COP-MOP/6/7/Add.1")
        if f"{symbol}</span>." not in render(f"See {symbol}.")
    ] == []


def test_nothing_else_is_taken_for_a_document_symbol():
    assert [
        text
        for text in ("and/or/neither", "BS-V/3", "UNEP", "1/2/3", "https://example.org/UNEP/CBD/BS")
        if "symbol" in render(text)
    ] == []


def test_numbered_list_keeps_the_numbers_that_were_typed():
    for source in (
        "17. a\n23. b\n31. c",
        "2. a\n5. b\n9. c",
        "3. a\n2. b\n1. c",
        "> 3. a\n> 3. b",
        "7. a\n\n9. b\n\n8. c",
    ):
        html = render(source)

        assert re.findall(r'<li value="(\d+)">', html) == re.findall(r"(\d+)\.", source), source
        assert html.count("<ol") == 1


def test_number_in_a_paragraph_begins_no_list():
    assert tags_of(render("as in decision\n17. The Parties")) == ["p", "br"]


def test_only_numbers_that_can_be_shown_as_typed_make_a_list():
    assert [source for source in ("07. a", "12345. a", "1) a", "(a) a", "1.a", "1.") if "<ol" in render(source)] == []


def test_list_with_long_numbers_has_room_for_them():
    assert '<ol start="2012" class="wide">' in render("2012. a")
    assert "wide" not in render("99. a")


def test_heading_needs_a_space_after_its_signs_or_three_signs_below():
    assert [
        source
        for source in ("#12 says", "#ClimateJustice", "#", "a\n=", "a\n-", "a\n==", "a\n--", "a\nb\n===")
        if re.search(r"<h\d", render(source))
    ] == []


def test_emphasis_is_at_the_edges_of_words_and_in_one_line():
    assert [
        source
        for source in (
            "tod*s l*s",
            "participant*e*s",
            "3*4*5",
            "report_*.docx and annex_*.pdf",
            "snake_case_name",
            "Name: ___ Date: ___",
            "Name:__Date:__",
            "(*) and (*)",
            '"*" and "*"',
            "a* and b*",
            "*a\nb*",
            "* a* b",
            "****a****",
        )
        if "em" in tags_of(render(source)) or "strong" in tags_of(render(source))
    ] == []


def test_emphasis_may_be_inside_of_the_other_kind():
    expected = {
        "***a***": ["p", "strong", "em"],
        "**a *b* c**": ["p", "strong", "em"],
        "*a **b***": ["p", "em", "strong"],
        "(**a**, *b*), «*c*» — *d*’s": ["p", "strong", "em", "em", "em"],
    }

    assert {source: tags_of(render(source)) for source in expected} == expected


def test_lines_with_a_bullet_of_another_program_stay_lines():
    for bullet in "•–◦·":
        assert text_in(render(f"{bullet} a\n{bullet}\tb")).split("\n") == [f"{bullet} a", f"{bullet}   b"], bullet


def test_quotation_ends_with_its_sign():
    assert tags_of(render("> a\nb")) == ["blockquote", "p", "p"]


def test_sign_of_a_quotation_needs_a_space():
    assert tags_of(render(">50% of Parties")) == ["p"]


def test_footnote_with_an_asterisk_is_no_list():
    assert tags_of(render("Total*\n\n* Estimated")) == ["p", "p"]
    assert tags_of(render("* a\n* b")) == ["ul", "li", "li"]


def test_row_of_a_table_keeps_all_its_cells():
    assert text_of(render("|a|b|\n|-|-|\n|c|d|e|\n|f|")) == "a b c d e f"


def test_backslash_shows_a_sign_as_it_was_typed():
    assert text_of(render(r"\*a\* \_b\_ \[c\](https://example.org) \# \> C:\x \\server")) == (
        r"*a* _b_ [c](https://example.org) # > C:\x \\server"
    )
