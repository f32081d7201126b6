"""The languages of the site: their list, their choice, and how each writes dates, numbers and names.

Babel's defaults do not fit official texts (French "TU" for UTC, "1 mai", English with the month first), so the patterns
follow the style guides of the United Nations.
"""

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, TypeVar

from babel import Locale
from babel.support import NullTranslations, Translations
from flask import current_app, g
from flask_babel import refresh
from werkzeug.datastructures import LanguageAccept

NO_BREAK = "\N{NO-BREAK SPACE}"
DASH = "\N{EN DASH}"
READ_AS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})  # letters without a decomposition
Day = date  # languages have a method of that name


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "mark for translation, translate later"
    return message


def whole(pattern: str) -> str:
    """A pattern that lines do not break, such as that of a date."""
    return pattern.replace(" ", NO_BREAK)


@dataclass(frozen=True, kw_only=True)
class Patterns:
    """How a language writes dates and numbers. Without defaults, so that a new language has to define all of them.

    `{d}` day, `{m}` month, `{y}` year, `{a}` and `{b}` the two dates of a range, `{d1}` and `{d2}` their days, `{h}`
    hour, `{n}` minute, `{date}` and `{time}` the results of these patterns, `{p}` the number of a percentage.
    """

    months: tuple[str, ...]
    date: str
    day_month: str
    first_day: str
    heading: str
    heading_within_month: str
    sentence: str
    sentence_within_month: str
    time: str
    moment: str
    at: str
    at_one: str  # at one o’clock, which is singular in Spanish
    thousands: str
    decimal: str
    percent: str
    sizes: tuple[str, ...]  # of bytes; each 1,024 times the one before


