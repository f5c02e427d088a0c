"""扫码记录: every visit that the gate confirmed (manual 6.1.a-29, 6.2.d-29)."""

from operator import attrgetter
from typing import Any, ClassVar

from flask import Response, request
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.base import Answer, number_in
from lead_system.admin_views.columns import Column, PageOf, of_account, of_lead, phones
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.rows import RowLink
from lead_system.admin_views.searches import ScanSearchForm
from lead_system.domain.roles import BACK_OFFICE
from lead_system.models import Account, GateScan, Lead
from lead_system.queries import scope, visits
from lead_system.queries.project import get_project
from lead_system.queries.visits import ScanSearch
from lead_system.services.visit_slips import VisitSlip, visit_slip
from lead_system.web.caller import signed_in
from lead_system.web.filters import shown_name
from lead_system.web.qr import draw_code
from lead_system.web.secret import server_secret
from lead_system.web.slip_checking import checking_address
from lead_system.web.slip_words import slip_lines

LEAD_PAGE = PageOf("leads.details_view", attrgetter("lead_id"))
"""The page of the customer whom a record is about."""


class ScansView(ListView):
    """Gate scans."""

    roles = BACK_OFFICE
    about = _l("Every visit that the gate confirmed.")
    advice = _l("A row appears when gate staff scan a broker's code and confirm the visit.")
    next_step = NextStep(_l("Look at the reported customers"), "leads.index_view", {"status": "reported"})
    row_links = (RowLink(_l("Visit slip"), PageOf("scans.slip_view"), _l("Visit slip %(number)s")),)
    search_form_class = ScanSearchForm
    days_title = _l("Scanned at")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("scanned_at", _l("Scanned at"), lambda row: row.scanned_at, GateScan.scanned_at),
        Column("number", _l("Customer number"), lambda row: row.lead_id, GateScan.lead_id, LEAD_PAGE),
        Column(
            "name",
            _l("Customer name"),
            lambda row: shown_name(row.lead),
            of_lead(Lead.name_key, GateScan.lead_id),
            look="words",
        ),
        Column("phone", _l("Customer phone"), lambda row: phones(row.lead), look="phones"),
        Column(
            "broker",
            _l("Broker's name"),
            lambda row: row.broker.name,
            of_account(Account.name, GateScan.broker_id),
            look="words",
        ),
        Column(
            "broker_phone",
            _l("Broker's phone"),
            lambda row: row.broker.phone,
            of_account(Account.phone, GateScan.broker_id),
            look="figures",
        ),
        Column("brokerage", _l("Brokerage then"), lambda row: row.brokerage and row.brokerage.name),
        Column(
            "gate",
            _l("Gate staff"),
            lambda row: row.gate.name,
            of_account(Account.name, GateScan.gate_id),
            look="words",
        ),
        Column(
            "consultant",
            _l("Consultant"),
            lambda row: row.consultant.name,
            of_account(Account.name, GateScan.consultant_id),
            look="words",
        ),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of gate scans."""
        return scope.visible_scans(signed_in())

    def found(self) -> Select[Any]:
        """Return the gate scans that fit the search."""
        return visits.scans_found(signed_in(), ScanSearch(**self.search_values()))

    # The slip of one visit.

    @expose("/slip/")
    def slip_view(self) -> Answer:
        """Show the slip of a visit, made for paper: what was confirmed, lines to sign, and its code."""
        slip = self._slip()
        return self.render(
            "admin/visit_slip.html",
            slip=slip,
            lines=slip_lines(slip),
            project=get_project().name,
            address=checking_address(),
        )

    @expose("/slip/address.png")
    def slip_picture_view(self) -> Response:
        """Answer with the QR picture of the page that checks this slip."""
        return Response(draw_code(checking_address(self._slip().facts.number)), mimetype="image/png")

    def _slip(self) -> VisitSlip:
        number = number_in(request.args.get("id"))
        return visit_slip(signed_in(), number, secret=server_secret())
