"""Labels of enumerated values, marked here and translated when they are shown; names of browsers and people."""

from collections.abc import Mapping
from typing import Any, TypeVar

from flask_babel import gettext as _

from app.attachments.kinds import KINDS
from app.languages import N_
from app.models.announcement import AnnouncementKind, Audience
from app.models.forum import Approval, DocumentKind
from app.models.message import MessageStatus
from app.models.moderation import ActKind
from app.models.official import ChangeKind
from app.models.page import PageKind
from app.models.period import PeriodKind, StateKind
from app.models.user import Capacity, How, Role

T = TypeVar("T")

CAPACITY = {
    Capacity.PARTY: N_("Party"),
    Capacity.GOVERNMENT: N_("Other Government"),
    Capacity.ORGANIZATION: N_("Organization"),
    Capacity.IPLC: N_("Indigenous Peoples and local communities"),
    Capacity.EXPERT: N_("Expert in a personal capacity"),
    Capacity.SECRETARIAT: N_("Secretariat"),
}
# Headings above those of a capacity.
CAPACITIES = {
    **CAPACITY,
    Capacity.PARTY: N_("Parties"),
    Capacity.GOVERNMENT: N_("Other Governments"),
    Capacity.ORGANIZATION: N_("Organizations"),
    Capacity.EXPERT: N_("Experts in a personal capacity"),
}
CAPACITY_MEANS = {
    Capacity.PARTY: N_("You speak for a State or a regional organization that is a Party to the treaty."),
    Capacity.GOVERNMENT: N_("You speak for a Government that is not a Party to the treaty."),
    Capacity.ORGANIZATION: N_("You speak for an intergovernmental or other organization, a university or a company."),
    Capacity.IPLC: N_("You speak for an Indigenous people, a local community or one of their organizations."),
    Capacity.EXPERT: N_("You speak for yourself. Your employer may be named, but you do not speak for it."),
    Capacity.SECRETARIAT: N_("You speak for the Secretariat, which has invited you."),
}
HOW = {
    How.EACH: N_("One email per message"),
    How.DIGEST: N_("Daily digest"),
    How.NONE: N_("No emails"),
}
# What the page of each kind says of following it: before the buttons, and once someone follows it.
FOLLOW = {
    "forums": (N_("Follow this forum by email:"), N_("You follow this forum by email:")),
    "groups": (N_("Follow this group by email:"), N_("You follow this group by email:")),
    "questions": (N_("Follow this question by email:"), N_("You follow this question by email:")),
    "topics": (N_("Follow this topic by email:"), N_("You follow this topic by email:")),
}
FOLLOWED_NO_LONGER = {
    "forums": N_("You no longer follow this forum by email."),
    "groups": N_("You no longer follow this group by email."),
    "questions": N_("You no longer follow this question by email."),
    "topics": N_("You no longer follow this topic by email."),
}
FOLLOW_KIND = {"forums": N_("Forum:"), "groups": N_("Group:"), "questions": N_("Question:"), "topics": N_("Topic:")}
FOLLOWED = {How.EACH: N_("one email per message"), How.DIGEST: N_("daily digest")}
STATUS = {
    MessageStatus.PENDING: N_("awaiting approval"),
    MessageStatus.PUBLISHED: N_("published"),
    MessageStatus.WITHHELD: N_("withheld"),
    MessageStatus.WITHDRAWN: N_("withdrawn"),
}
STATE = {
    StateKind.PLANNED: N_("Planned"),
    StateKind.OPEN: N_("Open"),
    StateKind.EXTENDED: N_("Extended"),
    StateKind.REOPENED: N_("Reopened"),
    StateKind.CLOSED: N_("Closed"),
    StateKind.ARCHIVED: N_("Archived"),
}
PERIOD = {
    PeriodKind.SCHEDULED: N_("Scheduled"),
    PeriodKind.EXTENSION: N_("Extension"),
    PeriodKind.REOPENING: N_("Reopening"),
}
DOCUMENT = {
    DocumentKind.BACKGROUND: N_("Background paper"),
    DocumentKind.DRAFT: N_("Draft"),
    DocumentKind.OUTCOME: N_("Outcome"),
    DocumentKind.DECISION: N_("Decision"),
    DocumentKind.NOTIFICATION: N_("Notification"),
}
PAGE = {
    PageKind.TEXT: N_("Text page"),
    PageKind.HOME: N_("Home page"),
    PageKind.PORTAL: N_("Portal, with open, planned and closed forums"),
    PageKind.ARCHIVE: N_("Archive of the forums"),
}
APPROVAL = {
    Approval.NOBODY: N_("None: all messages are published immediately"),
    Approval.NEWCOMERS: N_("Messages from first-time participants, until one has been published in the forum"),
    Approval.EVERYBODY: N_("All messages"),
}
ROLE = {
    Role.MODERATOR: N_("Moderator"),
    Role.TRANSLATOR: N_("Translator"),
    Role.PARTICIPANT: N_("Approved participant"),
}
ACT = {
    ActKind.APPROVE: N_("Approved"),
    ActKind.RETURN: N_("Returned to its author"),
    ActKind.EDIT: N_("Corrected"),
    ActKind.WITHHOLD: N_("Withheld"),
    ActKind.RESTORE: N_("Restored"),
    ActKind.MOVE: N_("Moved"),
    ActKind.SPLIT: N_("Split"),
    ActKind.MERGE: N_("Merged"),
    ActKind.RETITLE: N_("Renamed"),
    ActKind.PIN: N_("Pinned to the top"),
    ActKind.UNPIN: N_("Unpinned"),
    ActKind.LOCK: N_("Topic locked"),
    ActKind.UNLOCK: N_("Unlocked"),
    ActKind.ENTER: N_("Entered after the deadline"),
}
ANNOUNCEMENT = {
    AnnouncementKind.OPENING: N_("Opening or reopening"),
    AnnouncementKind.REMINDER: N_("Last three days"),
    AnnouncementKind.EXTENSION: N_("Change of the deadline"),
    AnnouncementKind.CLOSING: N_("Closing"),
    AnnouncementKind.OUTCOME: N_("Outcome"),
}
AUDIENCE = {
    Audience.INVITED: N_("Invited people, and people registered for the invited States"),
    Audience.CONTRIBUTORS: N_("People who have posted"),
    Audience.SILENT: N_("Invited people and States that have not contributed yet"),
    Audience.NOT_WRITTEN: N_("Registered people who have not posted"),
}
# Columns whose values are dates or times in changes and former wordings.
DATES = frozenset({"archived_at", "called_off_at", "closes_at", "dated", "opens_at", "published_at", "received_on"})
CHANGE = {
    ChangeKind.CORRECTED: N_("Text corrected"),
    ChangeKind.ADDED: N_("Added"),
    ChangeKind.DELETED: N_("Deleted"),
}
# The actions of the log, apart from acts of moderation, and their subjects, apart from official texts.
ACTION = {
    "create": N_("Created"),
    "edit": N_("Changed"),
    "delete": N_("Deleted"),
    "publish": N_("Published"),
    "unpublish": N_("Unpublished"),
    "archive": N_("Moved to the archive"),
    "unarchive": N_("Taken out of the archive"),
    "close": N_("Closed with immediate effect"),
    "suspend": N_("Suspended"),
    "reinstate": N_("Reinstated"),
    "call_off": N_("Cancelled"),
    "give_data": N_("Data provided on request"),
    "unlock": N_("Sign-in lock lifted"),
    "confirm": N_("Confirmed manually"),
    "invite": N_("Invited"),
    "withdraw_invitation": N_("Invitation withdrawn"),
    "send_again": N_("Email to be sent again"),
    "order_archive": N_("Archive ordered"),
    "announce": N_("Announced by email"),
}
SUBJECT = {
    "periods": N_("Period"),
    "users": N_("Person"),
    "messages": N_("Message"),
    "topics": N_("Topic"),
    "summaries": N_("Summary"),
    "follow-ups": N_("Follow-up"),
}
# The fields that former wordings of official texts and the log name; one without a name here is shown without.
FIELD = {
    "about": N_("About the forum"),
    "archived_at": N_("Archived on"),
    "announcement": N_("Announcement"),
    "asked_by": N_("Request"),
    "body": N_("Text"),
    "called_off_at": N_("Cancelled on"),
    "capacity": N_("Capacity"),
    "closes_at": N_("Deadline for messages"),
    "country": N_("Party or Government"),
    "dated": N_("Date"),
    "email": N_("Email address"),
    "requested_email": N_("Requested email address"),
    "file": N_("File"),
    "files": N_("Files"),
    "from_group": N_("From the group"),
    "from_question": N_("From the question"),
    "from_topic": N_("From the topic"),
    "group_id": N_("Identifier of the group"),
    "hides": N_("Earlier text hidden from readers"),
    "introduction": N_("Introduction"),
    "invitations": N_("Invited States"),
    "invitees": N_("People invited by email"),
    "is_admin": N_("Administrator of the site"),
    "is_profile_confirmed": N_("Capacity, State and organization confirmed"),
    "kind": N_("Kind"),
    "language": N_("Language of pages and emails"),
    "mandate": N_("Mandate"),
    "messages": N_("Messages"),
    "moderator": N_("Moderator"),
    "name": N_("Name"),
    "note": N_("Note"),
    "number": N_("Number"),
    "opens_at": N_("Opens"),
    "organization": N_("Organization"),
    "organizer": N_("Organizer"),
    "participant": N_("Approved participant"),
    "published_at": N_("Published on"),
    "question": N_("Guiding question"),
    "reason": N_("Reason"),
    "received_on": N_("Received on"),
    "recipients": N_("Recipients"),
    "remarks": N_("Remarks"),
    "second_step": N_("Two-step sign-in"),
    "symbol": N_("Symbol"),
    "text": N_("Text"),
    "title": N_("Title"),
    "to_group": N_("To the group"),
    "to_question": N_("To the question"),
    "translator": N_("Translator"),
    "url": N_("Web address"),
}
FILE = {kind.media_type: kind.label for kind in KINDS}

# Names in User-Agent headers, and the usual names. Many headers contain several; the first in this list is right.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def choices(names: Mapping[T, str]) -> list[tuple[T, str]]:
    """Values with their labels in the reader's language, for a field that offers them."""
    return [(value, _(name)) for value, name in names.items()]


def browser_name(user_agent: str) -> str:
    """The usual name of a browser and its system, such as `Firefox, Linux`; the whole header for other browsers."""
    browser = next((name for sign, name in BROWSERS.items() if f"{sign}/" in user_agent), "")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    return ", ".join(filter(None, (browser, system))) if browser else user_agent


def person_name(person: Any) -> str:
    """The name of a user, or of a row with `name` and `former_number`; the number if the account was deleted."""
    if person.former_number:
        return _("Former participant %(number)s", number=person.former_number)
    return str(person.name)
