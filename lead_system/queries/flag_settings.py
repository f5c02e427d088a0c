"""Which flags are raised, as the admin set it (B8)."""

from sqlalchemy import select

from lead_system.domain.flag_rules import THRESHOLDS, Flag, FlagRule, FlagRules, limit_field
from lead_system.extensions import db
from lead_system.models import FlagSetting


def switch_field(flag: Flag) -> str:
    """Return the column that says whether a flag is raised."""
    return f"{flag.value}_on"


def get_flag_settings() -> FlagSetting:
    """Return the one row, which the migration made."""
    return db.session.execute(select(FlagSetting)).scalar_one()


def rules_in(settings: FlagSetting) -> FlagRules:
    """Return the rule of every flag."""
    return {
        flag: FlagRule(
            getattr(settings, switch_field(flag)),
            getattr(settings, limit_field(flag)) if flag in THRESHOLDS else 0,
        )
        for flag in Flag
    }


def flag_rules() -> FlagRules:
    """Return the rules that hold now."""
    return rules_in(get_flag_settings())
