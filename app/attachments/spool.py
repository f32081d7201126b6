"""Where sent files are kept while a request is read: in memory, and in a temporary file once they are larger.

If there is no room for that file, the rest of the form is still read, so that the text can be given back.
"""

from tempfile import SpooledTemporaryFile
from typing import IO, Any

from werkzeug.formparser import FormDataParser

from app.storage import is_full

MOST_IN_MEMORY = 500 * 1024  # as Werkzeug has it


class Spool(SpooledTemporaryFile[bytes]):
    """`has_room` says whether everything was written. It is not buffered, so that this is known at once."""

    def __init__(self) -> None:
        super().__init__(max_size=MOST_IN_MEMORY, mode="w+b", buffering=0)
        self.has_room, self.expected = True, 0

    def write(self, content: Any) -> int:
        self.expected += len(content)
        if self.has_room:
            try:
                super().write(content)
                self.has_room = self.tell() == self.expected
            except OSError as error:
                if not is_full(error):
                    raise
                self.has_room = False
        return len(content)


class SpoolingParser(FormDataParser):
    """Werkzeug's parser of forms, with files in a Spool."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**(options | {"stream_factory": lambda **_what: Spool()}))


def has_room(content: IO[bytes]) -> bool:
    """Whether the whole of a sent file was written."""
    return not isinstance(content, Spool) or content.has_room
