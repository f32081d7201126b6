"""Differences between texts: true to both, readable, and made in bounded time."""

import random
import time

import pytest

from app.difference import Work, compare
from app.models import Message

MOST_SECONDS = 3
PROSE = (
    "Parties are encouraged to set up a budget line of their own.\n\n"
    "Two conditions follow:\n\n- the marker is set at the time of the vote;\n- one office settles doubtful cases.\n"
)


def shown(earlier: str, later: str) -> str:
    marks = {"same": "%s", "del": "[-%s-]", "ins": "{+%s+}"}
    return "".join(marks[piece.kind] % piece.text for piece in compare(earlier, later))


@pytest.mark.parametrize(
    ("earlier", "later", "difference"),
    [
        ("the same", "the same", "the same"),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("one two three", "one three", "one [-two -]three"),
        ("one three", "one two three", "one {+two +}three"),
        ("a big house", "a small house", "a [-big -]{+small +}house"),
        ("first\nsecond\n", "first\nsecond\nthird\n", "first\nsecond\n{+third\n+}"),
        ("Día uno.", "Día dos.", "Día [-uno-]{+dos+}."),
    ],
)
def test_difference_is_of_words(earlier: str, later: str, difference: str):
    assert shown(earlier, later) == difference


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


WORST = {
    "lines that all differ": ("a\n" * 15_000, "b\n" * 15_000),
    "empty lines": ("\n" * 30_000, "\n" * 29_998 + "x\n"),
    "one word": ("a" * 30_000, "a" * 29_999 + "b"),
    "signs": ("*_" * 15_000, "_*" * 15_000),
    "two letters": random_texts(15_000, 2, 1),
    "few words": random_texts(12_000, 30, 2),
    "many words": random_texts(6_000, 9_000, 3),
    "every other word": (" ".join(f"k{n} x" for n in range(2_200)), " ".join(f"k{n} y" for n in range(2_200))),
    "backwards": (" ".join(map(str, range(5_000))), " ".join(map(str, range(5_000, 0, -1)))),
}


@pytest.mark.parametrize("name", WORST)
def test_worst_texts_are_compared_in_time_and_lose_nothing(name: str):
    earlier, later = WORST[name]
    began = time.process_time()
    pieces = compare(earlier, later)

    assert time.process_time() - began < MOST_SECONDS
    assert "".join(piece.text for piece in pieces if piece.kind != "ins") == earlier
    assert "".join(piece.text for piece in pieces if piece.kind != "del") == later


def test_what_is_too_much_to_compare_is_shown_whole():
    earlier, later = (" ".join(f"{letter}{number} same" for number in range(100)) for letter in "xy")

    assert [piece.kind for piece in compare(earlier, later, Work(left=10))] == ["del", "ins", "same"]
