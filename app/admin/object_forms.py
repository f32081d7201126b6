"""The forms of the kinds of objects: the fields besides their texts."""

from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField
from wtforms.validators import Regexp, ValidationError

from app import labels
from app.admin.forms import Between, DayField, MomentField, NumberField
from app.admin.object_queries import Kind
from app.admin.page_queries import list_pages, pages_below
from app.admin.text_forms import (
    DocumentTextForm,
    ForumTextForm,
    GroupTextForm,
    NoticeTextForm,
    ObjectForm,
    PageTextForm,
    QuestionTextForm,
    ReasonTextForm,
)
from app.database import utcnow
from app.forms import AtMost, ChoiceField, LineField, Required
from app.languages import N_, Language, text_in
from app.models import Approval, Document, Forum, Group, Page, PageKind

MAX_SLUG = 80
PAGE_KINDS = {
    PageKind.TEXT: N_("A page of text"),
    PageKind.HOME: N_("The home page"),
    PageKind.PORTAL: N_("The portal, with open, planned and closed forums"),
    PageKind.ARCHIVE: N_("The archive"),
}


class WebAddress:
    """An http or https address, or nothing."""

    def __call__(self, form: Any, field: Any) -> None:
        if field.data and not _is_web_address(field.data):
            raise ValidationError(_("Please give a web address that begins with https:// or http://."))


def slug_field() -> LineField:
    """The name of something in its address, the same in all languages."""
    rule = _l("Use small letters from a to z, digits and single hyphens between them, such as first-group.")
    return LineField(
        _l("Name in the address"),
        [
            Required(_l("Please give a name for the address.")),
            AtMost(MAX_SLUG),
            Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$", message=rule),
        ],
        description=_l(
            "Small letters from a to z, digits and hyphens. When it changes, the old address leads to the new one."
        ),
    )


def order_field() -> NumberField:
    return NumberField(
        _l("Place among its neighbours"),
        [Between(0, 9_999)],
        default=0,
        description=_l("The lowest number comes first."),
    )


class PageForm(ObjectForm):
    text_form = PageTextForm
    kind = ChoiceField(_l("Kind of page"))
    slug = slug_field()
    parent_id = ChoiceField(_l("Stands below"), coerce=lambda value: int(value) or None)
    position = order_field()

    def fit(self, thing: Page | None, language: Language) -> None:
        pages = list_pages()
        taken = {page.kind for _depth, page in pages} - {PageKind.TEXT}
        self.kind.offer([(kind, _(label)) for kind, label in PAGE_KINDS.items() if kind not in taken])
        below = pages_below(thing) if thing else set()
        parents = [(page.id, _page_label(depth, page, language)) for depth, page in pages if page.id not in below]
        if PageKind.HOME not in taken:
            parents.insert(0, (0, _("Nothing: it stands at the top")))
        self.parent_id.offer(parents)
        self._leave_out(thing)

    def _leave_out(self, thing: Page | None) -> None:
        """A page keeps its kind; built-in ones have an address of their own, and home stands below nothing."""
        if thing is not None:
            del self.kind
            if thing.kind != PageKind.TEXT:
                del self.slug
            if thing.kind == PageKind.HOME:
                del self.parent_id


class ForumForm(ObjectForm):
    text_form = ForumTextForm
    slug = slug_field()
    approval = ChoiceField(_l("A moderator reads before publication"), default=Approval.NOBODY)
    by_invitation = BooleanField(
        _l("Only participants whom the Secretariat has approved for this forum may post; everybody may read")
    )

    def fit(self, thing: Forum | None, language: Language) -> None:
        self.approval.offer(_approvals())


class ForumPageForm(ObjectForm):
    text_form = PageTextForm
    slug = slug_field()
    position = order_field()


class GroupForm(ObjectForm):
    text_form = GroupTextForm
    number = NumberField(_l("Number of the group"), [Between(1, 999)])
    slug = slug_field()
    approval = ChoiceField(_l("A moderator reads before publication"), coerce=lambda value: value or None)

    def fit(self, thing: Group | None, language: Language) -> None:
        self.approval.offer([("", _("As in the forum")), *_approvals()])


class QuestionForm(ObjectForm):
    text_form = QuestionTextForm
    number = NumberField(_l("Number of the question"), [Between(1, 999)])


class NoticeForm(ObjectForm):
    text_form = NoticeTextForm
    published_at = MomentField(_l("Published"), default=lambda: utcnow().replace(second=0))


class DocumentForm(ObjectForm):
    text_form = DocumentTextForm
    kind = ChoiceField(_l("Kind of document"))
    symbol = LineField(
        _l("Symbol (optional)"),
        [AtMost(Document.MAX_SYMBOL)],
        description=_l("As it is printed on the document. It is never translated."),
    )
    dated = DayField(_l("Date (optional)"))
    url = LineField(_l("Web address (optional)"), [AtMost(Document.MAX_URL), WebAddress()])
    position = order_field()

    def fit(self, thing: Document | None, language: Language) -> None:
        self.kind.offer([(kind, _(label)) for kind, label in labels.DOCUMENT.items()])


class ReasonForm(ObjectForm):
    text_form = ReasonTextForm
    position = order_field()


FORMS: dict[str, type[ObjectForm]] = {
    "pages": PageForm,
    "forums": ForumForm,
    "forum-pages": ForumPageForm,
    "groups": GroupForm,
    "questions": QuestionForm,
    "notices": NoticeForm,
    "documents": DocumentForm,
    "reasons": ReasonForm,
}


def form_for(kind: Kind, thing: Any, language: Language, **source: Any) -> ObjectForm:
    """The form of an object, or of a new one where `thing` is None, with choices named in the reader's language.

    With `formdata=None` it is the form of what is stored, whatever was sent.
    """
    return FORMS[kind.name](kind, thing, language, **source)


def _approvals() -> list[tuple[str, str]]:
    return [(policy.value, _(label)) for policy, label in labels.APPROVAL.items()]


def _page_label(depth: int, page: Page, language: Language) -> str:
    text = text_in(page, language)
    return "\N{EN DASH} " * depth + (text.title if text else page.slug)


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not set(address) & set(' "<>\\')
