"""The house stands as docs/architecture says; and each rule is shown to notice what it forbids."""

import pytest

from tests.house import rules
from tests.house.rules import Module, Rule, package_modules

WRONG = [
    (rules.imports_go_down, "lead_system.models", "from lead_system.services import leads"),
    (rules.imports_go_down, "lead_system.domain.codes", "import lead_system.models"),
    (rules.faces_stay_apart, "lead_system.mobile.gate", "import lead_system.admin_views"),
    (rules.domain_stays_pure, "lead_system.domain.x", "import qrcode"),
    (rules.domain_stays_pure, "lead_system.domain.x", "from lead_system.clock import now"),
    (rules.flask_stays_with_the_faces, "lead_system.services.gate", "from flask import request"),
    (rules.flask_stays_with_the_faces, "lead_system.queries.leads", "from flask_login import current_user"),
    (rules.flask_stays_with_the_faces, "lead_system.models", "from werkzeug.exceptions import NotFound"),
    (rules.only_transaction_commits, "lead_system.services.gate", "db.session.commit()"),
    (rules.only_transaction_commits, "lead_system.mobile.gate", "session.rollback()"),
    (rules.only_clock_asks_the_time, "lead_system.services.gate", "datetime.now(UTC)"),
    (rules.only_clock_asks_the_time, "lead_system.services.gate", "datetime.datetime.utcnow()"),
    (rules.only_clock_asks_the_time, "lead_system.services.gate", "date.today()"),
    (rules.only_clock_asks_the_time, "lead_system.services.gate", "time.time()"),
    (rules.only_clock_asks_the_time, "lead_system.services.gate", "from time import time"),
    (rules.only_clock_asks_the_time, "lead_system.models", "func.now()"),
    (rules.only_services_assign_a_status, "lead_system.mobile.gate", "lead.status = LeadStatus.BOUND"),
    (rules.only_services_assign_a_status, "lead_system.mobile.gate", "setattr(lead, 'status', 'bound')"),
    (rules.only_services_assign_a_status, "lead_system.queries.leads", "update(Lead).values(status='bound')"),
    (rules.only_services_assign_a_status, "lead_system.cli", "Lead(status='bound')"),
    (rules.no_import_inside_a_function, "lead_system.web.uploads", "def read():\n    import nh3"),
    (rules.no_import_inside_a_function, "lead_system.web.x", "async def f():\n    from PIL import Image"),
    (rules.no_vague_names, "lead_system.utils", ""),
    (rules.no_vague_names, "lead_system.web.helpers", ""),
]

FINE = [
    (rules.imports_go_down, "lead_system.mobile.gate", "from lead_system.services import gate"),
    (rules.imports_go_down, "lead_system.mobile.gate", "from lead_system.mobile.forms import ScanForm"),
    (rules.domain_stays_pure, "lead_system.domain.codes", "import secrets"),
    (rules.flask_stays_with_the_faces, "lead_system.web.access", "from flask import abort"),
    (rules.only_transaction_commits, "lead_system.services.transaction", "db.session.commit()"),
    (rules.only_clock_asks_the_time, "lead_system.clock", "datetime.now(UTC)"),
    (rules.only_clock_asks_the_time, "lead_system.mobile.gate", "clock.now()"),
    (rules.only_services_assign_a_status, "lead_system.services.gate", "lead.status = LeadStatus.BOUND"),
    (rules.only_services_assign_a_status, "lead_system.web.pages", "render(status=lead.status)"),
]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_house_rule_is_kept(rule: Rule) -> None:
    broken = [f"{module.name}:{line} {what}" for module in package_modules() for line, what in rule(module)]

    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize(("rule", "name", "source"), WRONG)
def test_rule_notices_what_it_forbids(rule: Rule, name: str, source: str) -> None:
    assert list(rule(Module(name, source)))


@pytest.mark.parametrize(("rule", "name", "source"), FINE)
def test_rule_leaves_good_code_alone(rule: Rule, name: str, source: str) -> None:
    assert not list(rule(Module(name, source)))


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not rules.circles(package_modules()), "move what these modules share down a floor"


def test_circle_is_noticed() -> None:
    modules = [Module("a", "import b"), Module("b", "import c"), Module("c", "import b"), Module("d", "")]

    assert rules.circles(modules) == ["a", "b", "c"]


def test_module_without_a_floor_is_noticed() -> None:
    with pytest.raises(LookupError, match="has no floor yet"):
        rules.floor_of("lead_system.attic")
