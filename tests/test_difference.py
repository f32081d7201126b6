"""Differences between texts: true to both, readable, and made in a bounded number of steps."""

import json
import random
import re

from lxml import etree

from app.difference import MOST_STEPS, compare, marked, pieces
from app.markup import render
from app.models import Message
from tests.growth import MOST, ratio

PROSE = (
    "Parties are encouraged to set up a budget line of their own.\n\n"
    "Two conditions follow:\n\n- the marker is set at the time of the vote;\n- one office settles doubtful cases.\n"
)


def shown(earlier: str, later: str, most_steps: int = MOST_STEPS) -> str:
    marks = {"same": "%s", "del": "[-%s-]", "ins": "{+%s+}"}
    found = pieces(earlier, later, compare(earlier, later, most_steps))
    return "".join(marks[piece.kind] % piece.text for piece in found)


def test_difference_is_of_words():
    assert [
        (earlier, later, difference)
        for earlier, later, difference in (
            ("the same", "the same", "the same"),
            ("", "new", "{+new+}"),
            ("old", "", "[-old-]"),
            ("one two three", "one three", "one [-two -]three"),
            ("one three", "one two three", "one {+two +}three"),
            ("a big house", "a small house", "a [-big -]{+small +}house"),
            ("first\nsecond\n", "first\nsecond\nthird\n", "first\nsecond\n{+third\n+}"),
            ("Día uno.", "Día dos.", "Día [-uno-]{+dos+}."),
        )
        if shown(earlier, later) != difference
    ] == []


def test_whole_sentence_or_block_is_marked_and_no_full_stop_that_both_versions_have():
    added = (
        ("First.", "First.{+ Second.+}"),
        ("We agree.", "We agree{+, with one condition+}."),
        ("We agree, in part.", "We agree, {+with thanks, +}in part."),
        ("The cat. The dog.", "The cat. {+The bird. +}The dog."),
        ("<p>The cat.</p>\n<p>The dog.</p>", "<p>The cat.{+ The dog.+}</p>\n<p>The dog.</p>"),
        ("<p>One.</p>\n<p>Three.</p>", "<p>One.</p>\n{+<p>Two.</p>\n+}<p>Three.</p>"),
    )
    removed = [(difference.replace("{+", "").replace("+}", ""), earlier) for earlier, difference in added]

    assert [shown(earlier, later) for later, earlier in removed] == [difference for _earlier, difference in added]
    assert [shown(*both) for both in removed] == [
        difference.replace("{+", "[-").replace("+}", "-]") for _earlier, difference in added
    ]


def test_word_at_the_end_of_a_paragraph_is_the_same_word_with_a_space_after_it():
    assert shown("<p>one two</p>", "<p>one two three</p>") == "<p>one two{+ three+}</p>"


def test_a_changed_line_leaves_the_others_alone():
    later = PROSE.replace("one office settles", "one single office settles").replace("Two", "Three")

    assert shown(PROSE, later).count("{+") == 2
    assert "{+single +}" in shown(PROSE, later)


def random_texts(words: int, alphabet: int, seed: int) -> tuple[str, str]:
    chosen = random.Random(seed)
    one, other = (
        "".join(f"{chosen.randrange(alphabet)}{chosen.choice([' ', ' ', ' ', chr(10)])}" for _ in range(words))
        for _ in range(2)
    )
    return one[: Message.MAX_BODY], other[: Message.MAX_BODY]


def drawn(words: int, alphabet: int, seed: int) -> list[str]:
    chosen = random.Random(seed)
    return [f"w{chosen.randrange(alphabet)}" for _ in range(words)]


def shuffled(words: int, alphabet: int, seed: int) -> tuple[str, str]:
    """The same words in another order."""
    one = drawn(words, alphabet, seed)
    return " ".join(one), " ".join(random.Random(seed).sample(one, len(one)))


