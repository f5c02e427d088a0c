"""What can be imported from a workbook, and what a row of one is while it waits for a yes (SPEC B5)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from lead_system.domain.errors import Fact, RefusalCode, Refused

MOST_ROWS = 1000
"""The most rows of one import; more would make a page that nobody reads before pressing the button."""

LONGEST_CELL = 1000
"""Characters from which a cell is not looked at; every field's own limit is far below."""


class ImportKind(StrEnum):
    """What the rows of a workbook become; each is one list of the back office."""

    BROKERAGES = "brokerages"
    CONSULTANTS = "consultants"
    STAFF = "staff"


FIELDS: dict[ImportKind, tuple[str, ...]] = {
    ImportKind.BROKERAGES: ("name", "contact", "phone", "address"),
    ImportKind.CONSULTANTS: ("employee_number", "name", "phone", "login"),
    ImportKind.STAFF: ("employee_number", "name", "phone", "role", "login"),
}
"""The columns of each kind's workbook, in the order of its list."""


@dataclass(frozen=True)
class Fault:
    """Why a row cannot be imported, whatever else is so: a refusal in plain values, which can be kept."""

    code: str
    facts: dict[str, Fact]

    @classmethod
    def of(cls, refused: Refused) -> Self:
        """Return a refusal as plain values."""
        return cls(refused.code.value, dict(refused.facts))

    @property
    def refused(self) -> Refused:
        """The refusal itself."""
        return Refused(RefusalCode(self.code), **self.facts)


@dataclass(frozen=True)
class SheetRow:
    """One row of a workbook: its number there, the text of each column, and what is wrong with it."""

    line: int
    cells: dict[str, str]
    faults: tuple[Fault, ...] = ()

    @classmethod
    def kept(cls, values: dict[str, Any]) -> Self:
        """Return a row that was kept as plain values."""
        return cls(values["line"], values["cells"], tuple(Fault(**fault) for fault in values["faults"]))

    @property
    def faulty_fields(self) -> frozenset[str]:
        """The fields that a fault speaks of."""
        return frozenset(str(fault.facts.get("field")) for fault in self.faults)
