"""A flag says what happened and decides nothing: whoever decides cannot even know of it (B8)."""

from tests.house.rules import package_modules

SAYS_FLAGS = ("lead_system.domain.flags", "lead_system.queries.flag")
ONLY_SETS_THEM = {"lead_system.queries.flag_settings"}
MAY_KNOW = {
    "lead_system.queries.flag_facts",
    "lead_system.queries.flags",
    "lead_system.queries.flagged",
    "lead_system.admin_views.flag_marks",
    "lead_system.admin_views.flags",
    "lead_system.admin_views.searches",
    "lead_system.web.flag_words",
}
"""Pages, their words, and the queries that they ask."""


def test_only_pages_know_of_flags() -> None:
    know = {
        module.name
        for module in package_modules()
        for one in module.imports
        if one.name.startswith(SAYS_FLAGS) and not one.name.startswith(tuple(ONLY_SETS_THEM))
    }

    assert know == MAY_KNOW, "a flag decides nothing: services and everything that decides stay without it"
