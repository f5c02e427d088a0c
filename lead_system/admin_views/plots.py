"""地块: the plots of the project (manual 6.3.j-8 to 6.3.j-10)."""

from operator import attrgetter
from typing import Any, ClassVar

from flask import flash, jsonify, redirect, render_template, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select

from lead_system.admin_views.base import Answer, Question, number_in, present
from lead_system.admin_views.columns import Column, PageOf
from lead_system.admin_views.editing import editing_page, text_of, wants_json
from lead_system.admin_views.forms import ArchiveForm
from lead_system.admin_views.lists import ListView, NextStep
from lead_system.admin_views.project_forms import BETWEEN_TAGS, PlotForm
from lead_system.admin_views.rows import RowLink
from lead_system.admin_views.searches import PlotSearchForm
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.roles import Role
from lead_system.models import Plot
from lead_system.queries import project, scope
from lead_system.queries.project import PlotSearch, PlotTab
from lead_system.services.plots import archive_plot, bring_back_plot, change_plot, open_plot
from lead_system.web.caller import caller, signed_in
from lead_system.web.confirming import confirm_first
from lead_system.web.rich_text import said

_NUMBER = attrgetter("number")


def _is_shown(row: Plot) -> bool:
    return row.archived_at is None


def _is_archived(row: Plot) -> bool:
    return not _is_shown(row)


