"""The page that asks whoever came for a page that matters whether it is them, and leads on to it."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lead_system.domain.errors import Refused
from lead_system.domain.roles import BACK_OFFICE
from lead_system.web.access import allow, is_safe_next
from lead_system.web.addresses import shown_address
from lead_system.web.confirming import ConfirmingForm, confirm, confirming_page, has_confirmed
from lead_system.web.errors import retry_after

blueprint = Blueprint("confirming", __name__, url_prefix="/admin")


@blueprint.route("/confirm", methods=("GET", "POST"))
@allow(*BACK_OFFICE)
def ask() -> ResponseReturnValue:
    """Ask for the password, and for a code where there is a second factor; then lead to what was wanted."""
    wanted = request.args.get("next")
    if has_confirmed():
        return redirect(wanted) if wanted and is_safe_next(wanted) else _confirmed_page()
    back_url = url_for("admin.index")
    if request.method == "GET":
        return confirming_page(ConfirmingForm(formdata=None), None, carried=[], back_url=back_url)
    form = ConfirmingForm()
    try:
        confirm(form)
    except Refused as refused:
        page = confirming_page(form, refused, carried=[], back_url=back_url)
        return page, refused.http_status, retry_after(refused)
    return redirect(request.full_path.rstrip("?"))


def _confirmed_page() -> str:
    """Say that all is well to whoever was sent here by a script, and has their form in another window."""
    return render_template("admin/confirmed.html", here_url=shown_address())