@dataclass(frozen=True, eq=False)
class Language:
    """A language of the site; `bind` adds its catalogue and the names of States."""

    code: str
    name: str
    patterns: Patterns
    direction: str = "ltr"
    letters_after: Mapping[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    invented_states: dict[str, str] = field(default_factory=dict)
    catalogue: NullTranslations = field(default_factory=NullTranslations)

    def date(self, day: Day) -> str:
        """`4 May 2012`, `1ᵉʳ mai 2012`."""
        return self.patterns.date.format(**self._parts(day))

    def moment(self, moment: datetime) -> str:
        """A date and time: `4 May 2012, 23:00 UTC`, with a no-break space before the zone."""
        time = self.patterns.time.format(h=moment.hour, n=moment.minute)
        return self.patterns.moment.format(date=self.date(moment), time=time)

    def hour(self, hour: int) -> str:
        """A full hour of the day: `07:00 UTC`, in French `7 h 00 UTC`."""
        return self.patterns.time.format(h=hour, n=0)

    def at(self, moment: datetime) -> str:
        """A date and time inside a sentence: `4 May 2012 at 23:00 UTC`, `4 de mayo de 2012 a la 01:00 UTC`."""
        pattern = self.patterns.at_one if moment.hour == 1 else self.patterns.at
        time = self.patterns.time.format(h=moment.hour, n=moment.minute)
        return pattern.format(date=self.date(moment), time=time)

    def moments(self, first: str, last: str) -> str:
        """A range of two times, given as `moment` writes them or as HTML."""
        return f"{first} {DASH} {last}"

    def heading_range(self, first: Day, last: Day) -> str:
        """`20 February – 4 May 2012`, `17–31 July 2012`; two whole dates if the years differ."""
        if (first.year, first.month) == (last.year, last.month):
            if first.day == last.day:
                return self.date(first)
            return self._within_month(self.patterns.heading_within_month, first, last)
        return self.patterns.heading.format(a=self._range_start(first, last), b=self.date(last))

    def sentence_range(self, first: Day, last: Day) -> str:
        """`from 20 February to 4 May 2012`, `from 17 to 31 July 2012`, for use inside a sentence. Not for one day."""
        if (first.year, first.month) == (last.year, last.month):
            return self._within_month(self.patterns.sentence_within_month, first, last)
        return self.patterns.sentence.format(a=self._range_start(first, last), b=self.date(last))

    def day_month(self, day: Day) -> str:
        """`4 May`, `1ᵉʳ mai`."""
        return self.patterns.day_month.format(**self._parts(day))

    def number(self, value: int) -> str:
        """A number with its thousands separator: `1,234`."""
        return f"{value:,}".replace(",", self.patterns.thousands)

    def percent(self, share: float) -> str:
        """A share between 0 and 1 as a percentage with one decimal: `41.7%`."""
        return self.patterns.percent.format(p=f"{share * 100:.1f}".replace(".", self.patterns.decimal))

    def size(self, in_bytes: int) -> str:
        """The size of a file, to two digits at least: `812 B`, `1.4 MB`, `340 KB`, in French `1,4 Mo`."""
        amount, step = float(in_bytes), 0
        while amount >= 999.5 and step < len(self.patterns.sizes) - 1:
            amount, step = amount / 1024, step + 1
        digits = f"{amount:.1f}".removesuffix(".0") if step and amount < 9.95 else f"{amount:.0f}"
        return f"{digits.replace('.', self.patterns.decimal)}\N{NO-BREAK SPACE}{self.patterns.sizes[step]}"

    def state_name(self, code: str) -> str:
        """The short name of a State as the United Nations uses it; the code if the list has no name."""
        return self.states.get(code) or self.invented_states.get(code) or code

    def sort_key(self, name: str) -> str:
        """A sort key for this language: without accents, with its own letters after their base letter, and with the
        letters that are two (œ) or have a stroke (ø) as those that they are read as."""
        name = unicodedata.normalize("NFC", name)
        for letter, base in self.letters_after.items():
            name = name.replace(letter, base + "\uffff").replace(letter.upper(), base + "\uffff")
        plain = unicodedata.normalize("NFD", name)
        return "".join(char for char in plain if not unicodedata.combining(char)).casefold().translate(READ_AS)

    def states_in_order(self, *present: str) -> list[tuple[str, str]]:
        """`(code, name)` of all States that can be chosen, in the alphabetical order of this language.

        `present` are those chosen before ("" for none), which are included even if they are no longer in the list.
        """
        offered = self.states | {code: self.state_name(code) for code in present if code}
        return sorted(offered.items(), key=lambda state: self.sort_key(state[1]))

    def _within_month(self, pattern: str, first: Day, last: Day) -> str:
        a, b = self._parts(first), self._parts(last)
        return pattern.format(d1=a["d"], d2=b["d"], m=b["m"], y=b["y"])

    def _range_start(self, first: Day, last: Day) -> str:
        return self.day_month(first) if first.year == last.year else self.date(first)

    def _parts(self, day: Day) -> dict[str, Any]:
        number = self.patterns.first_day if day.day == 1 else str(day.day)
        return {"d": number, "m": self.patterns.months[day.month - 1], "y": day.year}


KNOWN = {
    "en": Language(
        "en",
        "English",
        Patterns(
            months=tuple(
                "January February March April May June July August September October November December".split()
            ),
            date=whole("{d} {m} {y}"),
            day_month=whole("{d} {m}"),
            first_day="1",
            heading="{a} " + DASH + " {b}",
            heading_within_month="{d1}" + DASH + whole("{d2} {m} {y}"),
            sentence="from {a} to {b}",
            sentence_within_month="from {d1} to " + whole("{d2} {m} {y}"),
            time=whole("{h:02}:{n:02} UTC"),
            moment="{date}, {time}",
            at="{date} at {time}",
            at_one="{date} at {time}",
            thousands=",",
            decimal=".",
            percent="{p}%",
            sizes=("B", "KB", "MB", "GB"),
        ),
    ),
    "es": Language(
        "es",
        "español",
        Patterns(
            months=tuple(
                "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
            ),
            date=whole("{d} de {m} de {y}"),
            day_month=whole("{d} de {m}"),
            first_day="1",
            heading="{a} a {b}",
            heading_within_month="{d1} a " + whole("{d2} de {m} de {y}"),
            sentence="del {a} al {b}",
            sentence_within_month="del {d1} al " + whole("{d2} de {m} de {y}"),
            time=whole("{h:02}:{n:02} UTC"),
            moment="{date}, {time}",
            at="{date} a las {time}",
            at_one="{date} a la {time}",
            thousands=".",
            decimal=",",
            percent=whole("{p} %"),
            sizes=("B", "kB", "MB", "GB"),
        ),
        letters_after={"ñ": "n"},
    ),
    "fr": Language(
        "fr",
        "français",
        Patterns(
            months=tuple(
                "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
            ),
            date=whole("{d} {m} {y}"),
            day_month=whole("{d} {m}"),
            first_day="1ᵉʳ",
            heading="{a} " + DASH + " {b}",
            heading_within_month="{d1}" + DASH + whole("{d2} {m} {y}"),
            sentence="du {a} au {b}",
            sentence_within_month="du {d1} au " + whole("{d2} {m} {y}"),
            time=whole("{h} h {n:02} UTC"),
            moment="{date}, {time}",
            at="{date} à {time}",
            at_one="{date} à {time}",
            thousands=NO_BREAK,
            decimal=",",
            percent=whole("{p} %"),
            sizes=("o", "ko", "Mo", "Go"),
        ),
    ),
}


def bind(codes: tuple[str, ...], folders: tuple[Path, ...]) -> dict[str, Language]:
    """The languages with their catalogues and state names.

    `folders` contain `<code>/LC_MESSAGES/messages.mo` and `states/<code>.toml`. Raises KeyError for a code without
    patterns and StopIteration for one without names of States.
    """
    return {code: _bind_one(KNOWN[code], folders) for code in codes}


def _bind_one(language: Language, folders: tuple[Path, ...]) -> Language:
    catalogue = Translations()
    for folder in folders:
        found = Translations.load(folder, [Locale.parse(language.code)])
        if isinstance(found, Translations):
            catalogue.merge(found)
            catalogue.plural = found.plural  # `merge` does not take it over
    path = next(path for folder in folders if (path := folder / "states" / f"{language.code}.toml").exists())
    names = tomllib.loads(path.read_text("utf-8"))
    return replace(language, catalogue=catalogue, states=names["states"], invented_states=names["invented"])


def site_languages() -> dict[str, Language]:
    """The languages of the running application, by code, in the order of the language bar."""
    bound: dict[str, Language] = current_app.extensions["languages"]
    return bound


def reader_language() -> Language:
    """The language of the address, or the site's default outside a request."""
    found: Language | None = g.get("language")
    return found or site_default()


def language_or_default(code: str | None) -> Language:
    """The language with this code if the site has it, otherwise the site's default."""
    return site_languages().get(code or "") or site_default()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Use this language in the block, for example that of an email's recipient; works outside requests too."""
    before = g.get("language")
    g.language = language
    refresh()
    try:
        yield
    finally:
        if before is None:
            g.pop("language")
        else:
            g.language = before
        refresh()


def site_default() -> Language:
    return site_languages()[current_app.config["SITE"].default_language]


def preferred() -> dict[str, str]:
    """The codes of the reader's language and of the site's default, for statements that choose the best text."""
    return {"language": reader_language().code, "default": site_default().code}


def negotiate(saved: str | None, accepted: LanguageAccept) -> Language:
    """The reader's saved choice, otherwise the browser's preference by quality, otherwise the site's default.

    Regions are ignored (`fr-CA` matches `fr`), and `*` stands for the site's default. A language with the quality 0 is
    chosen only if there is no other.
    """
    offered = site_languages()
    if saved in offered:
        return offered[saved]
    by_quality = sorted(accepted, key=lambda wish: wish[1], reverse=True)
    refused = {tag.lower() for tag, quality in by_quality if quality <= 0}
    wishes = [tag.lower() for tag, quality in by_quality if quality > 0]
    possible = [one for one in (site_default(), *offered.values()) if one.code not in refused] or [site_default()]
    return next(one for tag in (*wishes, "*") for one in possible if tag == "*" or one.code == tag.partition("-")[0])


def stored_date(value: str) -> str:
    """A date, or a time in UTC, as the log and former wordings store it, in the words of the reader; "" for none."""
    if not value:
        return ""
    moment = datetime.fromisoformat(value.removesuffix(" UTC"))
    return reader_language().moment(moment) if value.endswith("UTC") else reader_language().date(moment)


def days_left(until: datetime, now: datetime) -> int:
    """Whole days left; 0 on the last day."""
    return max((until - now) // timedelta(days=1), 0)


def hours_left(until: datetime, now: datetime) -> int:
    """Hours left, rounded up; at least 1."""
    return max(-((now - until) // timedelta(hours=1)), 1)


class _Text(Protocol):
    language: Any


T = TypeVar("T", bound=_Text)


def best_text(texts: Mapping[str, T], language: str, default: str) -> T | None:
    """The text in this language, otherwise in the site's default, otherwise in any; None if there is none.

    Its own `language` shows whether it is another one, which the page then says.
    """
    return texts.get(language) or texts.get(default) or next(iter(texts.values()), None)


def text_in(owner: Any, language: Language | None = None) -> Any:
    """The owner's text in this language, by default the reader's, or the best other one (see `best_text`)."""
    return best_text(owner.texts, (language or reader_language()).code, site_default().code)


def part_in(owner: Any, field: str) -> SimpleNamespace | None:
    """One field of the owner's texts, as `text` and `language`: the text of `text_in` may have it empty."""
    return in_best_language({code: getattr(text, field) for code, text in owner.texts.items()})


def in_best_language(texts: Mapping[str, str] | None) -> SimpleNamespace | None:
    """From texts by code, the one in the reader's language or the best other one; None if there is none."""
    given = (texts or {}).items()
    made = {code: SimpleNamespace(language=code, text=text) for code, text in given if text and code.isalpha()}
    return best_text(made, reader_language().code, site_default().code)
