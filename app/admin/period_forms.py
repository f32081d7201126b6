"""The form of a period."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.forms import LastMomentField, MomentField
from app.forms import ChoiceField, OnceForm, VersionedForm
from app.models import Forum, Period


class PeriodForm(OnceForm, VersionedForm):
    group_id = ChoiceField(_l("For"), coerce=lambda value: int(value) or None)
    opens_at = MomentField(_l("Opens"))
    closes_at = LastMomentField(
        _l("Last moment to post, included"), description=_l("Date and time in UTC. The whole minute is included.")
    )

    def offer_groups(self, forum: Forum) -> None:
        """A new period is for the forum as a whole, or for one of its groups."""
        del self.version
        self.group_id.description = _(
            "A group that has followed the forum's periods takes them over as its own, so what was announced for it "
            "stays, and gets the new one besides. From then on, changes of the forum's periods do not reach it."
        )
        groups = [(group.id, _("Group %(number)s", number=group.number)) for group in forum.groups]
        self.group_id.offer([(0, _("The whole forum")), *groups])

    def fit_to(self, period: Period, *, is_fixed: bool) -> None:
        """A period stays where it is, and one that has begun keeps its opening."""
        del self.group_id
        if is_fixed:
            self.closes_at.description = _(
                "Date and time in UTC. The whole minute is included. It can be moved earlier, though not into "
                "the past. To give more time, add an extension."
            )
            del self.opens_at

    @property
    def values(self) -> dict[str, Any]:
        """What the actions take; a field that the form does not have is left out."""
        return {name: self[name].data for name in ("group_id", "opens_at", "closes_at") if name in self}
