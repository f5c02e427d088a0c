"""项目主页: what every broker's home shows of the project (manual 6.3.j-3 to 6.3.j-7, 6.3.j-11)."""

from flask import Response, flash, jsonify, redirect, render_template, request
from flask_admin import expose
from flask_babel import gettext as _

from lead_system.admin_views.base import Answer, BackOfficeView, present
from lead_system.admin_views.editing import editing_page, keep_sent_picture, text_of, wants_json
from lead_system.admin_views.project_forms import ProjectForm
from lead_system.domain.errors import Refused
from lead_system.domain.places import Position
from lead_system.domain.roles import Role
from lead_system.queries.project import get_project, shown_plots
from lead_system.services.project import change_project
from lead_system.web.caller import caller
from lead_system.web.confirming import confirm_first
from lead_system.web.sizes import takes_files


class ProjectView(BackOfficeView):
    """The project page."""

    roles = frozenset({Role.ADMIN})

    @expose("/", methods=("GET", "POST"))
    @confirm_first
    def index_view(self) -> Answer:
        """Show the project page beside its form; change it."""
        form = ProjectForm()
        if request.method == "GET":
            form.fill(get_project())
            return self._page(form, None)
        try:
            change_project(caller(form), version=form.seen, facts=form.facts(form.position()), now=present())
        except Refused as refused:
            return self._page(form, refused)
        flash(_("The project page is saved. Brokers see it now."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/preview/", methods=("POST",))
    def preview_view(self) -> Answer:
        """Show the phone's page as it would be; nothing is written."""
        form = ProjectForm()
        if not wants_json():
            return self._page(form, None)
        maps = render_template("admin/project/map_links.html", **_place(form))
        return jsonify(phone=self._preview(form), maps=maps)

    @expose("/picture/", methods=("POST",))
    @confirm_first
    @takes_files
    def picture_view(self) -> tuple[Response, int]:
        """Keep a picture for an illustrated text."""
        return keep_sent_picture()

    def _page(self, form: ProjectForm, refused: Refused | None) -> Answer:
        return editing_page(
            self,
            "admin/project/project.html",
            form,
            refused,
            back_url=self.get_url(".index_view"),
            action_url=self.get_url(".index_view"),
            preview_url=self.get_url(".preview_view"),
            preview=self._preview(form),
            **_place(form),
        )

    def _preview(self, form: ProjectForm) -> str:
        form.renew()  # No preview shows a whole number where none would be kept (R1).
        facts = form.facts(_position_if_any(form))
        return render_template(
            "mobile/project_preview.html",
            project=facts,
            introduction=text_of(facts.introduction),
            plots=shown_plots(),
        )


def _position_if_any(form: ProjectForm) -> Position | None:
    """Return the position that was typed; None as long as it is none."""
    try:
        return form.position()
    except Refused:
        return None


def _place(form: ProjectForm) -> dict[str, object]:
    """Return what the links to the maps need."""
    return {
        "position": _position_if_any(form),
        "place_name": form.name.data or "",
        "place_address": form.address.data or "",
    }