TEXTS = {
    "lines that all differ": ("a\n" * 15_000, "b\n" * 15_000),
    "empty lines": ("\n" * 30_000, "\n" * 29_998 + "x\n"),
    "one word": ("a" * 30_000, "a" * 29_999 + "b"),
    "signs": ("*_" * 15_000, "_*" * 15_000),
    "two letters": random_texts(15_000, 2, 1),
    "few words": random_texts(12_000, 30, 2),
    "many words": random_texts(6_000, 9_000, 3),
    "every other word": (" ".join(f"k{n} x" for n in range(2_200)), " ".join(f"k{n} y" for n in range(2_200))),
    "backwards": (" ".join(map(str, range(5_000))), " ".join(map(str, range(5_000, 0, -1)))),
    "fifty words": tuple(" ".join(drawn(8_000, 50, seed)) for seed in (4, 5)),
    "fifty words in another order": shuffled(8_000, 50, 6),
    "a thousand words in another order": shuffled(6_000, 1_000, 7),
    "two words": tuple(" ".join(drawn(10_000, 2, seed)) for seed in (8, 9)),
    "one word again and again": ("a " * 15_000, "a " * 14_000),
    "periods": ("a b c " * 5_000, "b c a " * 5_000),
    "periods of different lengths": ("a b " * 7_500, "a c b " * 5_000),
    "every other line": ("".join(f"k{n}\nx\n" for n in range(3_000)), "".join(f"k{n}\ny\n" for n in range(3_000))),
    "one word in twenty gone": (
        " ".join(drawn(8_000, 50, 10)),
        " ".join(word for at, word in enumerate(drawn(8_000, 50, 10)) if at % 20),
    ),
}
WORST = {name: tuple(text[: Message.MAX_BODY] for text in texts) for name, texts in TEXTS.items()}


def test_pieces_of_worst_texts_are_both_wordings():
    wrong = []
    for name, (earlier, later) in WORST.items():
        found = list(pieces(earlier, later, compare(earlier, later)))
        if (
            "".join(piece.text for piece in found if piece.kind != "ins") != earlier
            or "".join(piece.text for piece in found if piece.kind != "del") != later
        ):
            wrong.append(name)

    assert wrong == []


