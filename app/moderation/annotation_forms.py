"""The form of a summary or a follow-up, with its texts in every language of the site."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.validators import ValidationError

from app.forms import (
    AtMost,
    BodyField,
    Form,
    InnerForm,
    LineField,
    OnceForm,
    Renders,
    VersionedForm,
    WithInner,
    tell_differences,
    web_address,
)
from app.languages import site_languages
from app.models import Annotation, AnnotationKind, AnnotationText
from app.moderation.annotation_queries import version_of

CITING = _l("Plain text, or Markdown. The number of a message, such as #1234, becomes a link to it.")


class SummaryText(InnerForm):
    """The text in one language."""

    body = BodyField(
        _l("Text"), [AtMost(AnnotationText.MAX_SUMMARY), Renders()], description=CITING, render_kw={"rows": 14}
    )

    @property
    def typed(self) -> dict[str, str]:
        return {"body": (self.body.data or "").strip(), "url": ""}

    @property
    def is_filled(self) -> bool:
        return any(self.typed.values())


class FollowUpText(SummaryText):
    body = BodyField(
        _l("Text"), [AtMost(AnnotationText.MAX_FOLLOW_UP), Renders()], description=CITING, render_kw={"rows": 5}
    )
    url = LineField(
        _l("Web address (optional)"),
        [AtMost(AnnotationText.MAX_URL), web_address],
        description=_l("Where more information can be found, for example the relevant paragraph of the report."),
    )

    @property
    def typed(self) -> dict[str, str]:
        return {**super().typed, "url": self.url.data or ""}

    def validate_body(self, field: Any) -> None:
        if self.url.data and not field.data:
            raise ValidationError(_("Please enter the text as well, or clear the web address."))


TEXT_FORMS = {AnnotationKind.SUMMARY: SummaryText, AnnotationKind.FOLLOW_UP: FollowUpText}


class AnnotationForm(WithInner, OnceForm, VersionedForm):
    """`texts` holds the form of each language, by its code; `stored` what is written."""

    attached: tuple[()] = ()

    def __init__(self, kind: str, found: Annotation | None, **source: Any) -> None:
        super().__init__(version=version_of(found), **source)
        whence = {"formdata": source["formdata"]} if "formdata" in source else {}
        self.stored = stored = found.texts if found else {}
        text_form = TEXT_FORMS[AnnotationKind(kind)]
        self.texts = {code: text_form(prefix=code, obj=stored.get(code), **whence) for code in site_languages()}

    @property
    def typed(self) -> dict[str, dict[str, str]]:
        return {code: form.typed for code, form in self.texts.items()}

    def validate(self, extra_validators: Any = None) -> bool:
        return all([super().validate(extra_validators), *(form.validate() for form in self.texts.values())])

    @property
    def inner(self) -> list[tuple[str, Form]]:
        """The forms of the texts, with the names of their languages."""
        return [(site_languages()[code].name, form) for code, form in self.texts.items()]

    def lacks(self, code: str, shown: Field) -> bool:
        """Whether a field is blank in this language although another language fills it in."""
        return not shown.data and any(form[shown.short_name].data for form in self.texts.values())

    def is_outdated_in(self, code: str) -> bool:
        """Whether the text in this language has not followed a change in another."""
        return bool(getattr(self.stored.get(code), "outdated_since", None))

    def tell_what_is_stored(self, stored: Form) -> None:
        super().tell_what_is_stored(stored)
        for code, form in self.texts.items():
            tell_differences(form, stored.texts[code])
