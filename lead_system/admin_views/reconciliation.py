"""对账: whether all that must be true is true on live data: what was last found, and a button (B10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from lead_system import clock
from lead_system.admin_views.base import Answer, BackOfficeView, present
from lead_system.domain.errors import Refused
from lead_system.domain.roles import DECIDERS
from lead_system.queries.reconciliation.check import Checked
from lead_system.queries.reconciliation.checks import CHECKS
from lead_system.queries.reconciliations import LastResult, find_run_going_on, last_results, last_runs
from lead_system.services.reconciliation import (
    SECONDS_OF_A_BUTTON,
    Result,
    begin_reconciliation,
    is_begun_only,
    run_checks,
)
from lead_system.web.caller import caller
from lead_system.web.forms import RequestForm

_PAGES = {
    "lead_id": "leads.details_view",
    "other_lead_id": "leads.details_view",
    "collision_id": "collisions.details_view",
    "other_collision_id": "collisions.details_view",
    "fee_id": "fees.details_view",
}
"""Which numbers in a row have a page."""


@dataclass(frozen=True)
class ShownValue:
    """A value of a row that breaks a check, with the page of what it numbers; blank where there is none."""

    name: str
    value: Any
    url: str


@dataclass(frozen=True)
class ShownCheck:
    """A check as the page shows it; `last` is None where it was never run."""

    check: Checked
    must: str
    query: str
    last: LastResult | None
    rows: Sequence[Sequence[ShownValue]]


class ReconciliationView(BackOfficeView):
    """Every check with its rule, its question and what it last found."""

    roles = DECIDERS

    @expose("/", methods=("GET", "POST"))
    def index_view(self) -> Answer:
        """Show what was last found; run the checks when somebody asks for it."""
        form = RequestForm()
        if form.is_submitted():
            return self._run(form)
        runs = last_runs()
        results = last_results(runs)
        shown = [_shown(check, results.get(check.name)) for check in CHECKS]
        return self.render(
            "admin/reconciliation.html",
            form=form,
            runs=runs,
            going_on=find_run_going_on(present()),
            broken=[one for one in shown if one.last and one.last.is_broken],
            sound=[one for one in shown if not (one.last and one.last.is_broken)],
            checks=len(CHECKS),
        )

    def _run(self, form: RequestForm) -> Answer:
        """Run the checks as far as the page's patience goes; a repeated request runs nothing again."""
        try:
            run_id = begin_reconciliation(caller(form), now=present()).run_id
        except Refused as refused:
            return self.refused_page(refused)
        if is_begun_only(run_id):
            _say(run_checks(run_id, clock=clock.now, seconds=SECONDS_OF_A_BUTTON))
        return redirect(self.get_url(".index_view"))

    def refused_page(self, refused: Refused) -> Answer:
        """Show the page that says why nothing was run."""
        return self.asking_page(
            "admin/reconciliation_refused.html", RequestForm(), refused, back_url=self.get_url(".index_view")
        )


def _say(results: list[Result]) -> None:
    broken = sum(1 for one in results if one.count)
    if broken:
        flash(ngettext("%(num)s check found something.", "%(num)s checks found something.", broken), "error")
    elif len(results) == len(CHECKS):
        flash(_("All checks were run, and none found anything."), "success")
    if len(results) < len(CHECKS):
        said = _(
            "%(done)s of %(all)s checks were run in the time that a page has;"
            " flask reconcile runs all of them.",
            done=len(results),
            all=len(CHECKS),
        )
        flash(said, "info")


def _shown(check: Checked, last: LastResult | None) -> ShownCheck:
    rows = [[_value(name, value) for name, value in row.items()] for row in last.rows] if last else []
    return ShownCheck(check, _(check.must), check.query(), last, rows)


def _value(name: str, value: Any) -> ShownValue:
    page = _PAGES.get(name) if value else None
    return ShownValue(name, value, url_for(page, id=value) if page else "")
