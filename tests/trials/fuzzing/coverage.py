"""Which routes were answered how, and which allowed roles never got through."""

from collections.abc import Mapping

from tests.house.access_table import TABLE
from tests.trials.fuzzing.batch import Tally
from tests.trials.fuzzing.world import ROLES

NEVER_SUCCEED: Mapping[tuple[str, str, str], str] = {}
"""Verb, rule and role of what is allowed and yet has no success, each with its reason."""


def missing(total: Tally) -> list[str]:
    """Return each verb and route with each allowed role that was never answered successfully."""
    reached = {(verb, rule, ROLES[who]) for verb, rule, who in total.reached}
    wanted = {(row.verb, row.rule, ROLES[who]) for row in TABLE for who in row.people}
    return [f"{verb} {rule} as {role}" for verb, rule, role in sorted(wanted - reached - set(NEVER_SUCCEED))]


def histogram(total: Tally) -> str:
    """Return how often each family of routes answered with each class of statuses."""
    families = sorted({family for family, _ in total.statuses})
    lines = [f"{'routes':32}" + "".join(f"{hundreds}xx".rjust(8) for hundreds in range(2, 6))]
    for family in families:
        counts = (total.statuses[family, hundreds] for hundreds in range(2, 6))
        lines.append(f"{family:32}" + "".join(f"{count or '':>8}" for count in counts))
    sums = [sum(n for (_, each), n in total.statuses.items() if each == hundreds) for hundreds in range(2, 6)]
    return "\n".join([*lines, f"{'all':32}" + "".join(f"{count:>8}" for count in sums)])
