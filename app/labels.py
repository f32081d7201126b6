"""The words for the values of enumerations, marked here and translated where they are shown."""

from app.languages import N_
from app.models.forum import DocumentKind
from app.models.moderation import ActKind
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
    ActKind.RETITLE: N_("Given another title"),
    ActKind.PIN: N_("Pinned to the top"),
    ActKind.UNPIN: N_("Not pinned any more"),
    ActKind.LOCK: N_("Locked against new messages"),
    ActKind.UNLOCK: N_("Not locked any more"),
}
