"""The ready texts of announcements: what each kind says of a forum, with its dates; where these differ between groups,
with those of each group."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from app.addresses import absolute, link_in
from app.languages import Language, site_languages, speaking, text_in
from app.models import AnnouncementKind, Forum, State

Words = Mapping[str, str]


def ready_texts(forum: Forum, kind: AnnouncementKind, now: datetime) -> dict[str, dict[str, str]]:
    """The text of an announcement in each language of the site, with the dates and the titles of now."""
    made = {}
    for code, language in site_languages().items():
        with speaking(language):
            made[code] = _ready_text(forum, kind, now, language)
    return made


def _ready_text(forum: Forum, kind: AnnouncementKind, now: datetime, language: Language) -> dict[str, str]:
    state, text = forum.state(now), text_in(forum, language)
    named = _times(state, language) | {"forum": text.title}
    short = named | {"forum": text.short_title}
    if kind == AnnouncementKind.EXTENSION:
        subject, *said = _change(forum, now, named, short, language)
    elif kind == AnnouncementKind.OUTCOME:
        subject, *said = *_outcome(named, short), _outcomes(forum, language)
    else:
        subject, *said = OF_STATE[kind](state, named, short)
    if state.varies and kind != AnnouncementKind.OUTCOME:
        of_groups = [f"- {_of_group(group.number, own, language)}" for group, own in forum.group_states(now)]
        said[1:1] = [_("The dates of each group are as follows:"), "\n".join(of_groups)]
    said += [_("Address of the forum:"), _address(language, "forums.forum", forum)]
    if state.opens_at or not state.has_ended:
        said += [_("Dates for your calendar:"), _address(language, "feeds.deadlines", forum)]
    return {"subject": subject, "body": "\n\n".join([*said, _("The Secretariat")])}


def _times(state: State, language: Language) -> dict[str, str]:
    """`until` is the deadline of the opening or reopening to come."""
    times = {
        "opening": state.opens_at,
        "deadline": state.deadline,
        "until": state.reopens_until or state.deadline,
        "announced": state.announced,
    }
    return {name: language.at(moment) if moment else "" for name, moment in times.items()}


def _of_group(number: int, state: State, language: Language) -> str:
    named = _times(state, language)
    if state.is_open:
        return _("Group %(number)s: open until %(deadline)s, inclusive", number=number, **named)
    if state.opens_at and state.has_ended:
        return _("Group %(number)s: open again from %(opening)s to %(until)s, inclusive", number=number, **named)
    if state.opens_at:
        return _("Group %(number)s: open from %(opening)s to %(until)s, inclusive", number=number, **named)
    if state.has_ended:
        return _("Group %(number)s: closed on %(deadline)s", number=number, **named)
    return _("Group %(number)s: dates not known yet", number=number)


# Each kind: the subject, then its paragraphs; the dates of the groups follow the first of these.


def _opening(state: State, named: Words, short: Words) -> list[str]:
    return [*_opens(state, named, short), _("You are invited to contribute.")]


def _opens(state: State, named: Words, short: Words) -> tuple[str, str]:
    if not state.is_open and state.has_ended:
        said = _("The Secretariat wishes to inform you that the forum “%(forum)s” will reopen on %(opening)s.", **named)
        return _("Forum “%(forum)s”: reopens on %(opening)s", **short), said + _will_accept(state, named)
    if not state.is_open:
        said = _("The Secretariat wishes to inform you that the forum “%(forum)s” will open on %(opening)s.", **named)
        return _("Forum “%(forum)s”: opens on %(opening)s", **short), said + _will_accept(state, named)
    until = (
        _("The next deadline for messages is %(deadline)s, inclusive.", **named)
        if state.is_next
        else _("Messages are accepted until %(deadline)s, inclusive.", **named)
    )
    if state.closed_before:
        said = _("The Secretariat wishes to inform you that the forum “%(forum)s” is open again.", **named)
        subject = _("Forum “%(forum)s”: open again until %(deadline)s", **short)
    else:
        said = _("The Secretariat wishes to inform you that the forum “%(forum)s” is open.", **named)
        subject = _("Forum “%(forum)s”: open until %(deadline)s", **short)
    if state.is_next:
        subject = _("Forum “%(forum)s”: open; next deadline: %(deadline)s", **short)
    return subject, f"{said} {until}"


def _will_accept(state: State, named: Words) -> str:
    """The sentence on the deadline; "" if dates differ, since the list of groups gives them."""
    return "" if state.varies else " " + _("Messages will be accepted until %(until)s, inclusive.", **named)


def _reminder(state: State, named: Words, short: Words) -> list[str]:
    if state.is_next:
        said = _(
            "The Secretariat wishes to remind you that the next deadline for messages in the forum “%(forum)s” is "
            "%(deadline)s, inclusive.",
            **named,
        )
        return [_("Forum “%(forum)s”: reminder of the next deadline, %(deadline)s", **short), said]
    said = _(
        "The Secretariat wishes to remind you that the deadline for messages in the forum “%(forum)s” is "
        "%(deadline)s, inclusive.",
        **named,
    )
    return [_("Forum “%(forum)s”: reminder of the deadline, %(deadline)s", **short), said]


def _change(forum: Forum, now: datetime, named: Words, short: Words, language: Language) -> tuple[str, str]:
    """Each new deadline with those announced before it, and with its groups unless it is that of all groups."""
    parts: dict[tuple[datetime, Sequence[datetime]], list[str]] = {}
    for group, own in forum.group_states(now):
        if own.is_open and own.former and own.deadline:
            parts.setdefault((own.deadline, own.former), []).append(str(group.number))
    subjects, said = [], []
    for (deadline, former), numbers in parts.items():
        subject, place = _moved(deadline, former, short, language), _("the forum “%(forum)s”", **named)
        if len(numbers) < len(forum.groups):
            groups, count = _listed(numbers), len(numbers)
            subject = ngettext(
                "%(subject)s (group %(numbers)s)",
                "%(subject)s (groups %(numbers)s)",
                count,
                subject=subject,
                numbers=groups,
            )
            place = ngettext(
                "group %(numbers)s of the forum “%(forum)s”",
                "groups %(numbers)s of the forum “%(forum)s”",
                count,
                forum=named["forum"],
                numbers=groups,
            )
        subjects.append(subject)
        said.append(f"{_moved_in(deadline, former, place, language)} {_before(former, language)}")
    return subjects[0] if len(subjects) == 1 else _("Forum “%(forum)s”: new deadlines", **short), "\n\n".join(said)


def _listed(numbers: Sequence[str]) -> str:
    *others, last = numbers
    return _("%(others)s and %(last)s", others=", ".join(others), last=last) if others else last


def _moved(deadline: datetime, former: Sequence[datetime], short: Words, language: Language) -> str:
    named = {**short, "deadline": language.at(deadline)}
    if deadline > max(former):
        return _("Forum “%(forum)s”: deadline extended to %(deadline)s", **named)
    if deadline < min(former):
        return _("Forum “%(forum)s”: deadline brought forward to %(deadline)s", **named)
    return _("Forum “%(forum)s”: deadline changed to %(deadline)s", **named)


def _moved_in(deadline: datetime, former: Sequence[datetime], place: str, language: Language) -> str:
    named = {"place": place, "deadline": language.at(deadline)}
    if deadline > max(former):
        return _(
            "The Secretariat wishes to inform you that the deadline for messages in %(place)s has been extended to "
            "%(deadline)s, inclusive.",
            **named,
        )
    if deadline < min(former):
        return _(
            "The Secretariat wishes to inform you that the deadline for messages in %(place)s has been brought forward "
            "to %(deadline)s, inclusive.",
            **named,
        )
    return _(
        "The Secretariat wishes to inform you that the deadline for messages in %(place)s has been changed to "
        "%(deadline)s, inclusive.",
        **named,
    )


def _before(former: Sequence[datetime], language: Language) -> str:
    if len(former) == 1:
        return _("The previous deadline was %(deadline)s.", deadline=language.at(former[0]))
    told = (_(";") + " ").join(map(language.at, former))
    return _("Deadlines announced previously: %(deadlines)s.", deadlines=told)


def _closing(state: State, named: Words, short: Words) -> list[str]:
    said = (
        _(
            "The Secretariat wishes to inform you that the forum “%(forum)s” closed on %(deadline)s, before the "
            "announced deadline (%(announced)s).",
            **named,
        )
        if state.announced
        else _("The Secretariat wishes to inform you that the forum “%(forum)s” closed on %(deadline)s.", **named)
    )
    reopens = _("The forum will reopen on %(opening)s.", **named) + _will_accept(state, named)
    return [
        _("Forum “%(forum)s”: closed", **short),
        said + " " + _("All messages remain available to readers."),
        *([reopens] if state.opens_at else []),
        _("The Secretariat thanks all participants for their contributions."),
    ]


OF_STATE = {
    AnnouncementKind.OPENING: _opening,
    AnnouncementKind.REMINDER: _reminder,
    AnnouncementKind.CLOSING: _closing,
}


def _outcome(named: Words, short: Words) -> tuple[str, str]:
    said = _(
        "The Secretariat wishes to inform you that the outcome of the forum “%(forum)s” has been published and is "
        "available on the page of the forum:",
        **named,
    )
    return _("Forum “%(forum)s”: publication of the outcome", **short), said


def _outcomes(forum: Forum, language: Language) -> str:
    """The documents of the outcome as a list, with their symbols."""
    titles = [(text_in(document, language).title, document.symbol) for document in forum.outcomes]
    return "\n".join(f"- {title} ({symbol})" if symbol else f"- {title}" for title, symbol in titles)


def _address(language: Language, endpoint: str, forum: Forum) -> str:
    return absolute(link_in(language.code, endpoint, forum_slug=forum.slug))
