"""How guessing is slowed: in which respects a try counts, and how long the next one has to wait.

Nobody is ever shut out for good. After some free failures each further try waits twice as long as the one
before, up to a longest wait; after a day without a failure all are forgotten. Why these figures: decision 23.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

FORGOTTEN_AFTER = timedelta(hours=24)
"""After so long without a failure the earlier ones count no more."""


@dataclass(frozen=True)
class Pace:
    """How many failures are free, how long the first wait is, and how long the longest.

    `one_forgotten_in` is the time without a failure that makes up for one: people of a large office mistype
    every day, and must not add up to a guesser.
    """

    free: int
    first: timedelta
    longest: timedelta
    one_forgotten_in: timedelta = FORGOTTEN_AFTER

    def wait_after(self, failures: int) -> timedelta:
        """Return how long the next try has to wait after so many failures."""
        if failures < self.free:
            return timedelta(0)
        doublings = min(failures - self.free, 20)
        return min(self.first * (1 << doublings), self.longest)

    def failures_at(self, now: datetime, *, failures: int, failed_at: datetime) -> int:
        """Return how many of the failures still count, of which the last was at `failed_at`.

        That may be a moment after `now`: of simultaneous tries the later one may be counted first.
        """
        passed = max(timedelta(0), now - failed_at)
        return 0 if passed >= FORGOTTEN_AFTER else max(0, failures - passed // self.one_forgotten_in)


FROM_A_KNOWN_BROWSER = Pace(10, timedelta(seconds=2), timedelta(minutes=5))
BY_NAME_AND_ADDRESS = Pace(5, timedelta(seconds=2), timedelta(minutes=15))
BY_NAME = Pace(30, timedelta(seconds=2), timedelta(seconds=60))
BY_ADDRESS = Pace(50, timedelta(seconds=2), timedelta(minutes=5), one_forgotten_in=timedelta(minutes=10))
BY_SECOND_STEP = Pace(5, timedelta(seconds=2), timedelta(minutes=15))
BY_CONFIRMING = Pace(10, timedelta(seconds=2), timedelta(minutes=5))


@dataclass(frozen=True)
class Respect:
    """One respect in which a try counts: what it is about, and at which pace.

    A success clears what is `somebodys` own; from what many share, as an address, it only takes back its own
    count: who signs in to an own account between guesses gains nothing.
    """

    about: tuple[str, ...]
    pace: Pace
    is_somebodys: bool = True


@dataclass(frozen=True)
class Origin:
    """Where a try comes from: an address, and a browser that may have signed in before.

    `known` has, for the account ids that this browser has signed in to, a random text of this browser's own.
    """

    address: str
    known: Mapping[int, str]


@dataclass(frozen=True)
class Target:
    """What is tried: an account name as typed, and the account of that name where there is one.

    `generation` is the account's, which each new password counts up. With it begin new counts: a temporary
    password works at once, whatever was tried before.
    """

    login: str
    account_id: int = 0
    generation: int = 0


def respects_of_sign_in(target: Target, origin: Origin) -> tuple[Respect, ...]:
    """Return how a try with an account name and a password counts.

    From a browser that has signed in to the account before, it counts for that browser alone, so whatever
    strangers do holds nobody up there. From any other it counts for the name at this address, for the name
    wherever it comes from, and for the address whatever the name.
    """
    generation = str(target.generation)
    if part := origin.known.get(target.account_id):
        return (Respect(("browser", str(target.account_id), generation, part), FROM_A_KNOWN_BROWSER),)
    name, network = target.login.strip().lower(), network_of(origin.address)
    return (
        Respect(("name and address", name, generation, network), BY_NAME_AND_ADDRESS),
        Respect(("name", name, generation), BY_NAME),
        Respect(("address", network), BY_ADDRESS, is_somebodys=False),
    )


def respects_of_codes(address: str) -> tuple[Respect, ...]:
    """Return how a one-time code counts: for where it comes from, whatever the phone.

    Each phone has five tries a code and ten codes a day (`services/sign_in_codes.py`); this is for whoever
    tries many phones.
    """
    return (Respect(("codes", network_of(address)), BY_ADDRESS, is_somebodys=False),)


def respects_of_second_step(account_id: int, generation: int) -> tuple[Respect, ...]:
    """Return how a code of an authenticator app, or one from paper, counts after a right password."""
    return (Respect(("second step", str(account_id), str(generation)), BY_SECOND_STEP),)


def respects_of_confirming(account_id: int, generation: int) -> tuple[Respect, ...]:
    """Return how a password counts that somebody signed in gives once more."""
    return (Respect(("confirming", str(account_id), str(generation)), BY_CONFIRMING),)


def network_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, or of IPv6 the network of one household.

    A connection has 2**64 addresses of IPv6 to itself. An IPv4 address written as IPv6 is still that.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed.packed, 64), strict=False))
