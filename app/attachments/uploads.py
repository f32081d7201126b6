"""Checking an uploaded file: its name without dangerous characters, its kind by its content, its size and checksum."""

import re
from dataclasses import dataclass
from os import SEEK_END
from pathlib import PurePath
from typing import IO, Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.attachments.kinds import CSV, KINDS, TEXT, CannotBeChecked, HasMacros, Kind, Unrecognized, recognize
from app.attachments.linked import loads_from_elsewhere
from app.attachments.pictures import cleaned
from app.languages import Language
from app.models import Attachment
from app.plain import plain_line
from app.storage import checksum

EMPTY = _l("“%(name)s” is empty. Please choose another file.")
TOO_LARGE = _l("“%(name)s” exceeds %(most)s, the maximum size of a file. Please reduce it, or provide a link to it.")
NOT_TAKEN = _l(
    "“%(name)s” is of a type that cannot be attached. Please choose a file of one of these types: %(endings)s."
)
NOT_ITS_NAME = _l(
    "The content of “%(name)s” does not match its name: it is a file of the type “%(kind)s”. "
    "Please give it a name that ends in %(ending)s, or choose another file."
)
NO_UTF_8 = _l("“%(name)s” is not plain text in UTF-8. Please save it as text, or as CSV, with the encoding UTF-8.")
FROM_ELSEWHERE = _l(
    "“%(name)s” loads a template or other content from the web or a shared drive. Please save it without links to "
    "other files, or as a PDF."
)
MACROS = _l("“%(name)s” contains macros, which cannot be attached. Please save it without macros.")
DAMAGED = _l(
    "“%(name)s” cannot be checked: it is damaged, is protected by a password, or would be far "
    "larger than its stated size when unpacked. Please save it again, or as PDF."
)
TEXT_ENDINGS = (*TEXT.endings, *CSV.endings)
ENDINGS = tuple(ending for kind in KINDS for ending in kind.endings)
LONGEST_ENDING = 6  # in characters with the dot; anything longer belongs to the name
LONGEST_SENT = 1_000  # in characters, of a name with its path, counted from the end
NAMELESS = "file"
# Characters that mean something to an operating system; and marks that make letters appear in another order.
IN_NO_NAME = re.compile(r'[<>:"|?*]')
DIRECTION_MARKS = re.compile("[\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER MARK}]")
PATH = re.compile(r"^.*[/\\]", re.DOTALL)


class Unacceptable(Exception):
    """Why a file cannot be attached, in the reader's language."""

    def __init__(self, message: Any, **values: str) -> None:
        super().__init__(str(message) % values)


@dataclass(frozen=True)
class Upload:
    """`sha256` in hexadecimal digits, `size` in bytes; `content` is open, at any position."""

    name: str
    media_type: str
    size: int
    sha256: str
    content: IO[bytes]

    @property
    def identity(self) -> tuple[str, str]:
        """Identical if a form is sent again with the same file."""
        return self.name, self.sha256


def read_upload(sent_name: str, content: IO[bytes], *, largest: int, language: Language) -> Upload:
    """The file as it can be attached: of at most `largest` bytes, with a clean name, and a picture without metadata. It
    reads from `content`, which must remain open.

    Raises Unacceptable, with sizes written as in `language`.
    """
    name, size = clean_name(sent_name), content.seek(0, SEEK_END)
    if not size:
        raise Unacceptable(EMPTY, name=name)
    if size > largest:
        raise Unacceptable(TOO_LARGE, name=name, most=language.size(largest))
    kind = _kind_of(name, content)
    kept = _checked(name, content, kind)
    size = kept.seek(0, SEEK_END)
    kept.seek(0)
    return Upload(_with_ending(name, kind), kind.media_type, size, checksum(kept), kept)


def clean_name(sent: str) -> str:
    """The name of a file without its path and dangerous characters, cut to Attachment.MAX_NAME."""
    name = DIRECTION_MARKS.sub("", plain_line(PATH.sub("", sent[-LONGEST_SENT:])))
    name = IN_NO_NAME.sub("_", name).strip(" .") or NAMELESS
    ending = _ending_of(name)
    most = Attachment.MAX_NAME - LONGEST_ENDING  # leaves room for a missing ending
    return name.removesuffix(ending)[:most].rstrip(" .") + ending


def _kind_of(name: str, content: IO[bytes]) -> Kind:
    """The kind on which content and name agree. Raises Unacceptable."""
    ending = _ending_of(name).lower()
    try:
        kinds = recognize(content)
    except HasMacros as error:
        raise Unacceptable(MACROS, name=name) from error
    except CannotBeChecked as error:
        raise Unacceptable(DAMAGED, name=name) from error
    except Unrecognized as error:
        raise Unacceptable(NO_UTF_8 if ending in TEXT_ENDINGS else NOT_TAKEN, name=name, endings=_listed()) from error
    fitting = next((kind for kind in kinds if ending in kind.endings or not ending), None)
    if fitting is None and TEXT in kinds and ending not in ENDINGS:
        raise Unacceptable(NOT_TAKEN, name=name, endings=_listed())  # such as a script
    if fitting is None:
        raise Unacceptable(NOT_ITS_NAME, name=name, kind=gettext(kinds[0].label), ending=kinds[0].endings[0])
    return fitting


def _checked(name: str, content: IO[bytes], kind: Kind) -> IO[bytes]:
    """The content as it is stored. Raises Unacceptable if it is damaged, or loads something from elsewhere."""
    try:
        if loads_from_elsewhere(content, kind):
            raise Unacceptable(FROM_ELSEWHERE, name=name)
        return cleaned(content, kind)
    except CannotBeChecked as error:
        raise Unacceptable(DAMAGED, name=name) from error


def _ending_of(name: str) -> str:
    """The ending as written, such as `.pdf`; "" if there is none."""
    suffix = PurePath(name).suffix
    return suffix if len(suffix) <= LONGEST_ENDING else ""


def _with_ending(name: str, kind: Kind) -> str:
    return name if _ending_of(name) else name + kind.endings[0]


def _listed() -> str:
    return ", ".join(ENDINGS)