class PlotsView(ListView):
    """Plots."""

    roles = frozenset({Role.ADMIN})
    list_template = "admin/plots/list.html"
    about = _l("The parts of the project that brokers see on the phone, each with a page of its own.")
    advice = _l("Add the first plot; brokers see it at once.")
    next_step = NextStep(_l("Add a plot"), "plots.add_view")
    row_links = (
        RowLink(_l("Show it again"), PageOf("plots.bring_back_view"), _NUMBER, is_offered=_is_archived),
        RowLink(_l("Change"), PageOf("plots.change_view"), _NUMBER, is_offered=_is_shown),
        RowLink(_l("Archive"), PageOf("plots.archive_view"), _NUMBER, is_offered=_is_shown),
    )
    search_form_class = PlotSearchForm
    tab_argument = "state"
    tabs_title = _l("Status")
    tab_titles: ClassVar[dict[str, Any]] = {
        PlotTab.SHOWN.value: _l("On the phones"),
        PlotTab.ARCHIVED.value: _l("Archived"),
    }
    columns: ClassVar[tuple[Column, ...]] = (
        Column("place", _l("Place in the list"), lambda row: row.place, Plot.place),
        Column("number", _l("Plot number"), lambda row: row.number, Plot.number_key, look="words name"),
        Column("tags", _l("Tags"), lambda row: BETWEEN_TAGS.join(row.tags), look="words"),
        Column("text", _l("Illustrated text"), lambda row: said(row.text), look="long"),
    )

    def visible(self) -> ColumnElement[bool]:
        """Return the scope of plots."""
        return scope.visible_plots(signed_in())

    def _search(self) -> PlotSearch:
        return PlotSearch(tab=PlotTab(self.chosen_tab()), **self.search_values())

    def found(self) -> Select[Any]:
        """Return the plots of the tab that fit the search."""
        return project.plots_found(signed_in(), self._search())

    def tab_counts(self) -> dict[str, int]:
        """Return how many plots each tab has."""
        return project.plot_counts(signed_in(), self._search())

    @expose("/add/", methods=("GET", "POST"))
    @confirm_first
    def add_view(self) -> Answer:
        """Add a plot."""
        form = PlotForm()
        if request.method == "GET":
            form.place.data = str(project.next_place())
            return self._page(None, form, None)
        try:
            open_plot(caller(form), facts=form.facts(), now=present())
        except Refused as refused:
            return self._page(None, form, refused)
        flash(_("The plot is added. Brokers see it now."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/change/", methods=("GET", "POST"))
    @confirm_first
    def change_view(self) -> Answer:
        """Change a plot that is on the phones."""
        plot, form = self._shown_plot(request.args.get("id", "")), PlotForm()
        if request.method == "GET":
            form.fill(plot)
            return self._page(plot, form, None)
        try:
            change_plot(caller(form), plot_id=plot.id, version=form.seen, facts=form.facts(), now=present())
        except Refused as refused:
            return self._page(plot, form, refused)
        flash(_("The plot is saved. Brokers see it now."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/preview/", methods=("POST",))
    def preview_view(self) -> Answer:
        """Show the phone's page as it would be; nothing is written."""
        form, wanted = PlotForm(), request.args.get("id", "")
        if wants_json():
            return jsonify(phone=_preview(form))
        return self._page(self._shown_plot(wanted) if wanted else None, form, None)

    @expose("/archive/", methods=("GET", "POST"))
    @confirm_first
    def archive_view(self) -> Answer:
        """Take a plot off the phones."""
        form, wanted = ArchiveForm(), request.args.get("id", "")
        if request.method == "GET":
            form.version.data = self._shown_plot(wanted).version
            return self._archive_page(form, None)
        try:
            archive_plot(caller(form), plot_id=number_in(wanted), version=form.seen, now=present())
        except Refused as refused:
            return self._archive_page(form, refused)
        flash(_("The plot is archived."), "success")
        return redirect(self.get_url(".index_view"))

    @expose("/bring-back/", methods=("GET", "POST"))
    @confirm_first
    def bring_back_view(self) -> Answer:
        """Show an archived plot on the phones again."""
        form, wanted = ArchiveForm(), request.args.get("id", "")
        if request.method == "GET":
            form.version.data = self._archived_plot(wanted).version
            return self._bring_back_page(form, None)
        try:
            bring_back_plot(caller(form), plot_id=number_in(wanted), version=form.seen, now=present())
        except Refused as refused:
            return self._bring_back_page(form, refused)
        flash(_("The plot is on the phones again."), "success")
        return redirect(self.get_url(".index_view"))

    # The pages that ask.

    def _shown_plot(self, wanted: str) -> Plot:
        plot: Plot = self.get_one(wanted)
        if plot.archived_at is not None:
            raise Refused(RefusalCode.NOT_FOUND)
        return plot

    def _archived_plot(self, wanted: str) -> Plot:
        plot: Plot = self.get_one(wanted)
        if plot.archived_at is None:
            raise Refused(RefusalCode.NOT_FOUND)
        return plot

    def _page(self, plot: Plot | None, form: PlotForm, refused: Refused | None) -> Answer:
        """Show the form of a new or known plot beside its preview."""
        endpoint, named = (".add_view", {}) if plot is None else (".change_view", {"id": plot.id})
        return editing_page(
            self,
            "admin/plots/plot.html",
            form,
            refused,
            plot=plot,
            back_url=self.get_url(".index_view"),
            action_url=self.get_url(endpoint, **named),
            preview_url=self.get_url(".preview_view", **named),
            preview=_preview(form),
        )

    def _archive_page(self, form: ArchiveForm, refused: Refused | None) -> Answer:
        plot = self.get_one(request.args.get("id", ""))
        lines = (
            _("The plot disappears from the phones at once. What it says is kept."),
            _("Its number can be given to another plot."),
            _("It can be brought back from the list of archived plots."),
        )
        question = Question(_("Archive the plot"), _("Archive"), _subject(plot), lines, is_danger=True)
        return self.question_page(question, form, refused, back_url=self.get_url(".index_view"))

    def _bring_back_page(self, form: ArchiveForm, refused: Refused | None) -> Answer:
        plot = self.get_one(request.args.get("id", ""))
        lines = (_("Brokers see the plot on the phone again, as it was."),)
        question = Question(_("Show the plot again"), _("Show it again"), _subject(plot), lines)
        back_url = self.get_url(".index_view", state=PlotTab.ARCHIVED.value)
        return self.question_page(question, form, refused, back_url=back_url)


def _subject(plot: Plot) -> Markup:
    return Markup("<span data-user>{}</span>").format(plot.number)


def _preview(form: PlotForm) -> str:
    form.renew()  # No preview shows a whole number where none would be kept (R1).
    facts = form.facts()
    return render_template("mobile/plot_preview.html", plot=facts, text=text_of(facts.text))
