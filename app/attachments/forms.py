"""The field with which people choose files, and how much the addresses take that have it."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import Field
from wtforms.validators import ValidationError
from wtforms.widgets import FileInput

from app.allowances import TooManyBytesSent, bytes_left
from app.attachments.spool import SpoolingParser, has_room
from app.attachments.uploads import ENDINGS, Unacceptable, Upload, clean_name, read_upload
from app.errors import NoRoom
from app.languages import N_, reader_language
from app.models import User
from app.permissions import moderates_anything
from app.viewer import viewer

CHOSEN_BEFORE = N_(
    "You had chosen files (%(names)s), and now there are none. Choose them again, or tick the box to say that the "
    "message goes without them."
)
TOO_MANY = N_("These are %(count)s files, and at most %(most)s are possible. Please leave some out.")
View = TypeVar("View", bound=Callable[..., Any])


class FilesField(Field):
    """Any number of files up to the site's limit; `uploads` are those that were sent, once the field is valid.

    They are no part of the form's texts: a file sent in place of a text counts as nothing, and so does the reverse.
    Browsers do not keep files when a form comes back, so the names of what was chosen come with it, as a text, and a
    box to tick where it is to go without them.
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
        if not all(has_room(file.stream) for file in self.sent):
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
        """The names of the files that could be attached when the form is sent the next time."""
        if not self.sent:
            return self.chosen_before
        return [clean_name(file.filename or "") for file in self.sent if file not in self.refused]

    @property
    def to_attach(self) -> list[str]:
        """The names of the files that the message is to have, once they are chosen."""
        return [] if self.goes_without and not self.sent else self.to_choose_again

    @property
    def chosen(self) -> list[str]:
        """The names that come with the form when it is given back, so that they are asked for; a refused file has had
        its error, and is not."""
        return self.to_choose_again[: self.most]

    @property
    def endings(self) -> str:
        """For the browser, which then offers such files first."""
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
        """Let nobody post without the files that were chosen before, but who says so. Raises ValidationError."""
        if self.chosen_before and not self.sent and not self.goes_without:
            raise ValidationError(_(CHOSEN_BEFORE, names=", ".join(self.chosen_before)))

    def ask_again(self) -> None:
        """Let the errors of a form that is given back for another reason tell that its files are not kept."""
        if self.sent and not self.errors:
            self.errors = [_("Please choose your files again.")]

    def _read(self) -> Iterator[str]:
        """Fill `uploads`, and say what is wrong with each file that cannot be attached."""
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
    """A view whose form has files, and which is therefore sent more than others; a decorator."""
    vars(view)["takes_files"] = True  # which whatever wraps the view takes over
    return view


def register(app: Flask) -> None:
    """Let addresses that take files be sent as many as a message may have, besides a form's texts.

    This comes before anything else looks at the request, and so at what it was sent: the check of the form's token
    does. Texts stay as limited as they are elsewhere.
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
    """How much of a request may be files. Raises TooManyBytesSent where its length says that it is more than the
    person may still attach today."""
    site, person = current_app.config["SITE"], viewer()
    most: int = site.files_per_message * site.largest_file
    if not isinstance(person, User) or moderates_anything(person):
        return most
    left, until = bytes_left(person)
    if left < most and (request.content_length or 0) > current_app.config["MAX_CONTENT_LENGTH"] + left:
        raise TooManyBytesSent(site.bytes_per_day, until=until)
    return min(left, most)