def growth(earlier: str, later: str) -> float:
    """From half of each text to all of it."""
    half = earlier[: len(earlier) // 2], later[: len(later) // 2]
    past_the_bound = shuffled(2_000, 50, 1)  # two short texts, which take all the steps that there are

    return ratio(lambda: compare(*half), lambda: compare(earlier, later), lambda: compare(*past_the_bound))


def test_twice_as_much_to_compare_takes_at_most_so_many_times_the_work():
    assert [name for name, texts in WORST.items() if growth(*texts) > MOST] == []


def test_difference_has_a_bounded_number_of_changes():
    assert [name for name, texts in WORST.items() if len(compare(*texts)) > MOST_STEPS // 200] == []


def test_what_is_too_much_to_compare_is_shown_whole():
    earlier, later = "x1 same x2 same x3\nend", "y1 same y2 same y3\nend"

    assert shown(earlier, later) == "[-x1 -]{+y1 +}same [-x2 -]{+y2 +}same [-x3\n-]{+y3\n+}end"
    assert shown(earlier, later, most_steps=400) == "[-x1 same x2 same x3\n-]{+y1 same y2 same y3\n+}end"


def test_one_paragraph_that_is_too_much_leaves_the_others_readable():
    heavy = [" ".join(drawn(2_000, 2, seed)) for seed in (1, 2)]
    texts = [f"One kept line.\n{text}\nAnother kept line.\nA small change of {text[-1]}.\n" for text in heavy]

    found = shown(*texts)
    assert found.startswith("One kept line.\n")
    assert found.count("[-") < 5
    assert "+}Another kept line.\nA small change of [-0-]{+1+}.\n" in found


def test_difference_holds_numbers_alone():
    found = compare("Her number is 555 0100.", "Her number is kept here.")

    assert not set(json.dumps(found)) - set("0123456789[], ")


def test_difference_of_other_texts_shows_both_all_the_same():
    wrong = []
    for difference in ([], [[4, 0, 0]], [[100, 100, 100]]):
        found = list(pieces("one two", "one three", difference))
        if "".join(piece.text for piece in found if piece.kind != "ins") != "one two":
            wrong.append(difference)

    assert wrong == []


SIGNS = {"ins": ("+", "+"), "del": ("-", "-")}


def seen(earlier: str, later: str) -> str:
    return marked(pieces(earlier, later, compare(earlier, later)), SIGNS)


def test_difference_of_html_is_the_later_version_with_marks_where_text_may_stand():
    assert [
        (earlier, later, seen(earlier, later))
        for earlier, later, difference in (
            ("<p>a big house</p>", "<p>a small house</p>", "<p>a <del>-big -</del> <ins>+small +</ins>house</p>"),
            ("<p>a</p>\n<p>b</p>\n<p>c</p>", "<p>a</p>\n<p>c</p>", "<p>a</p>\n<p><del>-b-</del></p> <p>c</p>"),
            ("<ul><li>a</li><li>b</li></ul>", "<ul><li>a</li></ul>", "<ul><li>a</li><li><del>-b-</del></li> </ul>"),
            (
                "<table><tr><td>a</td></tr><tr><td>b</td></tr></table>",
                "<table><tr><td>a</td></tr></table>",
                "<table><tr><td>a</td></tr><tr><td><del>-b-</del></td></tr> </table>",
            ),
            (
                '<ol><li value="7">a</li><li value="9">b</li></ol>',
                '<ol><li value="7">a</li></ol>',
                '<ol><li value="7">a</li><li class="numbered"><del>-9. b-</del></li> </ol>',
            ),
            ("<p>it (7).</p>", "<p>it.</p>", "<p>it <del>-(7)-</del>.</p>"),
            ("<p>a &amp; b</p>", "<p>a &lt; b</p>", "<p>a <del>-&amp; -</del> <ins>+&lt; +</ins>b</p>"),
        )
        if seen(earlier, later) != difference
    ] == []


def test_changed_number_of_a_point_is_marked():
    assert [
        (earlier, later, seen(render(earlier), render(later)))
        for earlier, later, difference in (
            ("17. a", "18. a", '<li class="numbered"><del>-17.-</del> <ins>+18.+</ins> a</li>'),
            (
                "17. a\n\n18. b",
                "17. a\n\n19. b",
                '<li class="numbered"><p><del>-18.-</del> <ins>+19.+</ins> b</p></li>',
            ),
            ("17. a", "a", "<p><del>-17.-</del> a</p>"),
            ("a", "17. a", '<li class="numbered"><ins>+17.+</ins> a</li>'),
            ("1. a\n2. b", "1. a b", '<li value="1">a <del>-2.-</del> b</li>'),
            ("1. a", "1. a\n3. b", '<li class="numbered"><ins>+3. b+</ins></li>'),
            ("1. a\n\n2. b\n\n3. c", "3. c", '<li class="numbered"><del>-2. b-</del></li>'),
        )
        if difference not in seen(render(earlier), render(later))
    ] == []


def test_changed_target_of_a_link_is_marked_behind_its_words():
    old, new = "[a](https://old.example)", "[a](https://new.example)"
    removed, added = "<del>-(https://old.example)-</del>", "<ins>+(https://new.example)+</ins>"

    assert [
        (earlier, later, seen(render(earlier), render(later)))
        for earlier, later, difference in (
            (old, new, f">a</a> {removed} {added}</p>"),
            (old, "a", f"<p>a {removed}</p>"),
            ("a", new, f">a</a> {added}</p>"),
            (f"x {old}.", "x", "<p>x <del>-a (https://old.example).-</del></p>"),
            ("x", f"x {new}", f"><ins>+a+</ins></a> {added}</p>"),
            ("<https://old.example>", new, f"</a> {added}"),
        )
        if difference not in seen(render(earlier), render(later))
    ] == []


def test_difference_of_html_is_well_formed_whatever_has_changed():
    chosen, texts = random.Random(1), [render(drawn_source(seed)) for seed in range(120)]
    for _time in range(300):
        earlier, later = chosen.sample(texts, 2)
        found = seen(earlier, later)
        bare = re.sub(r"(<ins>)[+]|[+](</ins>)", r"\1\2", found)
        etree.fromstring(f"<div>{bare.replace('<br>', '<br/>').replace('<hr>', '<hr/>').replace('&nbsp;', ' ')}</div>")


def drawn_source(seed: int) -> str:
    """A Markdown source of a few blocks."""
    chosen = random.Random(seed)
    blocks = (
        "- one\n- two {}",
        "17. three\n18. four {}",
        "18. [three](https://{}.example)\n\n17. four",
        "> five {}",
        "{} **six** seven",
        "a | b\n--|--\n{} | d",
        "### {}",
    )
    return "\n\n".join(chosen.choice(blocks).format(chosen.choice("xyz")) for _block in range(chosen.randrange(1, 6)))


def test_left_over_of_a_tag_stays_text():
    """Of a difference of other texts."""
    assert marked(pieces("<p>one</p>", "<p>two</p>", [[1, 0, 0]]), SIGNS).startswith("&lt;")
