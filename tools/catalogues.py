"""Updates the catalogues from the source texts (`update`), or checks them (`check`)."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.plurals import get_plural

from config import Config

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "translations"
LANGUAGES = [code for code in Config.languages if code != "en"]  # English is the source
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_gettext": None,
    "_l": None,
    "N_": None,
}
SHOWN = 40
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
NO_BREAK = "[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]"
FRENCH_SPACE = re.compile(rf"(?<!{NO_BREAK})[:;?!»](?=\s|$)|«(?!{NO_BREAK})")


def main() -> None:
    actions = {"check": check, "update": update}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        raise SystemExit("Usage: python -m tools.catalogues check|update")
    actions[sys.argv[1]]()


def update() -> None:
    """Write every catalogue: the texts of the source in alphabetical order, with their existing translations."""
    source = extract()
    for language in LANGUAGES:
        path = path_of(language)
        known = {key_of(entry): entry for entry in polib.pofile(str(path))} if path.exists() else {}
        catalogue = polib.POFile(wrapwidth=120)
        catalogue.metadata = _metadata(language)
        catalogue.extend(_merged(source[key], known.get(key), language) for key in sorted(source, key=_order))
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue.save(str(path))
        print(f"{path.relative_to(ROOT)}: {len(catalogue)} texts, {len(catalogue.untranslated_entries())} to translate")


def check() -> None:
    """Exit with a list of the errors in all catalogues, if there are any."""
    source = extract()
    problems = [f"{language}: {problem}" for language in LANGUAGES for problem in problems_of(language, source)]
    if problems:
        more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        raise SystemExit("\n".join(problems[:SHOWN] + more))
    print(f"{len(source)} texts, each translated into {' and '.join(LANGUAGES)}")


def problems_of(language: str, source: dict[tuple[str, str], polib.POEntry]) -> Iterator[str]:
    """The errors in the catalogue of a language, a sentence each."""
    path = path_of(language)
    if not path.exists():
        yield f"there is no {path.relative_to(ROOT)}; create it with: make catalogues"
        return
    entries = {key_of(entry): entry for entry in polib.pofile(str(path), check_for_duplicates=True)}
    for key in source.keys() - entries.keys():
        yield f"{key[1]!r} is missing; update the catalogues with: make catalogues"
    for key, entry in entries.items():
        if entry.obsolete or key not in source:
            yield f"{entry.msgid!r} is no longer in the source"
        elif entry.fuzzy:
            yield f"{entry.msgid!r} is fuzzy"
        elif entry.msgid_plural != source[key].msgid_plural:
            yield f"{entry.msgid!r} has another plural in the source"
        else:
            yield from _problems_of_entry(entry, language)


def extract() -> dict[tuple[str, str], polib.POEntry]:
    """All texts of the source, by context and text, with the comments for translators."""
    with (FOLDER / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[tuple[str, str], polib.POEntry] = {}
    texts = extract_from_dir(ROOT, methods, options, KEYWORDS, ["Translators:"], strip_comment_tags=True)
    for _file, _line, text, comments, context in texts:
        singular, plural = text if isinstance(text, tuple) else (text, "")
        key = (context or "", singular)
        entry = found.setdefault(key, polib.POEntry(msgid=singular, msgctxt=context))
        entry.msgid_plural = entry.msgid_plural or plural
        entry.comment = entry.comment or " ".join(comments)
        entry.flags = ["python-format"] if PLACEHOLDER.search(singular + plural) else []
    return found


def key_of(entry: polib.POEntry) -> tuple[str, str]:
    return entry.msgctxt or "", entry.msgid


def path_of(language: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def _problems_of_entry(entry: polib.POEntry, language: str) -> Iterator[str]:
    """The errors of an entry: missing translations, wrong placeholders, missing no-break spaces."""
    if entry.msgid_plural:
        wanted = get_plural(language).num_plurals
        pairs = [(entry.msgid if form == 0 else entry.msgid_plural, text) for form, text in entry.msgstr_plural.items()]
        if len(pairs) != wanted:
            yield f"{entry.msgid!r} needs {wanted} plural forms and has {len(pairs)}"
    else:
        pairs = [(entry.msgid, entry.msgstr)]
    for original, text in pairs:
        if not text.strip():
            yield f"{entry.msgid!r} is not translated"
        elif sorted(PLACEHOLDER.findall(original)) != sorted(PLACEHOLDER.findall(text)):
            yield f"{text!r} has other placeholders than {original!r}"
        elif "%" in _signs(text, original) and "%" not in PLACEHOLDER.sub("", original):
            yield f"{text!r} has a % that begins no placeholder"
        elif language == "fr" and FRENCH_SPACE.search(text):
            yield f"{text!r} needs a no-break space before : ; ? ! » or after «"


def _signs(text: str, original: str) -> str:
    """A translation without its placeholders and, where it has some, without `%%`, which then stands for a sign."""
    left = PLACEHOLDER.sub("", text)
    return left.replace("%%", "") if PLACEHOLDER.search(original) else left


def _merged(entry: polib.POEntry, known: polib.POEntry | None, language: str) -> polib.POEntry:
    """The text of the source with its known translation. A changed text is untranslated."""
    merged = polib.POEntry(
        msgid=entry.msgid,
        msgctxt=entry.msgctxt,
        msgid_plural=entry.msgid_plural,
        comment=entry.comment,
        flags=list(entry.flags),
    )
    if entry.msgid_plural:
        forms = range(get_plural(language).num_plurals)
        translated = known.msgstr_plural if known else {}
        merged.msgstr_plural = {form: translated.get(form, "") for form in forms}
    elif known:
        merged.msgstr = known.msgstr
    if known and known.fuzzy:
        merged.flags.append("fuzzy")
    merged.tcomment = known.tcomment if known else ""
    return merged


def _metadata(language: str) -> dict[str, str]:
    """The header, without dates, which would change with every run."""
    return {
        "Project-Id-Version": "Plenary",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": get_plural(language).plural_forms,
    }


def _order(key: tuple[str, str]) -> tuple[str, str, str]:
    """Alphabetical, whatever the case of the letters."""
    return key[1].casefold(), key[1], key[0]


if __name__ == "__main__":
    main()
