"""Texts in each language: the form of one language, and how it joins an object's own fields. One mechanism for all."""

from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.validators import ValidationError

from app.admin.object_queries import Kind, version_of_object
from app.forms import AtMost, BodyField, Form, LineField, OnceForm, Renders, VersionedForm, tell_differences
from app.languages import Language, reader_language, site_languages
from app.models import DocumentText, ForumText, GroupText, NoticeText, PageText, QuestionText, ReasonText

MAX_REMARKS = 2_000


class Needed:
    """Has to be filled in as soon as anything else in this language is."""

    def __call__(self, form: Any, field: Any) -> None:
        if form.is_filled and not (field.data or "").strip():
            label = field.label.text
            raise ValidationError(
                _("Please fill in “%(label)s” too, or empty all fields of this language.", label=label)
            )


class TextForm(Form):
    """The texts of an object in one language."""

    class Meta(Form.Meta):
        csrf = False

    @property
    def typed(self) -> dict[str, str]:
        return {field.name: (field.data or "").strip() for field in self}

    @property
    def is_filled(self) -> bool:
        return any(self.typed.values())


class PageTextForm(TextForm):
    title = LineField(_l("Title"), [Needed(), AtMost(PageText.MAX_TITLE)])
    description = LineField(_l("Description for search engines"), [AtMost(PageText.MAX_DESCRIPTION)])
    body = BodyField(_l("Text (Markdown)"), [AtMost(PageText.MAX_BODY), Renders()], render_kw={"rows": 18})


class ForumTextForm(TextForm):
    title = LineField(_l("Title"), [Needed(), AtMost(ForumText.MAX_TITLE)])
    short_title = LineField(_l("Short title"), [Needed(), AtMost(ForumText.MAX_SHORT_TITLE)])
    description = LineField(_l("Description for lists and search engines"), [AtMost(ForumText.MAX_DESCRIPTION)])
    remarks = BodyField(_l("Remarks"), [AtMost(MAX_REMARKS)], render_kw={"rows": 3})
    about = BodyField(_l("About the forum (Markdown)"), [AtMost(ForumText.MAX_BODY), Renders()], render_kw={"rows": 14})
    mandate = BodyField(_l("Mandate (Markdown)"), [AtMost(ForumText.MAX_BODY), Renders()], render_kw={"rows": 8})


class GroupTextForm(TextForm):
    title = LineField(_l("Title"), [Needed(), AtMost(GroupText.MAX_TITLE)])
    introduction = BodyField(
        _l("Introduction (Markdown)"), [AtMost(GroupText.MAX_BODY), Renders()], render_kw={"rows": 12}
    )
    remarks = BodyField(_l("Remarks (Markdown)"), [AtMost(GroupText.MAX_BODY), Renders()], render_kw={"rows": 4})


class QuestionTextForm(TextForm):
    text = BodyField(_l("Question"), [Needed(), AtMost(QuestionText.MAX_TEXT)], render_kw={"rows": 4})


class NoticeTextForm(TextForm):
    title = LineField(_l("Title"), [Needed(), AtMost(NoticeText.MAX_TITLE)])
    body = BodyField(_l("Text (Markdown)"), [AtMost(NoticeText.MAX_BODY), Renders()], render_kw={"rows": 8})


class DocumentTextForm(TextForm):
    title = LineField(_l("Title"), [Needed(), AtMost(DocumentText.MAX_TITLE)])
    note = BodyField(_l("Note"), [AtMost(DocumentText.MAX_NOTE)], render_kw={"rows": 3})


class ReasonTextForm(TextForm):
    text = LineField(_l("Reason"), [Needed(), AtMost(ReasonText.MAX_TEXT)])


class ObjectForm(OnceForm, VersionedForm):
    """The plain fields of an object; `texts` holds the form of each language of the site, by its code."""

    text_form: ClassVar[type[TextForm]]

    def __init__(self, kind: Kind, thing: Any, language: Language, **source: Any) -> None:
        """The form of an object, or of a new one where `thing` is None; with `formdata=None` as it is stored."""
        super().__init__(obj=thing, version=version_of_object(kind, thing) if thing else "", **source)
        if thing is None:
            del self.version
        self.kind_of_object = kind
        stored = thing.texts if thing else {}
        self.texts = {code: self.text_form(prefix=code, obj=stored.get(code), **source) for code in site_languages()}
        self.fit(thing, language)

    def fit(self, thing: Any, language: Language) -> None:
        """Set what depends on the object (None for a new one) and on the reader's language."""

    @property
    def values(self) -> dict[str, Any]:
        """What goes into the object's own columns."""
        fields = [self[name] for name in self.kind_of_object.columns if name in self]
        return {field.name: field.data or "" if isinstance(field, LineField) else field.data for field in fields}

    @property
    def typed_texts(self) -> dict[str, dict[str, str]]:
        """What goes into the texts, by language; a language that is to have none has only empty fields."""
        return {
            code: {name.removeprefix(f"{code}-"): text for name, text in form.typed.items()}
            for code, form in self.texts.items()
        }

    @property
    def asked(self) -> dict[str, Any]:
        """What the actions take."""
        return {"values": self.values, "texts": self.typed_texts}

    def validate(self, extra_validators: Any = None) -> bool:
        results = [super().validate(extra_validators), *(form.validate() for form in self.texts.values())]
        if not any(form.is_filled for form in self.texts.values()):
            self._first_text_field().errors = [_("Please write the text in at least one language.")]
            results.append(False)
        return all(results)

    @property
    def errors(self) -> dict[str | None, Any]:
        found = dict(super().errors)
        for form in self.texts.values():
            found.update({field.name: field.errors for field in form if field.errors})
        return found

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """As for any form; errors in a text say in which language."""
        found = super().error_list
        for code, form in self.texts.items():
            name = site_languages()[code].name
            found += [
                (id_, _("%(language)s: %(message)s", language=name, message=message))
                for id_, message in form.error_list
            ]
        return found

    def tell_what_is_stored(self, stored: Form) -> None:
        super().tell_what_is_stored(stored)
        if isinstance(stored, ObjectForm):
            for code, form in self.texts.items():
                tell_differences(form, stored.texts[code])

    def lacks(self, code: str, field: Field) -> bool:
        """Whether a field is blank in this language although another language fills it in."""
        name = field.name.removeprefix(f"{code}-")
        return not field.data and any(typed[name] for typed in self.typed_texts.values())

    def _first_text_field(self) -> Field:
        return next(iter(self.texts[reader_language().code]))
