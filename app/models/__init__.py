"""Every table, one module an aggregate; importing this package registers them all."""

from app.models.forum import Document, DocumentText, Forum, ForumText, Notice, NoticeText
from app.models.group import Group, GroupText, Question, QuestionText
from app.models.log import LogEntry
from app.models.mail import Mail
from app.models.message import Message, MessageStatus, Revision
from app.models.page import Page, PageKind, PageText
from app.models.period import Period, PeriodKind, State, StateKind, state_of
from app.models.submission import Submission
from app.models.topic import Topic
from app.models.user import GUEST, Capacity, ForumRole, Guest, Role, SignIn, User, Viewer

__all__ = [
    "GUEST",
    "Capacity",
    "Document",
    "DocumentText",
    "Forum",
    "ForumRole",
    "ForumText",
    "Group",
    "GroupText",
    "Guest",
    "LogEntry",
    "Mail",
    "Message",
    "MessageStatus",
    "Notice",
    "NoticeText",
    "Page",
    "PageKind",
    "PageText",
    "Period",
    "PeriodKind",
    "Question",
    "QuestionText",
    "Revision",
    "Role",
    "SignIn",
    "State",
    "StateKind",
    "Submission",
    "Topic",
    "User",
    "Viewer",
    "state_of",
]
