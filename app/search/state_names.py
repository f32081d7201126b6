"""The names of States in the languages of the site, in the words that searches compare."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from app.languages import Language, site_languages
from app.search.tokens import words_of
from app.search.words import STOP_WORDS

# What people leave out: *(Plurinational State of)*, *United Republic of*, *of Great Britain and Northern Ireland*.
IN_PARENTHESES = re.compile(r"\s*\(.*\)")
OF = r"(?:\sof\sthe\s|\sof\s|\sdel?\s|\sdu\s|\sd’)"
FORM_OF_STATE = re.compile(
    rf".*\b(?:Republic|Rep[úu]blica|R[ée]publique|State|Estado|État|Federa\w+|Fédération)\b.*?{OF}"
)
IN_TWO_WORDS = re.compile(rf"(\w+[\s-]\w+){OF}.*")


class Name(NamedTuple):
    """A name of a State: all its words, and the sets of words that are used for it alone."""

    code: str
    words: frozenset[str]
    short: Collection[frozenset[str]]


def states_with(words: Collection[str]) -> set[str]:
    """The codes of the States whose name has all these folded words, in any language."""
    return {name.code for name in _names() if name.words.issuperset(words)}


def states_called(words: Collection[str]) -> list[str]:
    """The codes of the States of which these folded words are the whole name, or all that people say of it."""
    wanted = frozenset(words) - STOP_WORDS
    return sorted({name.code for name in _names() if wanted in name.short})


def _names() -> Iterator[Name]:
    for language in site_languages().values():
        yield from _names_in(language)


@lru_cache(maxsize=16)
def _names_in(language: Language) -> list[Name]:
    names = (language.invented_states | language.states).items()
    return [Name(code, frozenset(_words(name)), _short(name)) for code, name in names]


def _short(name: str) -> set[frozenset[str]]:
    bare = IN_PARENTHESES.sub("", name)
    said = {name, bare, FORM_OF_STATE.sub("", bare), IN_TWO_WORDS.sub(r"\1", bare)}
    return {frozenset(_words(one)) - STOP_WORDS for one in said} - {frozenset()}


def _words(text: str) -> Iterator[str]:
    return (word.folded for word in words_of(text))
