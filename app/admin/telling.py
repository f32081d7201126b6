"""The mails to people who are given a role in a forum, or lose it; written in the transaction that does it."""

from app.auth.emails import address_for, write_to
from app.languages import language_or_default, site_default, site_languages
from app.models import Forum, Role, User
from app.models.texts import best_text


def tell(user: User, role: Role, forum: Forum, languages: str | None) -> None:
    """Tell what somebody holds from now on: the role for these languages ("" for all), or with None no more.

    Nobody is told whose address is not confirmed, or whose account is suspended.
    """
    if user.confirmed_at is None or user.suspended_at:
        return
    text = best_text(forum.texts, language_or_default(user.language).code, site_default().code)
    address = address_for(user, "forums.forum", forum_slug=forum.slug)
    told = {"role": role.value, "forum": text.title if text else ""}
    if languages is None:
        write_to(user, "role_ended", **told, address=address if forum.published_at else "")
        return
    names = [language.name for code, language in site_languages().items() if code in languages.split()]
    write_to(
        user,
        "role_given",
        **told,
        covered=", ".join(names),
        address=address,
        queue=address_for(user, "moderation.queue"),
    )
