"""Every address of the site: its methods, its guard, and where the full world has a page at it.

Rules and paths are given without `/<language>` where they have it. A path is filled in with the keys of
tests/full_world.py; an address that takes POST only, or wants a token from a mail, has none here.
"""

from dataclasses import dataclass

from app.admin.kinds import KINDS
from app.figures.contents import FIGURES
from app.models import PeriodKind, Role
from tests.full_world import FullWorld

PEOPLE = ("visitor", "alice", "bruno", "moderator", "translator", "admin")
GET, POST, FORM = frozenset({"GET"}), frozenset({"POST"}), frozenset({"GET", "POST"})

# What a GET answers to each of PEOPLE.
PUBLIC = (200, 200, 200, 200, 200, 200)
REDIRECT = (302, 302, 302, 302, 302, 302)
GUESTS_ONLY = (200, 302, 302, 302, 302, 302)
SIGNED_IN = (302, 200, 200, 200, 200, 200)
OTHERS_OF_BRUNO = (302, 200, 403, 200, 200, 200)
MODERATION = (302, 403, 403, 200, 403, 200)
OWN_OF_ALICE = (302, 200, 403, 403, 403, 403)
ADMIN = (302, 403, 403, 403, 403, 200)
WITH_SECOND_STEP = (302, 302, 302, 302, 302, 200)  # the administrator of the full world has one
MODERATOR = (302, 403, 403, 200, 403, 200)
TRANSLATION = (302, 403, 403, 403, 200, 200)
TOKEN = (410, 410, 410, 410, 410, 410)  # without a good one


@dataclass(frozen=True)
class Row:
    """`in_language` says whether the address begins with a language."""

    rule: str
    methods: frozenset[str]
    guard: tuple[int, ...]
    paths: tuple[str, ...] = ()
    in_language: bool = True


FORUMS = ("open", "planned", "undated", "last-hours", "extended", "reopened", "closed", "archived")
FORUM_PATHS = tuple(f"/forums/{state}-forum/" for state in FORUMS)
PERIODS = ",".join(PeriodKind)
WITHOUT_PICTURE = ("unanswered", "silent", "not-written")

