"""The form by which files are attached to a document."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.attachments.forms import FilesField
from app.forms import ChoiceField, OnceForm, VersionedForm
from app.languages import site_languages


class FilesForm(OnceForm):
    files = FilesField(_l("Files"), is_needed=True)
    language = ChoiceField(_l("Language of the files"))

    def offer_languages(self) -> None:
        languages = [(code, language.name) for code, language in site_languages().items()]
        self.language.offer([("", _("Another language, or several")), *languages])

    @property
    def sent(self) -> dict[str, Any]:
        """What the action takes."""
        return {"files": self.files.uploads, "language": self.language.data, "key": self.submission.data or ""}


class FileDeletionForm(OnceForm, VersionedForm):
    @property
    def sent(self) -> dict[str, Any]:
        """What the action takes."""
        return {"key": self.submission.data or "", "version": self.version.data}
