"""All tables, in modules by subject. Importing this package registers them."""

from app.models.annotation import Annotation, AnnotationKind, AnnotationText
from app.models.announcement import INVITING, Announcement, AnnouncementKind, Audience
from app.models.attachment import Attachment
from app.models.edition import Edition
from app.models.following import Delivery, Follow, Publication
from app.models.forum import Approval, Document, DocumentText, Forum, ForumText, Invitation, Notice, NoticeText
from app.models.group import Group, GroupText, Question, QuestionText
from app.models.log import LogEntry
from app.models.mail import Mail
from app.models.message import WHO_SPEAKS, Message, MessageStatus, Revision
from app.models.moderation import IN_THE_RECORD, Act, ActKind, Reason, ReasonText, Report
from app.models.official import ChangeKind, FormerAddress, OfficialChange, Said
from app.models.page import Page, PageKind, PageText
from app.models.period import (
    Period,
    PeriodKind,
    State,
    StateKind,
    last_second,
    periods_of_group,
    state_of,
    state_of_forum,
)
from app.models.rendition import Outcome, Rendition
from app.models.search import SearchText
from app.models.topic import Topic
from app.models.user import (
    FOR_A_GOVERNMENT,
    FOR_AN_ORGANIZATION,
    GUEST,
    Capacity,
    EmailChange,
    ForumRole,
    Guest,
    How,
    Invitee,
    RecoveryCode,
    Role,
    SignIn,
    SignUp,
    Submission,
    User,
    Viewer,
    speaks_for,
)

__all__ = [
    "FOR_AN_ORGANIZATION",
    "FOR_A_GOVERNMENT",
    "GUEST",
    "INVITING",
    "IN_THE_RECORD",
    "WHO_SPEAKS",
    "Act",
    "ActKind",
    "Annotation",
    "AnnotationKind",
    "AnnotationText",
    "Announcement",
    "AnnouncementKind",
    "Approval",
    "Attachment",
    "Audience",
    "Capacity",
    "ChangeKind",
    "Delivery",
    "Document",
    "DocumentText",
    "Edition",
    "EmailChange",
    "Follow",
    "FormerAddress",
    "Forum",
    "ForumRole",
    "ForumText",
    "Group",
    "GroupText",
    "Guest",
    "How",
    "Invitation",
    "Invitee",
    "LogEntry",
    "Mail",
    "Message",
    "MessageStatus",
    "Notice",
    "NoticeText",
    "OfficialChange",
    "Outcome",
    "Page",
    "PageKind",
    "PageText",
    "Period",
    "PeriodKind",
    "Publication",
    "Question",
    "QuestionText",
    "Reason",
    "ReasonText",
    "RecoveryCode",
    "Rendition",
    "Report",
    "Revision",
    "Role",
    "Said",
    "SearchText",
    "SignIn",
    "SignUp",
    "State",
    "StateKind",
    "Submission",
    "Topic",
    "User",
    "Viewer",
    "last_second",
    "periods_of_group",
    "speaks_for",
    "state_of",
    "state_of_forum",
]