ROWS = [
    Row("/", GET, REDIRECT, ("/",), in_language=False),
    Row("/healthz", GET, PUBLIC, ("/healthz",), in_language=False),
    Row("/robots.txt", GET, PUBLIC, ("/robots.txt",), in_language=False),
    Row("/sitemap.xml", GET, PUBLIC, ("/sitemap.xml",), in_language=False),
    Row("/sitemap/site.xml", GET, PUBLIC, ("/sitemap/site.xml",), in_language=False),
    Row("/sitemap/topics-<int:part>.xml", GET, PUBLIC, ("/sitemap/topics-1.xml",), in_language=False),
    Row("/static/<path:filename>", GET, PUBLIC, ("/static/base.css",), in_language=False),
    Row(
        "/attachments/<int:attachment_id>/<name>",
        GET,
        PUBLIC,
        ("/attachments/{attachment}/text.txt", "/attachments/{document_file}/paper.pdf"),
        in_language=False,
    ),
    Row("/", GET, PUBLIC, ("/",)),
    Row("/pages/<slug>/", GET, PUBLIC, ("/pages/rules/", "/pages/child/")),
    Row("/portal/", GET, PUBLIC, ("/portal/",)),
    Row("/archive/", GET, PUBLIC, ("/archive/",)),
    Row("/forums/<forum_slug>/", GET, PUBLIC, FORUM_PATHS),
    Row("/forums/<forum_slug>/pages/<slug>/", GET, PUBLIC, ("/forums/open-forum/pages/purpose/",)),
    Row("/forums/<forum_slug>/groups/", GET, PUBLIC, tuple(f"{path}groups/" for path in FORUM_PATHS)),
    Row(
        "/forums/<forum_slug>/groups/<group_slug>/",
        GET,
        PUBLIC,
        ("/forums/open-forum/groups/group-2/", *(f"{path}groups/group-1/" for path in FORUM_PATHS)),
    ),
    Row("/forums/<forum_slug>/groups/<group_slug>/new/", FORM, SIGNED_IN, ("/forums/open-forum/groups/group-1/new/",)),
    Row(
        "/topics/<int:topic_id>/",
        GET,
        PUBLIC,
        (
            "/topics/{long_topic}/",
            "/topics/{long_topic}/?page=2",
            "/topics/{moderated.topic}/",
            "/topics/{locked_topic}/",
        ),
    ),
    Row(
        "/topics/<int:topic_id>/reply/",
        FORM,
        SIGNED_IN,
        ("/topics/{long_topic}/reply/", "/topics/{long_topic}/reply/?to={edited}&quote=1"),
    ),
    Row(
        "/messages/<int:number>/",
        GET,
        REDIRECT,
        ("/messages/{edited}/", "/messages/{withdrawn}/", "/messages/{moderated.withheld}/"),
    ),
    Row(
        "/messages/<int:number>/history/",
        GET,
        PUBLIC,
        ("/messages/{edited}/history/", "/messages/{moderated.corrected}/history/"),
    ),
    Row("/messages/<int:number>/edit/", FORM, OWN_OF_ALICE, ("/messages/{edited}/edit/",)),
    Row("/messages/<int:number>/withdraw/", FORM, OWN_OF_ALICE, ("/messages/{edited}/withdraw/",)),
    Row("/messages/<int:number>/report/", FORM, OTHERS_OF_BRUNO, ("/messages/{moderated.reported}/report/",)),
    Row("/preview/", POST, SIGNED_IN),
    Row("/forums/<forum_slug>/record/", GET, PUBLIC, tuple(f"{path}record/" for path in FORUM_PATHS)),
    Row("/print/forums/<forum_slug>/record/", GET, PUBLIC, ("/print/forums/open-forum/record/",)),
    Row("/moderation/", GET, MODERATION, ("/moderation/",)),
    Row(
        "/moderation/messages/<int:number>/",
        GET,
        MODERATION,
        tuple(f"/moderation/messages/{{moderated.{name}}}/" for name in ("reported", "corrected", "withheld")),
    ),
    Row(
        "/moderation/messages/<int:number>/<any(approve,return,correct,withhold,restore,settle):name>/",
        POST,
        MODERATION,
    ),
    Row(
        "/moderation/topics/<int:topic_id>/",
        GET,
        MODERATOR,
        ("/moderation/topics/{long_topic}/", "/moderation/topics/{locked_topic}/"),
    ),
    Row(
        "/moderation/topics/<int:topic_id>/<any(pin,unpin,lock,unlock):name>/",
        FORM,
        MODERATOR,
        tuple(f"/moderation/topics/{{long_topic}}/{name}/" for name in ("pin", "unpin", "lock", "unlock")),
    ),
    *(
        Row(
            f"/moderation/topics/<int:topic_id>/{name}/",
            FORM,
            MODERATOR,
            (f"/moderation/topics/{{long_topic}}/{name}/",),
        )
        for name in ("retitle", "refile", "merge")
    ),
    *(
        Row(
            f"/moderation/topics/<int:topic_id>/{name}/",
            FORM,
            MODERATOR,
            (f"/moderation/topics/{{long_topic}}/{name}/", f"/moderation/topics/{{long_topic}}/{name}/?page=2"),
        )
        for name in ("move", "split")
    ),
    Row(
        "/print/pages/<slug>/",
        GET,
        PUBLIC,
        tuple(f"/print/pages/{slug}/" for slug in "home portal archive rules child".split()),
    ),
    Row("/print/forums/<forum_slug>/", GET, PUBLIC, tuple(f"/print{path}" for path in FORUM_PATHS)),
    Row("/print/forums/<forum_slug>/pages/<slug>/", GET, PUBLIC, ("/print/forums/open-forum/pages/purpose/",)),
    Row(
        "/print/forums/<forum_slug>/groups/<group_slug>/",
        GET,
        PUBLIC,
        ("/print/forums/open-forum/groups/group-1/", "/print/forums/open-forum/groups/group-2/"),
    ),
    Row(
        "/print/topics/<int:topic_id>/",
        GET,
        PUBLIC,
        ("/print/topics/{long_topic}/", "/print/topics/{moderated.topic}/"),
    ),
    Row("/print/messages/<int:number>/", GET, PUBLIC, ("/print/messages/{edited}/", "/print/messages/{withdrawn}/")),
    Row(
        "/feeds/forums/<forum_slug>.atom",
        GET,
        PUBLIC,
        ("/feeds/forums/open-forum.atom", "/feeds/forums/undated-forum.atom"),
    ),
    Row("/feeds/topics/<int:topic_id>.atom", GET, PUBLIC, ("/feeds/topics/{long_topic}.atom",)),
    Row("/auth/sign-up/", FORM, GUESTS_ONLY, ("/auth/sign-up/",)),
    Row("/auth/check-mail/", GET, PUBLIC, ("/auth/check-mail/",)),
    Row("/auth/confirm/", FORM, PUBLIC, ("/auth/confirm/",)),
    Row("/auth/confirm/<token>/", FORM, TOKEN, ("/auth/confirm/nonsense/",)),
    Row("/auth/sign-in/", FORM, GUESTS_ONLY, ("/auth/sign-in/", "/auth/sign-in/?next=/en/account/")),
    Row("/auth/sign-out/", POST, PUBLIC),
    Row("/auth/forgot/", FORM, PUBLIC, ("/auth/forgot/",)),
    Row("/auth/reset/<token>/", FORM, TOKEN, ("/auth/reset/nonsense/",)),
    Row("/account/", GET, SIGNED_IN, ("/account/",)),
    Row("/account/profile/", FORM, SIGNED_IN, ("/account/profile/",)),
    Row("/account/language/", FORM, SIGNED_IN, ("/account/language/",)),
    Row("/account/password/", FORM, SIGNED_IN, ("/account/password/",)),
    Row("/account/data/", GET, SIGNED_IN, ("/account/data/",)),
    Row("/account/data.json", GET, SIGNED_IN, ("/account/data.json",)),
    Row("/account/sign-ins/<int:sign_in_id>/end/", POST, SIGNED_IN),
    Row("/account/sign-ins/end-others/", POST, SIGNED_IN),
    Row("/account/email/", FORM, SIGNED_IN, ("/account/email/",)),
    Row("/account/email/cancel/", POST, SIGNED_IN),
    Row("/auth/email/<any(old,new):side>/<token>/", FORM, TOKEN, ("/auth/email/old/nonsense/", "/auth/email/new/x/")),
    Row("/auth/second-step/", FORM, REDIRECT, ("/auth/second-step/",)),
    Row("/account/second-step/", FORM, SIGNED_IN, ("/account/second-step/",)),
    Row("/account/second-step/codes/", FORM, WITH_SECOND_STEP, ("/account/second-step/codes/",)),
    Row("/account/second-step/off/", FORM, WITH_SECOND_STEP, ("/account/second-step/off/",)),
    Row("/account/delete/", FORM, SIGNED_IN, ("/account/delete/",)),
    Row("/auth/deleted/", GET, PUBLIC, ("/auth/deleted/",)),
    Row("/figures/forums/<forum_slug>/", GET, MODERATOR, ("/figures/forums/open-forum/",)),
    Row(
        "/figures/forums/<forum_slug>/<name>.svg",
        GET,
        MODERATOR,
        tuple(f"/figures/forums/open-forum/{name}.svg" for name in FIGURES if name not in WITHOUT_PICTURE),
    ),
    Row(
        "/figures/forums/<forum_slug>/<name>.csv",
        GET,
        MODERATOR,
        tuple(f"/figures/forums/open-forum/{name}.csv" for name in FIGURES),
    ),
    Row("/admin/", GET, ADMIN, ("/admin/",)),
    Row("/admin/site/", GET, ADMIN, ("/admin/site/",)),
    Row("/admin/texts/", GET, ADMIN, ("/admin/texts/", "/admin/texts/?forum=1&language=fr")),
    Row("/translate/", GET, TRANSLATION, ("/translate/",)),
    Row(
        "/translate/<kind_name>/<int:key>/<target>/",
        FORM,
        TRANSLATION,
        (
            "/translate/forums/{small.forum}/fr/",
            "/translate/groups/{small.group}/es/",
            "/translate/documents/{document}/fr/",
        ),
    ),
    Row("/view/end/", POST, PUBLIC),
    Row(
        "/admin/<kind_name>/new/",
        FORM,
        ADMIN,
        tuple(f"/admin/{name}/new/" for name, kind in KINDS.items() if kind.owner is None),
    ),
    Row(
        "/admin/<kind_name>/new/<int:owner_id>/",
        FORM,
        ADMIN,
        tuple(f"/admin/{name}/new/1/" for name, kind in KINDS.items() if kind.owner),
    ),
    Row(
        "/admin/<kind_name>/<int:key>/edit/",
        FORM,
        ADMIN,
        (
            "/admin/pages/1/edit/",
            "/admin/pages/{child_page}/edit/",
            "/admin/forums/{small.forum}/edit/",
            "/admin/forum-pages/{forum_page}/edit/",
            "/admin/groups/{small.group}/edit/",
            "/admin/questions/1/edit/",
            "/admin/notices/{notice}/edit/",
            "/admin/documents/{document}/edit/",
            "/admin/reasons/{moderated.reason}/edit/",
        ),
    ),
    Row(
        "/admin/<kind_name>/<int:key>/delete/",
        FORM,
        ADMIN,
        (
            "/admin/pages/1/delete/",
            "/admin/pages/{child_page}/delete/",
            "/admin/forums/{small.forum}/delete/",
            "/admin/forum-pages/{forum_page}/delete/",
            "/admin/groups/{small.group}/delete/",
            "/admin/questions/1/delete/",
            "/admin/notices/{notice}/delete/",
            "/admin/documents/{document}/delete/",
            "/admin/reasons/{moderated.reason}/delete/",
        ),
    ),
    Row("/admin/forums/<int:key>/settings/", FORM, ADMIN, ("/admin/forums/{small.forum}/settings/",)),
    Row("/admin/forums/", GET, ADMIN, ("/admin/forums/",)),
    Row("/admin/forums/<int:forum_id>/", GET, ADMIN, tuple(f"/admin/forums/{key}/" for key in range(1, 10))),
    Row("/admin/forums/<int:forum_id>/invitations/", FORM, ADMIN, ("/admin/forums/{small.forum}/invitations/",)),
    Row(
        "/admin/forums/<int:forum_id>/roles/", FORM, ADMIN, tuple(f"/admin/forums/{key}/roles/" for key in range(1, 10))
    ),
    Row(
        f"/admin/forums/<int:forum_id>/roles/<int:user_id>/<any({','.join(Role)}):role>/end/",
        FORM,
        ADMIN,
        ("/admin/forums/{small.forum}/roles/{small.moderator}/moderator/end/",),
    ),
    Row(
        "/admin/forums/<int:forum_id>/participants/",
        FORM,
        ADMIN,
        ("/admin/forums/{small.forum}/participants/", "/admin/forums/{forums[archived-forum]}/participants/"),
    ),
    Row("/admin/forums/<int:forum_id>/groups/", FORM, ADMIN, ("/admin/forums/{small.forum}/groups/",)),
    Row("/admin/forums/<int:forum_id>/copy/", POST, ADMIN),
    Row("/admin/forums/<int:forum_id>/view/<any(participant,visitor):who>/", POST, ADMIN),
    Row(
        "/admin/forums/<int:forum_id>/<any(publish,unpublish,archive,unarchive):name>/",
        FORM,
        ADMIN,
        tuple(
            f"/admin/forums/{forum}/{step}/"
            for step in ("publish", "unpublish", "archive", "unarchive")
            for forum in ("{small.forum}", "{forums[planned-forum]}", "{forums[archived-forum]}")
        ),
    ),
    Row(
        f"/admin/forums/<int:forum_id>/periods/<any({PERIODS}):kind>/",
        FORM,
        ADMIN,
        tuple(f"/admin/forums/{{small.forum}}/periods/{kind}/" for kind in PeriodKind),
    ),
    Row(
        f"/admin/forums/<int:forum_id>/periods/<any({PERIODS}):kind>/preview/",
        FORM,
        ADMIN,
        tuple(f"/admin/forums/{{small.forum}}/periods/{kind}/preview/" for kind in PeriodKind),
    ),
    Row(
        "/admin/forums/<int:forum_id>/close/", FORM, ADMIN, tuple(f"/admin/forums/{key}/close/" for key in range(1, 9))
    ),
    Row("/admin/groups/<int:group_id>/close/", FORM, ADMIN, ("/admin/groups/{small.group}/close/",)),
    Row(
        "/admin/periods/<int:period_id>/edit/",
        FORM,
        ADMIN,
        ("/admin/periods/1/edit/", "/admin/periods/{coming_period}/edit/"),
    ),
    Row("/admin/periods/<int:period_id>/preview/", FORM, ADMIN, ("/admin/periods/1/preview/",)),
    Row(
        "/admin/periods/<int:period_id>/delete/",
        FORM,
        ADMIN,
        ("/admin/periods/1/delete/", "/admin/periods/{coming_period}/delete/"),
    ),
    Row("/admin/people/", GET, ADMIN, ("/admin/people/", "/admin/people/?q=nobody", "/admin/people/?q=alice")),
    Row("/admin/people/<int:user_id>/", FORM, ADMIN, ("/admin/people/{small.alice}/", "/admin/people/{suspended}/")),
    Row("/admin/people/choose/", GET, (302, 403, 403, 403, 403, 302), ("/admin/people/choose/?q=alice&step=approve",)),
    Row(
        "/admin/people/<keys>/<any(suspend,reinstate,withhold,approve):name>/",
        FORM,
        ADMIN,
        (
            "/admin/people/{small.alice}/suspend/",
            "/admin/people/{suspended}/suspend/",
            "/admin/people/{small.alice}-{small.bruno}/suspend/",
            "/admin/people/{small.alice}/reinstate/",
            "/admin/people/{suspended}/reinstate/",
            "/admin/people/{small.alice}-{small.bruno}/withhold/",
            "/admin/people/{small.alice}/approve/",
        ),
    ),
    Row("/admin/people/<int:user_id>/data/", FORM, ADMIN, ("/admin/people/{small.alice}/data/",)),
    Row("/admin/people/<int:user_id>/unlock/", FORM, ADMIN, ("/admin/people/{small.alice}/unlock/",)),
    Row("/admin/mails/<int:mail_id>/", GET, ADMIN, ("/admin/mails/{mail}/",)),
    Row(
        "/admin/mails/<int:mail_id>/<any(again,address,confirm):step>/",
        FORM,
        ADMIN,
        tuple(f"/admin/mails/{{mail}}/{step}/" for step in ("again", "address", "confirm")),
    ),
    Row("/admin/people/<int:user_id>/delete/", FORM, ADMIN, ("/admin/people/{small.alice}/delete/",)),
    Row("/admin/log/", GET, ADMIN, ("/admin/log/", "/admin/log/?action=publish", "/admin/log/?kind=messages&forum=1")),
    Row("/admin/log/<int:entry_id>/", GET, ADMIN, ("/admin/log/{entry}/",)),
    Row("/admin/log/acts/<int:entry_id>/", GET, ADMIN, ("/admin/log/acts/{act}/",)),
    Row("/admin/log.csv", GET, ADMIN, ("/admin/log.csv",)),
]
NOT_PAGES = ("<name>", ".atom", ".csv", ".css", ".json", ".svg", ".txt", ".xml", "healthz")
REDIRECTED = "/messages/<int:number>/"


def paths_of(row: Row, full: FullWorld, language: str = "en") -> list[str]:
    """The whole paths of a row's pages."""
    prefix = f"/{language}" if row.in_language else ""
    return [prefix + path.format_map(vars(full)) for path in row.paths]


def is_page(row: Row) -> bool:
    """Whether a GET gives an HTML page to somebody."""
    return (
        bool(row.paths) and 200 in row.guard and not row.rule.endswith(NOT_PAGES) and not row.rule.startswith("/static")
    )
