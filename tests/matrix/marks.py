"""Marks: words that stand for what people write, so that whoever comes across them can be told where from.

A mark names a state, a kind and a field, such as `zqxqqpendingqqwordsqqmessagebody`. It is made of letters alone, so
it stays the same in HTML, addresses, headers, JSON, CSV and the pieces of a comparison.
"""

import re
from typing import Any, NamedTuple

from sqlalchemy import JSON, Column, String, Table

START, BETWEEN = "zqxqq", "qq"
FOUND = re.compile(f"{START}([a-z]+?){BETWEEN}([a-z]+?){BETWEEN}([a-z]+)")

# What nobody writes in words of his own: codes, and what the site works out by itself.
NO_WORDS = frozenset(
    """
    act.detail act.kind annotation.kind annotation_text.language announcement.audiences announcement.kind
    attachment.key attachment.language attachment.media_type attachment.sha256 document.kind
    edition.content edition.facts edition.key edition.mark edition.reasons edition.sha256
    document_text.language follow.how forum.approval forum.origin forum_role.languages forum_role.role
    forum_text.language group.approval group_text.language invitation.country invitee.capacity invitee.country
    invitee.language invitee.role log_entry.action log_entry.kind mail.kind mail.language message.capacity
    message.country message.language message.status notice_text.language official_change.change official_change.kind
    page.kind page_text.language period.kind
    period.former_dates question_text.language reason.acts reason_text.language recovery_code.code_hash
     rendition.changed rendition.content rendition.kind rendition.language rendition.outcome rendition.taken_back
     report.cited revision.difference
    revision.language sign_in.token_hash sign_up.capacity sign_up.country sign_up.language sign_up.submission
    sign_up.mail_answers sign_up.mail_topics user.mail_answers user.mail_topics
    submission.key topic.language user.capacity user.country user.language user.suspended_cited user.totp_secret
    """.split()
)
# The columns that are not of the kind that the rest of their row is.
OWN_KIND = {
    "former_address.slug": "secret",  # whoever follows it meets the present name alone
    "message.organization": "head",
    "message.speaker": "head",
    "user.email": "address",
    "user.organization": "profile",
    "user.password_hash": "secret",
    "mail.recipient": "told",
    "mail.subject": "told",
    "mail.error": "failure",
}
# What is written with something that has not happened to most rows.
ONLY_IF_NAMED = frozenset({"message.withheld_for", "user.suspended_for"})


class Mark(NamedTuple):
    state: str
    kind: str
    field: str

    def __str__(self) -> str:
        return START + BETWEEN.join(self)


def marks_in(text: str) -> set[Mark]:
    """The marks in a text; one that is cut short counts as one of the state `cut`."""
    found = [Mark(*match) for match in FOUND.findall(text)]
    return {*found, *([Mark("cut", "", "")] if text.count(START) > len(found) else [])}


def word_columns(table: Table) -> dict[str, Column[Any]]:
    """The columns that hold what somebody wrote, by `table.column`."""
    return {
        f"{table.name}.{column.name}": column
        for column in table.columns
        if isinstance(column.type, String | JSON) and f"{table.name}.{column.name}" not in NO_WORDS
    }


def plant(row: Any, state: str, kind: str, *named: str) -> Any:
    """Put a mark into every column of a row that people write, or into those that are named; the row."""
    for name, column in word_columns(type(row).__table__).items():
        if name in named or not (named or name in ONLY_IF_NAMED):
            mark = str(Mark(state, OWN_KIND.get(name, kind), field_of(name)))
            setattr(row, column.name, _dressed(column.name, column.type, mark))
    return row


def field_of(name: str) -> str:
    """The field in a mark: the column, without what tells the rendered text from its source."""
    table, _, column = name.partition(".")
    return (table + (column.removesuffix("_html") if column != "html" else "body")).replace("_", "")


def _dressed(name: str, kind: Any, mark: str) -> Any:
    if name == "former":
        return {"en": {"text": {"text": mark}}}
    if name == "place":
        return {"group": 1, "question": 1, "document": "draft", "symbol": mark}
    if isinstance(kind, JSON):
        return [{"field": "title", "language": "en", "old": mark, "new": mark}] if name == "detail" else {"en": mark}
    if name.endswith("html"):
        return f"<p>{mark}</p>"
    return {
        "email": f"{mark}@example.org",
        "recipient": f"{mark}@example.org",
        "url": f"https://example.org/{mark}",
    }.get(name, mark)
