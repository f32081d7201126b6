"""The words of texts as searches compare them: folded, and reduced to their stems.

Both databases store and look for the same tokens, so they find the same. A token is a folded word (`capacity`), a stem
in the namespace of its language (`en:capac`), or a word of what stands above a message (`by:kenya`); folded words have
no colon, so none collides with another. Texts keep the words as well as their stems, so that one whose language is
wrongly marked is found too.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from threading import local
from typing import Any, NamedTuple

from Stemmer import Stemmer

from app.languages import READ_AS

# Snowball's algorithms, by language; texts in other languages are found by their words alone.
ALGORITHMS = {"en": "english", "es": "spanish", "fr": "french"}
BY = "by"
LONGEST_WORD = 60  # characters; a longer one is cut, in texts and in searches alike
# What can stand inside a word without being a letter: accents, soft hyphens and what is not seen.
INSIDE = "\u0300-\u036f\u00ad\u200b-\u200d\u2060"
WORD = re.compile(rf"[^\W_](?:[^\W_]|[{INSIDE}])*+")
APOSTROPHES = "'\u2018\u2019\u02bc\u00b4`\uff07"
# Dropped before an apostrophe: the articles and conjunctions of French, also in names (d’Ivoire).
ELIDED = frozenset("l d j m n s t c qu jusqu lorsqu puisqu quoiqu presqu quelqu".split())
# Dropped after one, as in *Party’s* and *don’t*.
ENDINGS = frozenset("s t d m ll re ve".split())
# Regular forms that Snowball does not bring together: such a word has the stem of the one it is turned into as well.
# English: British spelling (recognised). Spanish: plurals of words that end as infinitives do (mujeres) or in *-en*
# (imágenes), of which the singular loses its ending, and of words in *-z* (voces). French: verbs in the plural, third
# and first person (ils parlent, nous proposons), and the forms of those in *-dre*, *-ttre* and *-ivre* (répondre,
# répondu): the stem is that of a verb in *-er*, which all their other forms have. Words in *-ement* and *-ions* are
# nouns.
REGULAR = {
    "en": [(re.compile(r"(?<=\w{3}[iy])s(?=(e[ds]?|ing|ations?)$)"), "z")],
    "es": [(re.compile(r"(?<=[aeáé]r|[eé]n)es$"), ""), (re.compile(r"(?<=[aeiouáéíóú])ces$"), "z")],
    "fr": [
        (
            re.compile(
                r"((?<=\w{3})(?<!em|ém|ai)ent|(?<=\w{5})(?<!i)(?<!ais)ons"
                r"|(?<=[nr]d|tt|iv)(r(e|ont|a(it|ient)?)|ue?s?))$"
            ),
            "er",
        )
    ],
}
# No verbs, and they would have the stem of other common words: près, récit, par, conte, comme.
IRREGULAR = frozenset("present recent parent content comment".split())


class Word(NamedTuple):
    """A word of a text: where it stands, folded, and with its accents, from which its stem is taken."""

    start: int
    end: int
    folded: str
    accented: str


def words_of(text: str) -> Iterator[Word]:
    """The words of a text, in order."""
    was_elided, before = False, -1
    for found in WORD.finditer(text):
        start, end = found.span()
        folded, accented = fold(found[0])
        is_after = start == before + 1 and text[start - 1] in APOSTROPHES
        if is_after and not was_elided and folded in ENDINGS:
            continue
        was_elided = folded in ELIDED and text[end : end + 1] in APOSTROPHES and bool(WORD.match(text, end + 1))
        before = end
        if folded and not was_elided:
            yield Word(start, end, folded, accented)


@lru_cache(maxsize=50_000)
def fold(word: str) -> tuple[str, str]:
    """A word without capitals, ligatures and accents; and the same with its accents."""
    small = unicodedata.normalize("NFKC", word).casefold().translate(READ_AS)[:LONGEST_WORD]
    bare = "".join(char for char in unicodedata.normalize("NFD", small) if char.isalnum())
    return unicodedata.normalize("NFC", bare), "".join(char for char in small if char.isalnum())


@lru_cache(maxsize=50_000)
def stems(accented: str, folded: str, language: str) -> frozenset[str]:
    """The tokens of the stems of a word in a language, with and without regard to its accents: people leave them out,
    and the stem can depend on them."""
    if language not in ALGORITHMS:
        return frozenset()
    forms = [accented, folded]
    if folded not in IRREGULAR:
        forms += [ending.sub(other, one) for ending, other in REGULAR[language] for one in forms[:2]]
    return frozenset(f"{language}:{fold(one)[0]}" for one in _stemmer(language).stemWords(forms))


def tokens(word: Word, *languages: str) -> set[str]:
    """The tokens of a word in a text of these languages, or in a search: a reader's word is one in any."""
    return {word.folded}.union(*(stems(word.accented, word.folded, language) for language in languages))


def sought(word: Word, *languages: str) -> set[str]:
    """The tokens of which a text must have one, if this word is searched for. Typed without its accent, it can be the
    stem of other forms: *interes* of *intereses*."""
    return tokens(word, *languages) | {f"{language}:{word.folded}" for language in languages}


def by(word: Word) -> str:
    """The token of a word that says who speaks."""
    return f"{BY}:{word.folded}"


_own = local()


def _stemmer(language: str) -> Any:
    """The stemmer of this thread: it is not made for several. Its own cache is off, as `stems` has one."""
    made: dict[str, Any] = _own.__dict__.setdefault("stemmers", {})
    if language not in made:
        made[language] = Stemmer(ALGORITHMS[language], 0)
    return made[language]
