"""设置: how to reach the sales centre (manual 6.3.j-12), and how long personal data is kept (R10)."""

from dataclasses import dataclass
from datetime import datetime

from lead_system.domain.contact import clean_office_phone, clean_service_link
from lead_system.domain.errors import RefusalCode
from lead_system.domain.retention import require_retention_months
from lead_system.models import Account
from lead_system.services import history
from lead_system.services.leads import plain_changes
from lead_system.services.protection import ADMIN, SETTINGS, lock_settings
from lead_system.services.transaction import use_case


@dataclass(frozen=True)
class ContactChanged:
    """The service phone and the customer-service link that the phone pages show now, unless blank."""

    service_phone: str
    service_link: str


@use_case("change_contact", roles=ADMIN, answer=ContactChanged)
def change_contact(
    actor: Account, *, version: int, service_phone: str, service_link: str, now: datetime
) -> ContactChanged:
    """Change the service phone and the link to customer service, which the phone pages show at once.

    Either may be blank and is not shown then. What is as it was writes nothing, and neither does a repeat.

    Raises:
        Refused: SERVICE_PHONE_WRONG, SERVICE_LINK_WRONG for anything but a whole https address,
            TEXT_TOO_LONG, or STALE. The fact `field` names which.
    """
    after = {
        "service_phone": clean_office_phone(
            service_phone, field="service_phone", refusal=RefusalCode.SERVICE_PHONE_WRONG
        ),
        "service_link": clean_service_link(service_link, field="service_link"),
    }
    settings = lock_settings(version)
    changes = plain_changes({name: getattr(settings, name) for name in after}, after)
    if changes:
        settings.service_phone, settings.service_link = after["service_phone"], after["service_link"]
        settings.version += 1
        personal = {name: changes.pop(name) for name in ("service_phone",) if name in changes}
        history.record(actor, "change_contact", chain=SETTINGS, changes=changes, personal=personal, now=now)
    return ContactChanged(**after)


@dataclass(frozen=True)
class RetentionChanged:
    """For how many months personal data is kept now."""

    months: int


@use_case("change_retention", roles=ADMIN, answer=RetentionChanged)
def change_retention(actor: Account, *, version: int, months: int, now: datetime) -> RetentionChanged:
    """Change for how many months personal data is kept that nobody needs; the daily command acts on it.

    What is as it was writes nothing, and neither does a repeat.

    Raises:
        Refused: RETENTION_MONTHS_WRONG, or STALE.
    """
    require_retention_months(months)
    settings = lock_settings(version)
    if months != settings.retention_months:
        changes = {"retention_months": [settings.retention_months, months]}
        settings.retention_months = months
        settings.version += 1
        history.record(actor, "change_retention", chain=SETTINGS, changes=changes, now=now)
    return RetentionChanged(months)
