"""Who held a customer at a moment: `flask who-held`."""

from datetime import datetime

import click
from flask.cli import with_appcontext

from lead_system.clock import now
from lead_system.domain.errors import RefusalCode, Refused
from lead_system.domain.holding import Beginning, Ending, Period, require_past
from lead_system.domain.protection import SHANGHAI
from lead_system.extensions import db
from lead_system.models import Lead
from lead_system.queries.time_line import TimeLine, time_line_of
from lead_system.web.filters import second

_BEGAN = {
    Beginning.SCAN: "first confirmed scan of a reported lead",
    Beginning.REBIND: "rebind to this broker",
    Beginning.LATE_DEAL: "deal marked late",
}
_ENDED = {
    Ending.EXPIRY: "end of the protection",
    Ending.REBIND: "rebind to another broker",
    Ending.UNDO: "deal undone",
}


@click.command("who-held")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
@click.argument("moment")
@with_appcontext
def who_held(number: int, moment: str) -> None:
    """Say who held the customer of lead NUMBER at MOMENT, such as "2026-03-02 14:05:00" in Shanghai."""
    lead = db.session.get(Lead, number)
    if lead is None:
        raise click.ClickException(f"There is no customer number {number}.")
    asked, line = _read_moment(moment), time_line_of(lead, now())
    held = line.held_at(asked)
    for period in held:
        click.echo(_line(line, period, asked))
    if not held:
        click.echo(f"{second(asked)}: nobody held this customer.")


def _read_moment(text: str) -> datetime:
    try:
        typed = datetime.fromisoformat(text)
        return require_past(typed if typed.tzinfo else typed.replace(tzinfo=SHANGHAI), now())
    except Refused as refused:
        is_to_come = refused.code is RefusalCode.MOMENT_TO_COME
        raise click.ClickException("That moment has not come yet." if is_to_come else _WRITE_IT) from None
    except ValueError:
        raise click.ClickException(_WRITE_IT) from None


_WRITE_IT = 'Write the moment like "2026-03-02 14:05:00"; without a zone it is Shanghai\'s.'


def _line(line: TimeLine, period: Period, asked: datetime) -> str:
    broker = line.people.get(line.broker_id(period.lead_id) or 0, "")
    brokerage = line.brokerage_then(period.lead_id, asked) or "no brokerage"
    until = second(period.ends) if period.ends else "no end"
    ended = _ENDED[period.ended_by] if period.ended_by else "a deal stands"
    return (
        f"{second(asked)}: {broker} ({brokerage}) held, number {period.lead_id}, "
        f"from {second(period.begins)} ({_BEGAN[period.begun_by]}) until {until} ({ended})."
    )
