"""The evidence file of one customer, taken from the time line (B1)."""

from io import BytesIO

from flask import current_app, request, send_file, url_for
from flask_admin import expose

from lead_system.admin_views.base import Answer, present
from lead_system.admin_views.time_line import TimeLinePages
from lead_system.domain.roles import DECIDERS
from lead_system.services.evidence import ask_for_evidence
from lead_system.services.transaction import read_snapshot
from lead_system.web.access import allow
from lead_system.web.caller import caller
from lead_system.web.evidence import evidence_file, evidence_name
from lead_system.web.forms import RequestForm
from lead_system.web.secret import server_secret


class EvidencePages(TimeLinePages):
    """What a decider takes out of the house to have it checked by others."""

    @expose("/evidence/", methods=("POST",))
    @allow(*DECIDERS)
    def evidence_view(self) -> Answer:
        """Write down who takes evidence, and answer with the file."""
        number = self.get_one(request.args.get("id", "")).id
        asked = ask_for_evidence(caller(RequestForm()), lead_id=number, now=present())
        read_snapshot()
        site = current_app.extensions["settings"].public_url
        file = evidence_file(
            self.get_one(str(number)),
            asked,
            site=site,
            verify_url=site + url_for("verifying.verify"),
            secret=server_secret(),
        )
        name = evidence_name(number, asked)
        return send_file(BytesIO(file), mimetype="application/zip", as_attachment=True, download_name=name)
