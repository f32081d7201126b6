"""Every address of the site: its methods, and where the full world has a page at it.

Rules and paths are given without `/<language>` where they have it. A path is filled in with the keys of
tests/full_world.py; an address that takes POST only, or wants a token from a mail, has none here. Who may open an
address is said in tests/matrix/table.py alone.
"""

import re
from dataclasses import dataclass
from functools import cache

from werkzeug.routing import Map, Rule

from app.admin.kinds import KINDS
from app.figures.views import FIGURES
from app.models import AnnouncementKind, PeriodKind, Role
from tests.full_world import FullWorld
from tests.matrix import table as matrix
from tests.matrix.cells import columns

PEOPLE = ("visitor", "alice", "bruno", "moderator", "translator", "admin")  # of the full world
IN_THE_MATRIX = dict(zip(PEOPLE, "visitor participant participant moderator translator admin".split(), strict=True))
OF_FORUMS = (matrix.OF_A_FORUM, matrix.OF_A_TOPIC, matrix.OF_A_MESSAGE)
OF_NO_FORUM = (matrix.OF_THE_SITE, matrix.WITHOUT_LANGUAGE)
GET, POST, FORM = frozenset({"GET"}), frozenset({"POST"}), frozenset({"GET", "POST"})


@dataclass(frozen=True)
class Row:
    """`in_language` says whether the address begins with a language, `author` who wrote what its paths are about where
    that matters."""

    rule: str
    methods: frozenset[str]
    paths: tuple[str, ...] = ()
    in_language: bool = True
    author: str = ""

    @property
    def signs(self) -> str:
        """What a GET answers to each of the people of the matrix, "" where nothing can be read.

        Of what belongs to a forum the matrix says it for each state. Here it is that of an open forum, as all paths
        lead to what is answered alike in the states that they meet.
        """
        return signs_of(*OF_FORUMS, *OF_NO_FORUM).get((self.rule, self.in_language), "")

    @property
    def guard(self) -> tuple[int, ...]:
        """The status of the answer to a GET of each of PEOPLE, () where nothing can be read."""
        if not self.signs:
            return ()
        people = ("author" if name == self.author else like for name, like in IN_THE_MATRIX.items())
        return tuple(matrix.STATUS[self.signs[matrix.PEOPLE.index(person)]] for person in people)

    @property
    def readers(self) -> list[str]:
        """Those of PEOPLE to whom something is shown."""
        return [name for name, status in zip(PEOPLE, self.guard, strict=False) if status == 200]


FORUMS = ("open", "planned", "undated", "last-hours", "extended", "reopened", "closed", "archived")
FORUM_PATHS = tuple(f"/forums/{state}-forum/" for state in FORUMS)
PERIODS = ",".join(PeriodKind)
WITHOUT_PICTURE = ("unanswered", "silent", "not-written")

