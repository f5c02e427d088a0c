"""设置: which flags are raised, and from which figure on (B8). What they say, no service knows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lead_system.domain.flag_rules import THRESHOLDS, FlagRules, limit_field, require_flag_rules
from lead_system.extensions import db
from lead_system.models import Account, FlagSetting
from lead_system.queries.flag_settings import switch_field
from lead_system.services import history
from lead_system.services.leads import plain_changes
from lead_system.services.protection import ADMIN, SETTINGS
from lead_system.services.transaction import require_version, use_case


@dataclass(frozen=True)
class FlagsChanged:
    """How many switches and thresholds are set otherwise than before."""

    changed: int


@use_case("change_flags", roles=ADMIN, answer=FlagsChanged)
def change_flags(actor: Account, *, version: int, rules: FlagRules, now: datetime) -> FlagsChanged:
    """Switch flags on or off and set their thresholds; every page goes by that at once.

    Flags are worked out whenever somebody looks, so nothing else changes, and what is switched on again says
    of the past what it would have said then. What is as it was writes nothing, and neither does a repeat.

    Raises:
        Refused: FLAG_THRESHOLD_WRONG, whose fact `field` names which, or STALE.
    """
    require_flag_rules(rules)
    settings = _lock_flag_settings(version)
    after = _columns(rules)
    changes = plain_changes({name: getattr(settings, name) for name in after}, after)
    if changes:
        for name in changes:
            setattr(settings, name, after[name])
        settings.version += 1
        history.record(actor, "change_flags", chain=SETTINGS, changes=changes, now=now)
    return FlagsChanged(len(changes))


def _columns(rules: FlagRules) -> dict[str, bool | int]:
    """Return the rules as the row keeps them."""
    switches = {switch_field(flag): rule.is_on for flag, rule in rules.items()}
    return switches | {limit_field(flag): rules[flag].limit for flag in THRESHOLDS}


def _lock_flag_settings(version: int) -> FlagSetting:
    locked = select(FlagSetting).with_for_update().execution_options(populate_existing=True)
    settings = db.session.execute(locked).scalar_one()
    require_version(settings, version)
    return settings
