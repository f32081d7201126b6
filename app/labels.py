"""The words for the values of enumerations, marked here and translated where they are shown."""

from app.attachments.kinds import KINDS
from app.languages import N_
from app.models.forum import Approval, DocumentKind
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
APPROVAL = {
    Approval.NOBODY: N_("Nobody's messages: they are published at once"),
    Approval.NEWCOMERS: N_("The messages of newcomers, until one of theirs is published in the forum"),
    Approval.EVERYBODY: N_("Everybody's messages"),
}
ROLE = {
    Role.MODERATOR: N_("Moderator"),
    Role.TRANSLATOR: N_("Translator"),
    Role.PARTICIPANT: N_("Approved participant"),
}
FILE = {kind.media_type: kind.label for kind in KINDS}