ROWS = [
    Row("/", GET, ("/",), in_language=False),
    Row("/healthz", GET, ("/healthz",), in_language=False),
    Row("/robots.txt", GET, ("/robots.txt",), in_language=False),
    Row("/favicon.ico", GET, ("/favicon.ico",), in_language=False),
    Row("/apple-touch-icon.png", GET, ("/apple-touch-icon.png",), in_language=False),
    Row("/sitemap.xml", GET, ("/sitemap.xml",), in_language=False),
    Row("/sitemap/site.xml", GET, ("/sitemap/site.xml",), in_language=False),
    Row("/sitemap/topics-<int:part>.xml", GET, ("/sitemap/topics-1.xml",), in_language=False),
    Row("/static/<path:filename>", GET, ("/static/base.css",), in_language=False),
    Row(
        "/attachments/<int:attachment_id>/<name>",
        GET,
        ("/attachments/{attachment}/text.txt", "/attachments/{document_file}/paper.pdf"),
        in_language=False,
    ),
    Row("/", GET, ("/",)),
    Row("/pages/<slug>/", GET, ("/pages/rules/", "/pages/child/")),
    Row("/portal/", GET, ("/portal/",)),
    Row("/archive/", GET, ("/archive/",)),
    Row("/forums/<forum_slug>/", GET, FORUM_PATHS),
    Row("/forums/<forum_slug>/pages/<slug>/", GET, ("/forums/open-forum/pages/purpose/",)),
    Row("/forums/<forum_slug>/groups/", GET, tuple(f"{path}groups/" for path in FORUM_PATHS)),
    Row(
        "/forums/<forum_slug>/groups/<group_slug>/",
        GET,
        ("/forums/open-forum/groups/group-2/", *(f"{path}groups/group-1/" for path in FORUM_PATHS)),
    ),
    Row("/forums/<forum_slug>/groups/<group_slug>/new/", FORM, ("/forums/open-forum/groups/group-1/new/",)),
    Row(
        "/topics/<int:topic_id>/",
        GET,
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
        ("/topics/{long_topic}/reply/", "/topics/{long_topic}/reply/?to={edited}&quote=1"),
    ),
    Row(
        "/messages/<int:number>/",
        GET,
        ("/messages/{edited}/", "/messages/{withdrawn}/", "/messages/{moderated.withheld}/"),
    ),
    Row(
        "/messages/<int:number>/history/",
        GET,
        ("/messages/{edited}/history/", "/messages/{moderated.corrected}/history/"),
    ),
    Row("/messages/<int:number>/edit/", FORM, ("/messages/{edited}/edit/",), author="alice"),
    Row("/messages/<int:number>/withdraw/", FORM, ("/messages/{edited}/withdraw/",), author="alice"),
    Row("/messages/<int:number>/report/", FORM, ("/messages/{moderated.reported}/report/",), author="bruno"),
    Row("/preview/", POST),
    Row("/forums/<forum_slug>/latest/", GET, tuple(f"{path}latest/" for path in FORUM_PATHS)),
    Row("/new/", GET, ("/new/",)),
    Row("/new/answers/", GET, ("/new/answers/",)),
    Row("/account/contributions/", GET, ("/account/contributions/",)),
    Row("/forums/<forum_slug>/record/", GET, tuple(f"{path}record/" for path in FORUM_PATHS)),
    Row("/forums/<forum_slug>/contributors/", GET, tuple(f"{path}contributors/" for path in FORUM_PATHS)),
    Row(
        "/search/",
        GET,
        (
            "/search/",
            "/search/?q=message",
            "/search/?q=nothing-like-it",
            "/search/?forum=open-forum&capacity=expert&order=newest",
        ),
    ),
    Row("/print/forums/<forum_slug>/record/", GET, ("/print/forums/open-forum/record/",)),
    Row("/print/forums/<forum_slug>/download/", GET, ("/print/forums/open-forum/download/",)),
    Row("/moderation/", GET, ("/moderation/",)),
    Row("/moderation/approve/", POST),
    Row(
        "/moderation/messages/<int:number>/",
        GET,
        tuple(f"/moderation/messages/{{moderated.{name}}}/" for name in ("reported", "corrected", "withheld")),
    ),
    Row(
        "/moderation/messages/<int:number>/<any(approve,return,correct,withhold,restore,settle):name>/",
        POST,
    ),
    Row(
        "/moderation/topics/<int:topic_id>/",
        GET,
        ("/moderation/topics/{long_topic}/", "/moderation/topics/{locked_topic}/"),
    ),
    Row(
        "/moderation/topics/<int:topic_id>/<any(pin,unpin,lock,unlock):name>/",
        FORM,
        tuple(f"/moderation/topics/{{long_topic}}/{name}/" for name in ("pin", "unpin", "lock", "unlock")),
    ),
    *(
        Row(
            f"/moderation/topics/<int:topic_id>/{name}/",
            FORM,
            (f"/moderation/topics/{{long_topic}}/{name}/",),
        )
        for name in ("retitle", "refile", "merge")
    ),
    *(
        Row(
            f"/moderation/topics/<int:topic_id>/{name}/",
            FORM,
            (f"/moderation/topics/{{long_topic}}/{name}/", f"/moderation/topics/{{long_topic}}/{name}/?page=2"),
        )
        for name in ("move", "split")
    ),
    Row("/moderation/forums/<forum_slug>/annotations/", GET, ("/moderation/forums/open-forum/annotations/",)),
    Row(
        '/moderation/<any("summaries","follow-ups"):kind>/<any(forums,groups,questions,messages):about>/<int:key>/',
        FORM,
        (
            "/moderation/summaries/forums/{small.forum}/",
            "/moderation/summaries/groups/{small.group}/",
            "/moderation/summaries/questions/1/",
            "/moderation/follow-ups/forums/{small.forum}/",
            "/moderation/follow-ups/messages/{edited}/",
        ),
    ),
    Row(
        "/print/pages/<slug>/",
        GET,
        tuple(f"/print/pages/{slug}/" for slug in "home portal archive rules child".split()),
    ),
    Row("/print/forums/<forum_slug>/", GET, tuple(f"/print{path}" for path in FORUM_PATHS)),
    Row("/print/forums/<forum_slug>.pdf", GET, tuple(f"/print{path.rstrip('/')}.pdf" for path in FORUM_PATHS)),
    Row("/print/forums/<forum_slug>/groups/<group_slug>.pdf", GET, ("/print/forums/open-forum/groups/group-1.pdf",)),
    Row("/print/forums/<forum_slug>/pages/<slug>/", GET, ("/print/forums/open-forum/pages/purpose/",)),
    Row(
        "/print/forums/<forum_slug>/groups/<group_slug>/",
        GET,
        ("/print/forums/open-forum/groups/group-1/", "/print/forums/open-forum/groups/group-2/"),
    ),
    *(
        Row(f"/print/forums/<forum_slug>/{name}", GET, (f"/print/forums/open-forum/{name}",))
        for name in ("contributions.csv", "contributions.json", "archive.zip")
    ),
    Row(
        "/print/topics/<int:topic_id>/",
        GET,
        ("/print/topics/{long_topic}/", "/print/topics/{moderated.topic}/"),
    ),
    Row("/print/messages/<int:number>/", GET, ("/print/messages/{edited}/", "/print/messages/{withdrawn}/")),
    Row(
        "/feeds/forums/<forum_slug>.atom",
        GET,
        ("/feeds/forums/open-forum.atom", "/feeds/forums/undated-forum.atom"),
    ),
    Row("/feeds/topics/<int:topic_id>.atom", GET, ("/feeds/topics/{long_topic}.atom",)),
    Row("/forums/<forum_slug>/deadlines.ics", GET, ("/forums/open-forum/deadlines.ics",)),
    Row("/auth/sign-up/", FORM, ("/auth/sign-up/",)),
    Row("/auth/check-mail/", GET, ("/auth/check-mail/",)),
    Row("/auth/confirm/", FORM, ("/auth/confirm/",)),
    Row("/auth/confirm/<token>/", FORM, ("/auth/confirm/nonsense/",)),
    Row("/auth/sign-in/", FORM, ("/auth/sign-in/", "/auth/sign-in/?next=/en/account/")),
    Row("/auth/sign-out/", POST),
    Row("/auth/forgot/", FORM, ("/auth/forgot/",)),
    Row("/auth/reset/<token>/", FORM, ("/auth/reset/nonsense/",)),
    Row("/account/", GET, ("/account/",)),
    Row("/account/profile/", FORM, ("/account/profile/",)),
    Row("/account/language/", FORM, ("/account/language/",)),
    Row("/account/follow/", FORM, ("/account/follow/",)),
    Row("/account/follow/again/", POST),
    Row("/follow/stop/<token>/", FORM, ("/follow/stop/nonsense/",)),
    Row(
        "/follow/<any(forums,groups,questions,topics):kind>/<int:key>/",
        FORM,
        ("/follow/forums/{small.forum}/", "/follow/groups/{small.group}/", "/follow/topics/{long_topic}/"),
    ),
    Row("/account/password/", FORM, ("/account/password/",)),
    Row("/account/data/", GET, ("/account/data/",)),
    Row("/account/data.json", GET, ("/account/data.json",)),
    Row("/account/sign-ins/<int:sign_in_id>/end/", POST),
    Row("/account/sign-ins/end-others/", POST),
    Row("/account/email/", FORM, ("/account/email/",)),
    Row("/account/email/cancel/", POST),
    Row("/auth/email/<any(old,new):side>/<token>/", FORM, ("/auth/email/old/nonsense/", "/auth/email/new/x/")),
    Row("/auth/second-step/", FORM, ("/auth/second-step/",)),
    Row("/account/second-step/", FORM, ("/account/second-step/",)),
    Row("/account/second-step/codes/", FORM, ("/account/second-step/codes/",)),
    Row("/account/second-step/off/", FORM, ("/account/second-step/off/",)),
    Row("/account/delete/", FORM, ("/account/delete/",)),
    Row("/auth/deleted/", GET, ("/auth/deleted/",)),
    Row("/figures/forums/<forum_slug>/", GET, ("/figures/forums/open-forum/",)),
    Row(
        "/figures/forums/<forum_slug>/<name>.svg",
        GET,
        tuple(f"/figures/forums/open-forum/{name}.svg" for name in FIGURES if name not in WITHOUT_PICTURE),
    ),
    Row(
        "/figures/forums/<forum_slug>/<name>.csv",
        GET,
        tuple(f"/figures/forums/open-forum/{name}.csv" for name in FIGURES),
    ),
    Row("/admin/", GET, ("/admin/",)),
    Row("/admin/site/", GET, ("/admin/site/",)),
    Row("/admin/texts/", GET, ("/admin/texts/", "/admin/texts/?forum=1&language=fr")),
    Row("/translate/", GET, ("/translate/",)),
    Row(
        "/translate/<kind_name>/<int:key>/<target>/",
        FORM,
        (
            "/translate/forums/{small.forum}/fr/",
            "/translate/groups/{small.group}/es/",
            "/translate/documents/{document}/fr/",
        ),
    ),
    Row("/view/end/", POST),
    Row(
        "/admin/<kind_name>/new/",
        FORM,
        tuple(f"/admin/{name}/new/" for name, kind in KINDS.items() if kind.owner is None),
    ),
    Row(
        "/admin/<kind_name>/new/<int:owner_id>/",
        FORM,
        tuple(f"/admin/{name}/new/1/" for name, kind in KINDS.items() if kind.owner),
    ),
    Row(
        "/admin/<kind_name>/<int:key>/edit/",
        FORM,
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
    Row("/admin/forums/<int:key>/settings/", FORM, ("/admin/forums/{small.forum}/settings/",)),
    Row("/admin/forums/", GET, ("/admin/forums/",)),
    Row("/admin/forums/<int:forum_id>/", GET, tuple(f"/admin/forums/{key}/" for key in range(1, 10))),
    Row("/admin/forums/<int:forum_id>/invitations/", FORM, ("/admin/forums/{small.forum}/invitations/",)),
    Row("/admin/forums/<int:forum_id>/roles/", FORM, tuple(f"/admin/forums/{key}/roles/" for key in range(1, 10))),
    Row(
        f"/admin/forums/<int:forum_id>/roles/<int:user_id>/<any({','.join(Role)}):role>/end/",
        FORM,
        ("/admin/forums/{small.forum}/roles/{small.moderator}/moderator/end/",),
    ),
    Row(
        "/admin/forums/<int:forum_id>/participants/",
        FORM,
        ("/admin/forums/{small.forum}/participants/", "/admin/forums/{forums[archived-forum]}/participants/"),
    ),
    Row(
        "/admin/forums/<int:forum_id>/participants/<int:key>/withdraw/",
        FORM,
        ("/admin/forums/{small.forum}/participants/{invitee}/withdraw/",),
    ),
    Row(
        "/admin/forums/<int:forum_id>/announcements/",
        GET,
        ("/admin/forums/{small.forum}/announcements/", "/admin/forums/{forums[archived-forum]}/announcements/"),
    ),
    Row(
        "/admin/forums/<int:forum_id>/announcements/<int:key>/",
        GET,
        ("/admin/forums/{small.forum}/announcements/1/",),
    ),
    Row(
        f"/admin/forums/<int:forum_id>/announcements/<any({','.join(AnnouncementKind)}):kind>/",
        FORM,
        ("/admin/forums/{small.forum}/announcements/opening/",),
    ),
    Row(
        f"/admin/forums/<int:forum_id>/announcements/<any({','.join(AnnouncementKind)}):kind>/preview/",
        FORM,
        ("/admin/forums/{small.forum}/announcements/opening/preview/",),
    ),
    Row("/admin/forums/<int:forum_id>/groups/", FORM, ("/admin/forums/{small.forum}/groups/",)),
    Row("/admin/forums/<int:forum_id>/copy/", POST),
    Row("/admin/forums/<int:forum_id>/edition/", POST),
    Row("/admin/forums/<int:forum_id>/view/<any(participant,visitor):who>/", POST),
    Row(
        "/admin/forums/<int:forum_id>/<any(publish,unpublish,archive,unarchive):name>/",
        FORM,
        tuple(
            f"/admin/forums/{forum}/{step}/"
            for step in ("publish", "unpublish", "archive", "unarchive")
            for forum in ("{small.forum}", "{forums[planned-forum]}", "{forums[archived-forum]}")
        ),
    ),
    Row(
        f"/admin/forums/<int:forum_id>/periods/<any({PERIODS}):kind>/",
        FORM,
        tuple(f"/admin/forums/{{small.forum}}/periods/{kind}/" for kind in PeriodKind),
    ),
    Row(
        f"/admin/forums/<int:forum_id>/periods/<any({PERIODS}):kind>/preview/",
        FORM,
        tuple(f"/admin/forums/{{small.forum}}/periods/{kind}/preview/" for kind in PeriodKind),
    ),
    Row("/admin/forums/<int:forum_id>/close/", FORM, tuple(f"/admin/forums/{key}/close/" for key in range(1, 9))),
    Row("/admin/groups/<int:group_id>/close/", FORM, ("/admin/groups/{small.group}/close/",)),
    Row(
        "/admin/periods/<int:period_id>/edit/",
        FORM,
        ("/admin/periods/1/edit/", "/admin/periods/{coming_period}/edit/"),
    ),
    Row("/admin/periods/<int:period_id>/preview/", FORM, ("/admin/periods/1/preview/",)),
    Row(
        "/admin/periods/<int:period_id>/delete/",
        FORM,
        ("/admin/periods/1/delete/", "/admin/periods/{coming_period}/delete/"),
    ),
    Row("/admin/people/", GET, ("/admin/people/", "/admin/people/?q=nobody", "/admin/people/?q=alice")),
    Row("/admin/people/<int:user_id>/", FORM, ("/admin/people/{small.alice}/", "/admin/people/{suspended}/")),
    Row("/admin/people/choose/", GET, ("/admin/people/choose/?q=alice&step=approve",)),
    Row(
        "/admin/people/<keys>/<any(suspend,reinstate,withhold,approve):name>/",
        FORM,
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
    Row("/admin/people/<int:user_id>/data/", FORM, ("/admin/people/{small.alice}/data/",)),
    Row("/admin/people/<int:user_id>/unlock/", FORM, ("/admin/people/{small.alice}/unlock/",)),
    Row("/admin/mails/<int:mail_id>/", GET, ("/admin/mails/{mail}/",)),
    Row(
        "/admin/mails/<int:mail_id>/<any(again,address,confirm):step>/",
        FORM,
        tuple(f"/admin/mails/{{mail}}/{step}/" for step in ("again", "address", "confirm")),
    ),
    Row("/admin/people/<int:user_id>/delete/", FORM, ("/admin/people/{small.alice}/delete/",)),
    Row("/admin/log/", GET, ("/admin/log/", "/admin/log/?action=publish", "/admin/log/?kind=messages&forum=1")),
    Row("/admin/log/<int:entry_id>/", GET, ("/admin/log/{entry}/",)),
    Row("/admin/log/acts/<int:entry_id>/", GET, ("/admin/log/acts/{act}/",)),
    Row("/admin/log.csv", GET, ("/admin/log.csv",)),
]
NOT_PAGES = ("<name>", ".ico", ".png", ".atom", ".csv", ".ics", ".css", ".json", ".svg", ".txt", ".xml", "healthz")


@cache
def signs_of(*tables: str) -> dict[tuple[str, bool], str]:
    """What tables of the matrix say, by the rules that their addresses have and whether these begin with a language."""
    rules = (
        Rule(
            f"/en{row.rule}" if row.in_language else row.rule, endpoint=(row.rule, row.in_language), methods=row.methods
        )
        for row in ROWS
    )
    adapter, found = Map(rules).bind("localhost"), {}
    for table in tables:
        for path, state, column in columns(table):
            is_bare = table == matrix.WITHOUT_LANGUAGE or path.startswith("/attachments/")
            address = re.sub(r"{\w+}", "1", path.partition("?")[0])
            rule, _values = adapter.match(address if is_bare else f"/en{address}", method="GET")
            if state in {"public", "always"}:
                assert found.setdefault(rule, column) == column, f"{path} is not answered like others of its rule"
    return found


def paths_of(row: Row, full: FullWorld, language: str = "en") -> list[str]:
    """The whole paths of a row's pages."""
    prefix = f"/{language}" if row.in_language else ""
    return [prefix + path.format_map(vars(full)) for path in row.paths]


def is_page(row: Row) -> bool:
    """Whether a GET gives an HTML page to somebody."""
    return bool(row.paths and row.readers) and not row.rule.endswith(NOT_PAGES) and not row.rule.startswith("/static")
