"""Who acts on what and when, drawn from the world as it is: mostly what may succeed, not always."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.model.numbering import Named
from tests.model.pool import NAMES, PHONES, having
from tests.model.reference.world import SHANGHAI, Lead, No, World, day_of

T = TypeVar("T")
CONTRARY = 1 / 14
"""How often somebody does what cannot succeed."""

FAMILIAR = 3 / 4
"""How often a broker goes for somebody whom another has entered already."""


@dataclass
class Chooser:
    """Draws for one operation from the world as it is now; `focus` is a customer whom all of a race want."""

    random: Random
    world: World
    now: datetime
    shown: frozenset[Named]
    focus: Lead | None = None

    def one(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def rarely(self) -> bool:
        return self.random.random() < CONTRARY

    def maybe(self) -> bool:
        return self.random.random() < 0.5

    def mostly(self, preferred: Sequence[T], others: Sequence[T]) -> T:
        """Return one of the preferred, where there are any and nobody is contrary."""
        return self.one(preferred if preferred and not self.rarely() else others)

    def actor(self, *roles: str) -> str:
        """Return somebody of the right role; an archived or wrong one now and then."""
        at_work = [who for who in having(*roles) if not self.world.people[who].archived]
        return self.mostly(at_work, list(self.world.people))

    def agent(self) -> str:
        """Return an agent, mostly one who may work."""
        agents = having("broker", "resident")
        return self.mostly([who for who in agents if self._has_standing(who)], agents)

    def _has_standing(self, agent: str) -> bool:
        try:
            self.world.require_standing(agent)
        except No:
            return False
        return True

    def lead(self, *statuses: str) -> Lead:
        """Return a lead of the race's customer, in one of these statuses, where there is one."""
        leads = self.world.leads.values()
        return self.among([one for one in leads if one.status(self.now) in statuses])

    def among(self, fit: Sequence[Lead]) -> Lead:
        """Return one of the leads that fit, of the race's customer where there is one; any if none fits."""
        fit = [one for one in fit if one.merged_into is None]
        wanted = [one for one in fit if self.focus is not None and one.keys & self.focus.keys]
        return self.mostly(wanted or fit, list(self.world.leads.values()))

    def version(self, kind: str, which: object, version: int) -> int:
        """Return the version of a form: today's, or now and then an older one that was shown."""
        older = [number for k, w, number in self.shown if (k, w) == (kind, which)]
        return self.mostly([version], sorted(older))

    def of_lead(self, lead: Lead) -> dict[str, Any]:
        return {"lead": lead.number, "version": self.version("lead", lead.number, lead.version)}

    def reason(self) -> str:
        return "" if self.rarely() else "agreed"

    def wishes(self, lead: Lead | None = None) -> dict[str, Any]:
        if lead is not None and self.maybe():
            return {"wish": lead.wish, "needs": lead.needs}
        return {"wish": self.one([None, *having("consultant")]), "needs": self.one(["", "a corner shop"])}

    def person(self) -> dict[str, Any]:
        """Return a customer as somebody types one: mostly somebody whom others have entered already."""
        known = list(self.world.leads.values()) if self.focus is None else [self.focus]
        if known and self.random.random() < FAMILIAR:
            familiar = self.one(known)
            return self.typed(familiar.surname, familiar.given, self.one(familiar.phones))
        wrong = self.rarely() and self.rarely()
        return self.typed(*self.one(NAMES), self.one(["138", "13812345678"] if wrong else PHONES))

    def typed(self, surname: str, given: str, first: str) -> dict[str, Any]:
        """Return a name and a phone, and now and then a second one, as they stand in the form."""
        others = [phone for phone in PHONES if phone != first]
        second = self.mostly(others, PHONES) if self.random.random() < 0.4 else None
        return {"surname": surname, "given": given, "phone1": first, "phone2": second}

    def half(self) -> tuple[str, dict[str, Any]] | None:
        """Return somebody who may enter one phone of a customer of two; two such leads are merged one day."""
        chances = [
            (bool(self.world.own_leads(who, lead.keys)) + lead.holds(self.now), who, lead, phone)
            for lead in self.world.leads.values()
            for who in having("broker", "resident")
            for phone in lead.phones
            if len(lead.phones) > 1 and self._has_standing(who) and self._may_enter(who, lead, phone)
        ]
        if not chances:
            return None
        nearest = max(one[0] for one in chances)
        _near, who, lead, phone = self.one([one for one in chances if one[0] == nearest])
        return who, {"surname": lead.surname, "given": lead.given, "phone1": phone, "phone2": None}

    def _may_enter(self, who: str, lead: Lead, phone: str) -> bool:
        return not self.world.own_leads(who, [(lead.name, phone)]) and not self.world.names(lead, who)

    def day(self, lead: Lead) -> date:
        """Return a day at or beside an end of the lead's bindings; for a bound one mostly today."""
        starts = [day_of(one.start) for one in lead.bindings]
        ends = [day_of(one.held_until) for one in lead.bindings]
        near = [day + timedelta(days=days) for day in starts + ends for days in (-1, 0, 1)]
        held = [day for day in near if any(one.covers(day) for one in lead.bindings)]
        likely = [day_of(self.now)] if lead.status(self.now) == "bound" else held
        return self.mostly(likely if self.random.random() < FAMILIAR else near, [day_of(self.now), *near])


@st.composite
def moments(draw: st.DrawFn, world: World, now: datetime) -> datetime:
    """Draw a later moment: at or just before the end of a binding or of a day, or some way off."""
    ends = [one.bindings[-1].end for one in world.leads.values() if one.holds(now) and one.bindings]
    midnight = datetime.combine(day_of(now), datetime.min.time(), tzinfo=SHANGHAI).astimezone(UTC)
    boundaries = [*ends, midnight + timedelta(days=1)]
    before = [timedelta(0), timedelta(0), timedelta(microseconds=-1), timedelta(seconds=-1)]
    exact = [end + step for end in boundaries for step in before]
    steps = [timedelta(seconds=1), timedelta(seconds=59), timedelta(seconds=60), timedelta(hours=5)]
    far = [timedelta(days=1), timedelta(days=100)]
    if draw(st.booleans()):
        return now + draw(st.sampled_from(steps))
    later = [moment for moment in exact if moment > now]
    return max(draw(st.sampled_from([*later, *(now + step for step in far)])), now)
