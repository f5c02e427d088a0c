"""Lines about the list of customers: against Django admin and stock Flask-Admin, and how it grows."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from benchmarks import peers_running
from benchmarks.bench import Bench
from benchmarks.lines import Line, Measured, at_most
from benchmarks.load import Page, medians_in_turn
from benchmarks.peers_running import DJANGO, DJANGO_LEAN, OURS, STOCK
from benchmarks.questions import LISTED, Question, questions

GOALS = {
    "list-first": 0.25,
    "list-deep": 0.15,
    "list-last": 0.03,
    "search-1": 0.12,
    "search-2": 0.03,
    "search-3": 0.06,
    "search-none": 0.06,
    "search-broker": 0.15,
}
BUSIEST_BROKER = 101
"""The account who brought the most customers."""
ROWS_ON_A_PHONE = 20

PHONE_LIST = "phone-list"


def against_peers(bench: Bench, name: str) -> dict[str, float]:
    """Ask every site one question, in turn; returns milliseconds by site."""
    rows = bench.largest
    question = _question(bench, rows, name)

    def ask() -> dict[str, float]:
        pages = [site.page(bench, rows, question) for site in peers_running.sites(bench)]
        return medians_in_turn(pages, runs=bench.runs)

    return bench.kept(("against peers", name), ask)


def by_size(bench: Bench, name: str) -> dict[int, float]:
    """Ask our list one question on every number of leads, in turn; returns milliseconds by number."""
    if name == PHONE_LIST:
        pages = [phone_list(bench, rows, BUSIEST_BROKER) for rows in bench.sizes]
    else:
        pages = [_list_page(bench, rows, name) for rows in bench.sizes]
    return {int(rows): ms for rows, ms in medians_in_turn(pages, runs=2 * bench.runs).items()}


def _question(bench: Bench, rows: int, name: str) -> Question:
    return next(question for question in questions(bench, rows) if question.name == name)


def _list_page(bench: Bench, rows: int, name: str) -> Page:
    """Return the page that answers a question here, named after the number of leads."""
    page = peers_running.ours(bench, rows).page(bench, rows, _question(bench, rows, name))
    return replace(page, name=str(rows))


def phone_list(bench: Bench, rows: int, broker: int) -> Page:
    """Return a broker's own list of customers, on their phone."""
    person = bench.broker(rows, broker)
    found = bench.ask(
        rows, "ours",
        f"SELECT id FROM leads WHERE broker_id = %(broker)s AND {LISTED}"
        " ORDER BY entered_at DESC, id DESC LIMIT %(most)s",
        broker=broker, most=ROWS_ON_A_PHONE,
    )  # fmt: skip
    numbers = [number for (number,) in found]
    return Page(str(rows), person.port, "/m/customers", person.cookie, r'data-lead="(\d+)"', numbers)


def _against_django(name: str, bench: Bench) -> Measured:
    """Compare with Django admin as it is by default or without the full count, whichever is faster."""
    times = against_peers(bench, name)
    return Measured(times[OURS] / min(times[DJANGO], times[DJANGO_LEAN]), _in_ms(times))


def _against_stock(bench: Bench) -> Measured:
    """Compare with stock Flask-Admin where we are worst."""
    times = {name: against_peers(bench, name) for name in GOALS}
    ratios = {name: sites[OURS] / sites[STOCK] for name, sites in times.items()}
    worst = max(ratios, key=lambda name: ratios[name])
    return Measured(ratios[worst], {"worst": worst, **_in_ms(times[worst])})


def _growth(name: str, bench: Bench) -> Measured:
    """Compare the largest number of leads with the smallest."""
    curve = by_size(bench, name)
    figures = {f"{rows:,}": f"{ms:.1f} ms" for rows, ms in curve.items()}
    return Measured(curve[bench.largest] / curve[bench.smallest], figures, curve=curve)


def _in_ms(times: dict[str, float]) -> dict[str, str]:
    return {site: f"{ms:.1f} ms" for site, ms in times.items()}


def _line(name: str, limit: float, measure: Callable[[str, Bench], Measured], subject: str) -> Line:
    return Line(name, at_most(limit), partial(measure, subject))


LINES = (
    *(_line(name, limit, _against_django, name) for name, limit in GOALS.items()),
    Line("list-vs-stock", at_most(0.40), _against_stock),
    *(_line(f"growth-{name}", 1.5, _growth, name) for name in (*GOALS, PHONE_LIST)),
)
