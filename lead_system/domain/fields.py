"""What the fields of a form must be: one rule for what is typed into a page and for a row of a file.

A page says the first thing that is wrong, an import everything; so rules are kept field by field, and whoever
applies them decides how much is said.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from lead_system.domain.errors import RefusalCode, Refused

Rule = Callable[[str], str]
"""Returns a text as it is kept, or raises what is wrong with it."""


def clean_fields(
    raw: Mapping[str, str], rules: Mapping[str, Rule]
) -> tuple[dict[str, str], tuple[Refused, ...]]:
    """Apply each field's rule; returns the fields that are right, and every refusal in the rules' order.

    A field that was not given is not looked at.
    """
    clean, wrong = {}, []
    for field, rule in rules.items():
        try:
            if field in raw:
                clean[field] = rule(raw[field])
        except Refused as refused:
            wrong.append(refused)
    return clean, tuple(wrong)


def require_clean(raw: Mapping[str, str], rules: Mapping[str, Rule]) -> dict[str, str]:
    """Apply each field's rule; returns all fields.

    Raises:
        Refused: the first refusal, in the order of the rules.
    """
    clean, wrong = clean_fields(raw, rules)
    if wrong:
        raise wrong[0]
    return clean


@dataclass(frozen=True)
class Unique:
    """A field whose value is given once and never again, not even after an archiving (R10).

    `fold` reduces a value to what counts when two are compared. `taken` is given such values and returns
    those of them that somebody has or had.
    """

    field: str
    refusal: RefusalCode
    fold: Rule
    taken: Callable[[Collection[str]], Collection[str]]

    def require_free(self, value: str) -> None:
        """Refuse a value that somebody has or had.

        Raises:
            Refused: `refusal`; the fact `field` is the field's name.
        """
        folded = self.fold(value)
        if folded in self.taken({folded}):
            raise Refused(self.refusal, field=self.field)
