"""A customer to whom everything happens that a time line tells, for the tests of its page."""

from datetime import date, timedelta
from typing import NamedTuple

from lead_system.clock import now
from lead_system.services.protection import change_protection
from tests.support.cast import HONG, Cast
from tests.support.frozen import StoppedClock
from tests.support.html import Page


class Told(NamedTuple):
    """A step as the page tells it: when, title with rule and words, who did it, and whose lead it is."""

    when: str
    text: str
    who: str
    whom: str


def steps(page: Page) -> list[Told]:
    """Return the steps of a time line, from top to bottom."""
    told = []
    for entry in page.find_all("li"):
        if "line-entry" not in entry.get("class"):
            continue
        when, whom, who = (entry.find("p", class_=f"line-{part}").text for part in ("when", "whom", "who"))
        told += [Told(when, step.text, who, whom) for step in entry.find_all("div", class_="line-step")]
    return told


def whole_story(cast: Cast, clock: StoppedClock) -> dict[str, int]:
    """Let Hong come alone, Fang bind him, Qiang be turned away and get him, and Wei after him.

    Each step is an hour after the one before, from 2 March 10:00; returns the numbers of the leads.
    """
    numbers = _fang_binds(cast, clock)
    numbers |= _qiang_is_turned_away(cast, clock)
    _wait(clock)
    with cast.app.app_context():
        change_protection(cast.as_("admin"), days=20, also_running=True, version=1, now=now())
    _wait(clock)
    cast.extends("director", numbers["fang"], 5)
    _wait(clock)
    cast.rebinds("director", numbers["fang"], "qiang")
    _wait(clock)
    numbers["wei"] = cast.rebinds("director", numbers["qiang"], "wei", keep_end=True)
    _wait(clock)
    cast.deals("director", numbers["wei"], date(2026, 3, 3))
    _wait(clock)
    cast.undoes_deal("director", numbers["wei"])
    clock.forward(timedelta(days=40))
    cast.deals("director", numbers["wei"], date(2026, 3, 4))
    _wait(clock)
    cast.undoes_deal("director", numbers["wei"])
    _wait(clock)
    cast.reports("wei", numbers["wei"])
    cast.scans("lu", numbers["wei"])
    return numbers


def _wait(clock: StoppedClock) -> None:
    clock.forward(timedelta(hours=1))


def _fang_binds(cast: Cast, clock: StoppedClock) -> dict[str, int]:
    cast.walks_in("hong")
    _wait(clock)
    lead = cast.enters("wei", HONG, colleague="fang")
    cast.withdraws("wei", cast.enters("wei", HONG))
    _wait(clock)
    cast.corrects("fang", lead, HONG, "1394444")
    _wait(clock)
    cast.reports("fang", lead, needs="临街")
    cast.reports("fang", lead, needs="临街")
    _wait(clock)
    cast.scans("feng", lead, "xin")
    _wait(clock)
    cast.scans("lu", lead, "ming")
    _wait(clock)
    cast.views("xin", lead, "A")
    cast.follows_up("ming", lead, "周末再来", date(2026, 3, 9))
    cast.voids("secretary", cast.pays("secretary", lead, "300"))
    return {"fang": lead}


def _qiang_is_turned_away(cast: Cast, clock: StoppedClock) -> dict[str, int]:
    _wait(clock)
    lead = cast.enters("qiang", HONG, reports=True)
    cast.enters("qiang", ("洪", "七", "1394444"))
    _wait(clock)
    cast.scans("feng", lead)
    cast.handles("director", 2)
    _wait(clock)
    cast.reopens("director", 2)
    cast.objects("hong")
    return {"qiang": lead}
