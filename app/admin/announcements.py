"""Announcements of a forum by email: those that were sent, and the form of each kind, with its preview."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field
from wtforms.validators import ValidationError

from app import announcements, labels
from app.addresses import asked_page, link
from app.admin.frame import Steps, about, done, show, steps_to
from app.announcement_texts import ready_texts
from app.database import utcnow
from app.forms import (
    AtMost,
    BodyField,
    ChoicesField,
    Form,
    HiddenField,
    InnerForm,
    LineField,
    OnceForm,
    Renders,
    VersionedForm,
    WithInner,
    carry_out,
    tell_differences,
)
from app.languages import site_languages
from app.markup import render
from app.models import Announcement, AnnouncementKind, Audience, Forum
from app.rows import fetch
from app.versions import fingerprint, require_version
from app.viewer import signed_in_user

KINDS = f"<any({','.join(AnnouncementKind)}):kind>"
NO_TEXT = _l("Text is required in at least one language.")

bp = Blueprint("announcements", __name__, url_prefix="/forums/<int:forum_id>/announcements")


@dataclass(frozen=True)
class Copy:
    """What the readers of one language get: a text in the language `code`, as HTML too, and what is said around it
    (app/announcements.py)."""

    people: int
    code: str
    subject: str
    html: str
    missing: str
    invitation: str


class AnnouncementText(InnerForm):
    """The text in one language."""

    subject = LineField(_l("Subject"), [AtMost(Announcement.MAX_SUBJECT)])
    body = BodyField(
        _l("Text"),
        [AtMost(Announcement.MAX_BODY), Renders()],
        description=_l("Plain text, or Markdown."),
        render_kw={"rows": 16},
    )

    @property
    def typed(self) -> dict[str, str]:
        return {"subject": self.subject.data or "", "body": (self.body.data or "").strip()}

    @property
    def is_filled(self) -> bool:
        return any(self.typed.values())

    def validate_body(self, field: Any) -> None:
        is_typed = any((one.raw_data or [""])[0] for one in (self.subject, field))
        if is_typed and not (self.subject.data and field.data):
            raise ValidationError(_("Please enter the subject and the text, or clear both."))


class AnnouncementForm(WithInner, OnceForm, VersionedForm):
    """`texts` holds the form of each language, by its code, at first with the ready text."""

    audiences = ChoicesField(_l("Recipients"), coerce=str)
    previewed = HiddenField()  # the digest of what the preview has shown, and the numbers of recipients
    ready = HiddenField()  # the digests of the ready texts with which the form began
    attached: tuple[()] = ()
    stored: Mapping[str, Any] = {}

    def __init__(self, forum: Forum, kind: AnnouncementKind, **source: Any) -> None:
        super().__init__(version=announcements.version_of(forum), **source)
        ready = ready_texts(forum, kind, utcnow())
        self.texts = {code: AnnouncementText(prefix=code, data=ready[code], **source) for code in site_languages()}
        if not self.is_submitted():
            self.ready.data = " ".join(_mark(code, *text) for code in ready for text in ready[code].items())
        self.audiences.offer([(one.value, _of_audience(forum, one)) for one in Audience])

    @property
    def typed(self) -> dict[str, dict[str, str]]:
        return {code: form.typed for code, form in self.texts.items() if form.is_filled}

    @property
    def digest(self) -> str:
        return fingerprint(sorted(self.audiences.data or ()), self.typed)

    @property
    def inner(self) -> list[tuple[str, Form]]:
        return [(site_languages()[code].name, form) for code, form in self.texts.items()]

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = all([super().validate(extra_validators), *(form.validate() for form in self.texts.values())])
        if is_valid and not self.typed:
            next(iter(self.texts.values())).body.errors = [NO_TEXT]
            return False
        return is_valid

    def validate_audiences(self, field: Any) -> None:
        if not field.data:
            raise ValidationError(_("Please select at least one group of recipients."))

    def lacks(self, code: str, shown: Field) -> bool:
        """Whether a field is blank in this language although another language fills it in."""
        return not shown.data and any(form[shown.short_name].data for form in self.texts.values())

    def is_outdated_in(self, _code: str) -> bool:
        return False

    def tell_what_is_stored(self, stored: Form) -> None:
        """Renew the ready texts that have not been edited."""
        super().tell_what_is_stored(stored)
        for code, form in self.texts.items():
            for name, text in form.typed.items():
                if _mark(code, name, text) in (self.ready.data or ""):
                    form[name].data = stored.texts[code][name].data
            tell_differences(form, stored.texts[code])
        self.ready.data = stored["ready"].data


@bp.get("/")
def index(forum_id: int) -> ResponseReturnValue:
    forum, now = fetch(Forum, forum_id), utcnow()
    found, counts = announcements.list_announcements(forum_id, asked_page())
    shown: dict[str, Any] = {
        "forum": forum,
        "about": about(forum),
        "found": found,
        "counts": counts,
        "kinds": {kind: announcements.refusal(forum, kind, now) for kind in AnnouncementKind},
    }
    return show("admin/announcements.html", _("Announcements by email"), steps_to(forum), **shown)


@bp.get("/<int:key>/")
def sent(forum_id: int, key: int) -> ResponseReturnValue:
    """One that has been sent, with its texts."""
    forum, one = fetch(Forum, forum_id), announcements.get_announcement(forum_id, key)
    counts = announcements.count_emails([one]).get(key) or one
    shown: dict[str, Any] = {"forum": forum, "about": about(forum), "one": one, "counts": counts, "render": render}
    heading = _(labels.ANNOUNCEMENT[AnnouncementKind(one.kind)])
    return show("admin/announcement_sent.html", heading, _steps_to(forum), **shown)


@bp.route(f"/{KINDS}/", methods=["GET", "POST"], defaults={"only_shows": False})
@bp.route(f"/{KINDS}/preview/", methods=["GET", "POST"], defaults={"only_shows": True}, endpoint="preview")
def write(forum_id: int, kind: str, only_shows: bool) -> ResponseReturnValue:
    """Nothing is sent but what the preview has shown. Raises Refused if this cannot be announced now."""
    forum, chosen = fetch(Forum, forum_id), AnnouncementKind(kind)
    if refused := announcements.refusal(forum, chosen, utcnow()):
        raise refused
    form, viewer = AnnouncementForm(forum, chosen), signed_in_user()
    digest, _dash, numbers = (form.previewed.data or "").partition("-")
    sends = not only_shows and digest == form.digest

    def take() -> int:
        if not sends:
            require_version(form.version.data, announcements.version_of(forum))
            return 0
        key, version = form.submission.data or "", form.version.data
        draft = announcements.Draft(chosen, form.audiences.data or (), form.typed, numbers)
        try:
            return announcements.send(forum_id, draft, key=key, version=version, viewer=viewer)
        except announcements.Recounted:
            return 0

    taken = carry_out(form, take, lambda: AnnouncementForm(forum, chosen, formdata=None))
    back = link("admin.announcements.index", forum_id=forum_id)
    if taken:
        return done(_("The announcement is being sent."), back)
    is_previewed = taken == 0
    is_changed = is_previewed and not only_shows and bool(form.previewed.data)
    counted = announcements.count_recipients(forum, form.audiences.data or ())
    form.previewed.data = f"{form.digest}-{fingerprint(counted)}" if is_previewed else ""
    refusing, declining = announcements.count_left_out(forum, form.audiences.data or ())
    here = {"forum_id": forum_id, "kind": kind}
    shown: dict[str, Any] = {
        "forum": forum,
        "about": about(forum),
        "copies": _copies(form, counted) if is_previewed else {},
        "asks_to_sign_up": announcements.asks_to_sign_up(forum, chosen, form.audiences.data or ()),
        "refusing": refusing,
        "declining": declining,
        "is_changed": is_changed,
        "before": announcements.latest_of(forum, chosen),
        "action": link("admin.announcements.write", **here),
        "preview": link("admin.announcements.preview", **here),
        "back": back,
    }
    heading, steps = _(labels.ANNOUNCEMENT[chosen]), _steps_to(forum)
    page = make_response(show("admin/announcement.html", heading, steps, form=form, **shown))
    if sends and is_previewed:  # to others than the preview has shown
        page.status_code = 409
    return page


def _mark(code: str, name: str, text: str) -> str:
    """A short digest of the text of a field."""
    return fingerprint(code, name, text)[:8]


def _steps_to(forum: Forum) -> Steps:
    index = link("admin.announcements.index", forum_id=forum.id)
    return [*steps_to(forum), (_("Announcements by email"), index, "")]


def _copies(form: AnnouncementForm, counted: Counter[str]) -> dict[str, Copy]:
    """What would be sent, by the language of the reader."""
    copies = {}
    for code, language in site_languages().items():
        used = announcements.best_code(form.typed, language)
        text = form.typed[used]
        shown = text["subject"], render(text["body"], official=True)
        copies[code] = Copy(counted[code], used, *shown, *announcements.notes(language, used))
    return copies


def _of_audience(forum: Forum, audience: Audience) -> str:
    people = announcements.count_recipients(forum, [audience]).total()
    return _("%(audience)s (%(number)s)", audience=_(labels.AUDIENCE[audience]), number=people)
