"""设置: which flags are raised and from which figure on (B8), a page of the settings."""

from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField

from lead_system.admin_views.base import Answer, BackOfficeView, present
from lead_system.admin_views.forms import VersionForm, typed
from lead_system.domain.errors import Refused
from lead_system.domain.flag_rules import THRESHOLDS, Flag, FlagRule, FlagRules, limit_field
from lead_system.queries.flag_settings import get_flag_settings, rules_in, switch_field
from lead_system.queries.matching import find_row_number
from lead_system.services.flag_settings import change_flags
from lead_system.web.caller import caller
from lead_system.web.confirming import confirm_first
from lead_system.web.meanings import meaning

NO_NUMBER = -1
"""What is no whole number; below every threshold."""


def _switch() -> BooleanField:
    return BooleanField(_l("Raise this flag"))


def _limit(label: Any) -> StringField:
    widget = {"inputmode": "numeric", "maxlength": 10, "autocomplete": "off", "required": True}
    return StringField(label, filters=[typed], render_kw=widget)


class FlagsForm(VersionForm):
    """The switch of each flag, and its threshold where it has one."""

    walk_in_earlier_on = _switch()
    many_numbers_on = _switch()
    many_numbers_limit = _limit(_l("From so many different numbers on"))
    name_corrected_on = _switch()
    late_report_on = _switch()
    late_report_limit = _limit(_l("Up to so many minutes before the scan"))
    quick_deal_on = _switch()
    quick_deal_limit = _limit(_l("Up to so many days after the binding; 0 is the same day"))

    def show_rules(self, rules: FlagRules) -> None:
        """Fill in what is set."""
        for flag, rule in rules.items():
            self[switch_field(flag)].data = rule.is_on
            if flag in THRESHOLDS:
                self[limit_field(flag)].data = str(rule.limit)

    @property
    def wanted_rules(self) -> FlagRules:
        """The rules that were filled in; a threshold that is no whole number is one that is refused."""
        return {flag: FlagRule(bool(self[switch_field(flag)].data), self._limit_of(flag)) for flag in Flag}

    def _limit_of(self, flag: Flag) -> int:
        if flag not in THRESHOLDS:
            return 0
        number = find_row_number(self[limit_field(flag)].data or "")
        return NO_NUMBER if number is None else number

    def lines(self) -> list[tuple[Flag, Any, Any]]:
        """Return each flag with its switch and the field of its threshold, None where it has none."""
        return [
            (flag, self[switch_field(flag)], self[limit_field(flag)] if flag in THRESHOLDS else None)
            for flag in Flag
        ]


class FlagSettingsPages(BackOfficeView):
    """The page of the settings about flags."""

    @expose("/flags/", methods=("GET", "POST"))
    @confirm_first
    def flags_view(self) -> Answer:
        """Show which flags are raised; change that."""
        form = FlagsForm()
        if request.method == "GET":
            settings = get_flag_settings()
            form.show_rules(rules_in(settings))
            form.version.data = settings.version
            return self._flags_page(form, None)
        try:
            change_flags(caller(form), version=form.seen, rules=form.wanted_rules, now=present())
        except Refused as refused:
            return self._flags_page(form, refused)
        flash(_("The flags are saved. Every page goes by them at once."), "success")
        return redirect(self.get_url(".index_view"))

    def _flags_page(self, form: FlagsForm, refused: Refused | None) -> Answer:
        return self.asking_page(
            "admin/settings/flags.html",
            form,
            refused,
            back_url=self.get_url(".index_view"),
            meaning=meaning,
        )
