"""Who has spoken in a forum, by capacity, State and organization."""

from dataclasses import dataclass

from sqlalchemy import case, func, null, select, union_all

from app.extensions import db
from app.languages import Language
from app.models import FOR_A_GOVERNMENT, FOR_AN_ORGANIZATION, WHO_SPEAKS, Capacity, Forum, Message, MessageStatus


@dataclass(frozen=True)
class Speaker:
    """A State or an organization that has spoken in a forum in a capacity, or all of a capacity; `name` is "" then."""

    capacity: str
    name: str
    state: str
    organization: str
    messages: int
    people: int


def who_has_spoken(forum: Forum, language: Language) -> list[tuple[Speaker, list[Speaker]]]:
    """Of each capacity the published messages in all, and those of each State and organization, in the alphabetical
    order of the language."""
    name_of = case(
        (Message.capacity.in_(FOR_A_GOVERNMENT), Message.country),
        (Message.capacity.in_(FOR_AN_ORGANIZATION), Message.organization),
        else_="",
    ).label("name")
    of_forum = (Message.forum_id == forum.id) & (Message.status == MessageStatus.PUBLISHED)
    counts = func.count(), func.count(WHO_SPEAKS.distinct())
    whole = select(Message.capacity, null().label("name"), *counts).where(of_forum).group_by(Message.capacity)
    of_each = select(Message.capacity, name_of, *counts).where(of_forum).group_by(Message.capacity, name_of)
    # One statement, so that both count the same messages while others are published.
    rows = db.session.execute(union_all(whole, of_each)).all()
    found: dict[str, tuple[Speaker, list[Speaker]]] = {
        capacity: (Speaker(capacity, "", "", "", messages, people), [])
        for capacity, name, messages, people in rows
        if name is None
    }
    for capacity, said, messages, people in rows:
        if said:
            state, organization = (said, "") if capacity in FOR_A_GOVERNMENT else ("", said)
            name = language.state_name(state) if state else organization
            found[capacity][1].append(Speaker(capacity, name, state, organization, messages, people))
    for _whole, speakers in found.values():
        speakers.sort(key=lambda one: language.sort_key(one.name))
    return [found[capacity] for capacity in Capacity if capacity in found]
