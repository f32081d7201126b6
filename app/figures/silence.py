"""Questions without an answer, invited States that have not written, and registered people who have not written."""

from flask_babel import gettext as _
from flask_babel import ngettext

from app import labels
from app.figures import queries
from app.figures.queries import Counts
from app.figures.tables import Cells, Context, Table, number, question_name, text_of, words


def unanswered(context: Context) -> Table:
    """The guiding questions under which there is no published message."""
    questions = [question for group in context.forum.groups for question in group.questions]
    rows = [
        (words(question_name(question)), text_of(question, "text", context))
        for question in questions
        if not context.by_question.get((question.group_id, question.id), Counts()).messages
    ]
    if not questions:
        note = _("The forum has no guiding questions.")
    elif not rows:
        note = _("All questions have been answered.")
    else:
        part, whole = context.language.number(len(rows)), context.language.number(len(questions))
        note = _("Questions without an answer: %(part)s of %(whole)s.", part=part, whole=whole)
    columns = (_("Question"), _("Text"))
    return Table("unanswered", _("Questions without an answer"), columns, rows, note)


def silent(context: Context) -> Table:
    """Invited States that have not written, sorted by name in the reader's language."""
    invited, language = queries.count_invitations(context.forum), context.language
    found = queries.list_silent(context.forum)
    rows = [(words(language.state_name(one.country)), number(one.registered, language)) for one in found]
    rows.sort(key=lambda row: language.sort_key(row[0].shown))
    if not invited:
        note = _("No States are listed as invited. Administrators select them on the forum’s administration page.")
    elif not rows:
        note = _("All invited States have contributed.")
    else:
        part, whole = language.number(len(rows)), language.number(invited)
        note = _(
            "Invited States from which no Party or Government has contributed: %(part)s of %(whole)s.",
            part=part,
            whole=whole,
        )
    columns = (_("State"), _("People registered for it"))
    return Table("silent", _("Invited States that have not contributed"), columns, rows, note)


def not_written(context: Context) -> Table:
    """People sorted by name in the reader's language, with email addresses if the viewer may see them."""
    language = context.language
    found = queries.list_not_written(context.forum, with_addresses=context.with_addresses)
    rows: list[Cells] = [
        (
            words(f"{one.title} {one.name}".strip()),
            words(_(labels.CAPACITY[one.capacity])),
            words(one.organization),
            words(language.state_name(one.country)),
            *((words(one.email),) if context.with_addresses else ()),
        )
        for one in sorted(found, key=lambda one: language.sort_key(one.name))
    ]
    columns = [_("Name"), _("Capacity"), _("Organization"), _("State")]
    columns += [_("Email address")] if context.with_addresses else []
    return Table(
        "not-written", _("Registered people who have not posted"), tuple(columns), rows, _note_on_people(rows, context)
    )


def _note_on_people(rows: list[Cells], context: Context) -> str:
    who = (
        _("Those whom the Secretariat has approved for this forum are counted.")
        if context.forum.by_invitation
        else _("Secretariat staff are not included.")
    )
    people = ngettext("%(people)s person.", "%(people)s people.", len(rows), people=context.language.number(len(rows)))
    return f"{people} {who}"
