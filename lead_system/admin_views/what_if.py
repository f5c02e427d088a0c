"""设置: what if protection were N to M days (B9), a page of the settings that changes nothing."""

from typing import Any

from flask import request
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from wtforms import Form, StringField

from lead_system.admin_views.base import Answer, BackOfficeView, number_in, present
from lead_system.admin_views.forms import typed
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.protection import days_tried, protected_until, require_protection_days
from lead_system.queries import people
from lead_system.queries.matching import find_row_number
from lead_system.queries.settings import get_settings
from lead_system.queries.what_if import When, bindings_of, brokers_of, lines_of
from lead_system.web.sentences import sentence

FIRST, LAST = 7, 60
"""The numbers of days that are compared unless somebody types others."""


def _days(label: Any) -> StringField:
    widget = {"inputmode": "numeric", "maxlength": 10, "autocomplete": "off", "required": True}
    return StringField(label, filters=[typed], render_kw=widget)


class WhatIfForm(Form):
    """From how many days to how many the protection is tried."""

    first = _days(_l("From days"))
    last = _days(_l("To days"))

    @property
    def tried(self) -> tuple[int, ...]:
        """The numbers of days to look at.

        Raises:
            Refused: PROTECTION_DAYS_WRONG, or SPAN_REVERSED.
        """
        first, last = (find_row_number(field.data or "") or 0 for field in (self.first, self.last))
        return days_tried(first, last)


class WhatIfPages(BackOfficeView):
    """The page of the settings that says what other numbers of days would do."""

    @expose("/what-if/")
    def what_if_view(self) -> Answer:
        """Say for each number of days how many running bindings would end; nothing is saved."""
        form = WhatIfForm(request.args, first=str(FIRST), last=str(LAST))
        try:
            lines = lines_of(form.tried, present())
        except Refused as refused:
            _show_at_field(form, refused)
            return self._what_if_page(form, lines=[]), refused.http_status
        return self._what_if_page(form, lines=lines, **self._chosen())

    def _chosen(self) -> dict[str, Any]:
        """Return whom the chosen number of days would concern; nothing where none was chosen."""
        if "days" not in request.args:
            return {}
        days = number_in(request.args["days"])
        _require_days_of_a_link(days)
        if "broker_id" not in request.args:
            return {"chosen": days, "brokers": brokers_of(days, present())}
        broker_id, when = number_in(request.args["broker_id"]), _when(request.args.get("when", ""))
        found = bindings_of(broker_id, when, days, present(), page=number_in(request.args.get("page", "1")))
        return {"chosen": days, "found": found, "when": when, "broker": people.name_of_agent(broker_id)}

    def _what_if_page(self, form: WhatIfForm, **shown: Any) -> str:
        return self.render(
            "admin/settings/what_if.html",
            form=form,
            settings=get_settings(),
            kept={"first": form.first.data, "last": form.last.data},
            protected_until=protected_until,
            **shown,
        )


def _show_at_field(form: WhatIfForm, refused: Refused) -> None:
    """Say beside its field why a number cannot be; what was typed stays there."""
    form[str(refused.facts["field"])].errors = [sentence(refused)]


def _require_days_of_a_link(days: int) -> None:
    """Refuse what no link of ours says, as if the page did not exist."""
    try:
        require_protection_days(days)
    except Refused:
        raise Refused(RefusalCode.NOT_FOUND) from None


def _when(text: str) -> When:
    if text not in set(When):
        raise Refused(RefusalCode.NOT_FOUND)
    return When(text)
