"""A reader's words, as a search understands them. Nothing that is typed is an error: signs that mean nothing are left
out, and what is inside quotation marks, or a symbol such as BS-V/3, is looked for as it stands."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from app.plain import plain_line
from app.search.tokens import ALGORITHMS, Word, by, sought, words_of

LONGEST = 300  # characters
MOST_WORDS = 20
PIECE = re.compile(
    r"(?P<minus>[-\u2212\u2013])?(?:(?P<author>author|autora?|auteure?)[:\uff1a]\s?)?"
    r'(?:"(?P<exact>[^"]*)"?|(?P<typed>[^\s"]+))',
    re.IGNORECASE,
)
QUOTATION_MARKS = str.maketrans(dict.fromkeys("“”„‟«»\uff02", '"'))
SYMBOL = re.compile(r"[\d/]")  # joins its words: BS-V/3, COP-MOP/6, 2012-03
# As people write that of a message: 12, #12, message 12, n° 12, No. 12, mensaje núm. 12.
NUMBER = re.compile(
    r"(?P<named>(?:messages?\s|mensajes?\s)?(?:(?:n\.?\s?[°ºo]|n[uú]m(?:ero)?|num[eé]ro|number)\.?\s?|№\s?)?)"
    r"(?P<sign>#)?\s?(?P<number>[0-9]{1,18})",
    re.IGNORECASE,
)
NAME_WITHOUT_QUOTATION_MARKS = re.compile(
    r'(?P<before>(?:.*\s)?(?:author|autora?|auteure?)[:\uff1a]\s?)(?P<name>[^\s"]+\s[^"]+)', re.IGNORECASE
)
# Left out of a search that has other words, since texts need not contain them.
STOP_WORDS = frozenset(
    """
    a an and are as at be been but by do for from had has have how if in into is it its no not of on or our so such
    that the their there these they this to was we were what when where which who will with would
    al como con cual de del el en entre era es esta este ha han hay la las le les lo los mas ni no nos o para pero por
    que se segun ser si sin sobre son su sus un una unas uno unos y
    au aux avec ce ces cette dans des du elle en est et il ils je leur leurs mais me meme ne nos notre nous ont ou par
    pas pour qu qui sa sans se ses son sont sous sur tous tout une vos votre vous
    """.split()
)


@dataclass(frozen=True)
class Term:
    """Words that a text must contain: one, in any of its forms, or several exactly in this order."""

    words: tuple[Word, ...]
    is_exact: bool = False

    @property
    def phrase(self) -> str:
        return " ".join(word.folded for word in self.words)

    @property
    def alternatives(self) -> list[frozenset[str]]:
        """For each word the tokens of which a text must have one."""
        languages = () if self.is_exact else ALGORITHMS
        return [frozenset(sought(word, *languages)) for word in self.words]

    @property
    def said_by(self) -> list[frozenset[str]]:
        """The same for words that say who speaks."""
        return [frozenset({by(word)}) for word in self.words]


@dataclass(frozen=True)
class Search:
    """What the reader has typed, understood."""

    terms: Sequence[Term] = ()
    without: Sequence[Term] = ()
    authors: Sequence[Term] = ()
    other_authors: Sequence[Term] = ()  # whose messages are left out
    number: int | None = None  # if it is nothing but that of a message
    is_reference: bool = False  # written as one, `#1234`
    is_of_message: bool = False  # whether no other number can be meant

    @property
    def is_too_long(self) -> bool:
        typed = (*self.terms, *self.without, *self.authors, *self.other_authors)
        return sum(len(term.words) for term in typed) > MOST_WORDS

    @property
    def leaves_out(self) -> bool:
        return bool(self.without or self.other_authors)

    @property
    def has_words(self) -> bool:
        """Whether there is anything to search for: words that texts must not have alone are not."""
        return bool(self.terms or self.authors)

    @property
    def has_only_stop_words(self) -> bool:
        return bool(self.terms) and all(_is_stop_word(term) for term in self.terms)

    @property
    def all_words(self) -> tuple[Word, ...]:
        """All that texts must have, in order."""
        return tuple(word for term in self.terms for word in term.words)

    def also_by(self, author: Term) -> "Search":
        """The same search for what this author wrote."""
        terms = () if self.has_only_stop_words else self.terms
        return replace(self, terms=terms, authors=(*self.authors, author))


def understood(typed: str) -> Search:
    """At most LONGEST characters are read."""
    line = plain_line(typed, LONGEST).translate(QUOTATION_MARKS)
    found: dict[str, list[Term]] = {"terms": [], "without": [], "authors": [], "other_authors": []}
    for kind, term in _terms(line):
        found[kind].append(term)
    number = NUMBER.fullmatch(line.strip())
    terms = [one for one in found["terms"] if not _is_stop_word(one)]
    return Search(
        tuple(dict.fromkeys(terms or ([] if found["authors"] else found["terms"]))),
        tuple(found["without"]),
        tuple(found["authors"]),
        tuple(found["other_authors"]),
        int(number["number"]) if number else None,
        bool(number and number["sign"]),
        bool(number and (number["named"] or number["sign"])),
    )


def named(words: Iterable[Word]) -> Term:
    """What looks for a name with these words. Those that every text has need not be in it."""
    words = dict.fromkeys(Word(0, 0, word.folded, word.accented) for word in words)
    return Term(tuple(word for word in words if word.folded not in STOP_WORDS) or tuple(words))


def with_quotation_marks(typed: str) -> str:
    """The same search with all words after `author:` as one name; "" if there is one word or they are quoted."""
    line = plain_line(typed, LONGEST).translate(QUOTATION_MARKS)
    found = NAME_WITHOUT_QUOTATION_MARKS.fullmatch(line)
    return f'{found["before"]}"{found["name"]}"' if found else ""


def _is_stop_word(term: Term) -> bool:
    return not term.is_exact and term.phrase in STOP_WORDS


def _terms(line: str) -> Iterator[tuple[str, Term]]:
    for piece in PIECE.finditer(line):
        text = piece["exact"] if piece["exact"] is not None else piece["typed"]
        words = tuple(Word(0, 0, word.folded, word.accented) for word in words_of(text))
        if not words:
            continue
        is_exact = piece["exact"] is not None or (len(words) > 1 and bool(SYMBOL.search(text)))
        if piece["author"]:
            kind = "other_authors" if piece["minus"] else "authors"
        else:
            kind = "without" if piece["minus"] else "terms"
        if is_exact or piece["author"]:
            yield kind, Term(words, is_exact)
        else:
            yield from ((kind, Term((word,))) for word in words)
