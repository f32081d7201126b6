"""Labels of enumerated values, marked here and translated when they are shown; names of browsers and people."""

from typing import Any

from flask_babel import gettext as _

from app.attachments.kinds import KINDS
from app.languages import N_
from app.models.forum import Approval, DocumentKind
from app.models.message import MessageStatus
from app.models.moderation import ActKind
from app.models.official import ChangeKind
from app.models.period import PeriodKind, StateKind
from app.models.user import Capacity, Role

CAPACITY = {
    Capacity.PARTY: N_("Party"),
    Capacity.GOVERNMENT: N_("Other Government"),
    Capacity.ORGANIZATION: N_("Organization"),
    Capacity.IPLC: N_("Indigenous peoples and local communities"),
    Capacity.EXPERT: N_("Expert in a personal capacity"),
    Capacity.SECRETARIAT: N_("Secretariat"),
}
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
    ActKind.LOCK: N_("Locked against new messages"),
    ActKind.UNLOCK: N_("Unlocked"),
}
CHANGE = {
    ChangeKind.CORRECTED: N_("Text corrected"),
    ChangeKind.ADDED: N_("Added"),
    ChangeKind.DELETED: N_("Deleted"),
}
# The fields of official texts, as former wordings name them; one without a name here is shown without.
FIELD = {
    "about": N_("About the forum"),
    "body": N_("Text"),
    "dated": N_("Date"),
    "files": N_("Files"),
    "introduction": N_("Introduction"),
    "kind": N_("Kind"),
    "mandate": N_("Mandate"),
    "note": N_("Note"),
    "number": N_("Number"),
    "published_at": N_("Published on"),
    "remarks": N_("Remarks"),
    "symbol": N_("Symbol"),
    "text": N_("Text"),
    "title": N_("Title"),
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
