"""The field for attaching files, and how much data the addresses with such a field accept.

Files are kept in memory while a request is read, and in a temporary file once they are larger. If there is no room for
that file, the rest of the form is still read, so that the text can be given back.
"""

from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser
from wtforms import Field
from wtforms.validators import ValidationError
from wtforms.widgets import FileInput

from app.allowances import TooManyBytesSent, bytes_left
from app.attachments.uploads import ENDINGS, Unacceptable, Upload, clean_name, read_upload
from app.errors import NoRoom
from app.languages import N_, reader_language
from app.models import User
from app.permissions import moderates_anything
from app.storage import is_full
from app.viewer import viewer

MOST_IN_MEMORY = 500 * 1024  # in bytes, as in Werkzeug
CHOSEN_BEFORE = N_(
    "You had selected files (%(names)s), and now there are none. Select them again, or tick the "
    "box to send the message without them."
)
TOO_MANY = N_("You have selected %(count)s files; the maximum is %(most)s. Please select fewer.")
View = TypeVar("View", bound=Callable[..., Any])


class Spool(SpooledTemporaryFile[bytes]):
    """`has_room` says whether everything was written; unbuffered, so that this is known at once."""

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
    """Werkzeug's parser of forms, with each file in a Spool."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**(options | {"stream_factory": lambda **_what: Spool()}))


class FilesField(Field):
    """Any number of files up to the limit of the site; once the field is valid, `uploads` has those that were sent.

    Files and texts are kept apart: a file sent in place of a text is ignored, and so is a text in place of a file.
    Browsers do not keep files when a form is given back, so the names of the files come back with it as text, with a
    box to tick if the message is to go without them.
    """

    widget = FileInput(multiple=True)

    def __init__(self, label: Any, *, is_needed: bool = False, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.is_needed = is_needed
        self.uploads: list[Upload] = []
        self.refused: list[FileStorage] = []

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        super().process(None, data, extra_filters)
        sent = request.files.getlist(self.name) if formdata is not None else []
        self.sent = [file for file in sent if file.filename]
        if not all(file.stream.has_room for file in self.sent if isinstance(file.stream, Spool)):
            raise NoRoom
        texts = request.form if formdata is not None else MultiDict()
        self.chosen_before = [clean_name(name) for name in texts.getlist(self.chosen_name)[: self.most]]
        self.goes_without = self.without_name in texts

    @property
    def most(self) -> int:
        most: int = current_app.config["SITE"].files_per_message
        return most

    @property
    def chosen_name(self) -> str:
        return f"{self.name}_chosen"

    @property
    def without_name(self) -> str:
        return f"{self.name}_without"

    @property
    def to_choose_again(self) -> list[str]:
        """The names of the files that have to be chosen again if the form is given back."""
        if not self.sent:
            return self.chosen_before
        return [clean_name(file.filename or "") for file in self.sent if file not in self.refused]

    @property
    def to_attach(self) -> list[str]:
        """The names of the files that the message will have once they are chosen again."""
        return [] if self.goes_without and not self.sent else self.to_choose_again

    @property
    def chosen(self) -> list[str]:
        """The names that are sent with a form that is given back, so that the files are asked for. A refused file is
        not among them, since it has its own error."""
        return self.to_choose_again[: self.most]

    @property
    def endings(self) -> str:
        """The endings of all kinds, for the browser, which then offers such files first."""
        return ",".join(ENDINGS)

    def pre_validate(self, form: Any) -> None:
        if self.is_needed and not self.sent:
            raise ValidationError(_("Please choose a file."))
        if len(self.sent) > self.most:
            raise ValidationError(_(TOO_MANY, count=len(self.sent), most=self.most))
        problems = list(self._read())
        if problems:
            raise ValidationError(" ".join(problems))

    def require_choice(self) -> None:
        """Raise ValidationError if the files chosen earlier are missing and the box was not ticked."""
        if self.chosen_before and not self.sent and not self.goes_without:
            raise ValidationError(_(CHOSEN_BEFORE, names=", ".join(self.chosen_before)))

    def ask_again(self) -> None:
        """Add an error saying that files are not kept, to a form that is given back for another reason."""
        if self.sent and not self.errors:
            self.errors = [_("Please choose your files again.")]

    def _read(self) -> Iterator[str]:
        """Fill `uploads`, and yield what is wrong with each file that cannot be attached."""
        self.uploads, self.refused = [], []
        for file in self.sent:
            try:
                self.uploads.append(
                    read_upload(
                        file.filename or "",
                        file.stream,
                        largest=current_app.config["SITE"].largest_file,
                        language=reader_language(),
                    )
                )
            except Unacceptable as error:
                self.refused.append(file)
                yield str(error)


def takes_files(view: View) -> View:
    """A decorator for a view whose form has files, and which therefore accepts more data than others."""
    vars(view)["takes_files"] = True  # functools.wraps copies it to the outer functions
    return view


def register(app: Flask) -> None:
    """Let addresses that take files accept as many as a message may have, besides the texts of the form.

    This happens before anything reads the body of the request, as the check of the form's token does. Texts have the
    same limit as elsewhere.
    """

    @app.url_value_preprocessor
    def allow_files(endpoint: str | None, _values: Any) -> None:
        if request.mimetype != "multipart/form-data":
            return
        request.form_data_parser_class = SpoolingParser
        view = current_app.view_functions.get(endpoint or "")
        if getattr(view, "takes_files", False):
            request.max_content_length = current_app.config["MAX_CONTENT_LENGTH"] + _most_bytes_of_files()


def _most_bytes_of_files() -> int:
    """How many bytes of files a request may have. Raises TooManyBytesSent if its length shows that it has more than the
    person may still attach today."""
    site, person = current_app.config["SITE"], viewer()
    most: int = site.files_per_message * site.largest_file
    if not isinstance(person, User) or moderates_anything(person):
        return most
    left, until = bytes_left(person)
    if left < most and (request.content_length or 0) > current_app.config["MAX_CONTENT_LENGTH"] + left:
        raise TooManyBytesSent(site.bytes_per_day, until=until)
    return min(left, most)
