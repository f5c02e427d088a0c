"""Lines about pages full of figures: the dashboard and the referral table, beside the bare aggregates."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.lines import Line, Measured, at_most
from benchmarks.load import Page, Statement, medians_in_turn
from benchmarks.questions import LISTED, PAGE

PAGE_NAME, BARE = "page", "bare aggregate"
MOST_MS = 200
ENDINGS_SHOWN = 8

BARE_DASHBOARD = f"""
SELECT count(*), count(*) FILTER (WHERE status = 'entered'), count(*) FILTER (WHERE status = 'reported'),
       count(*) FILTER (WHERE status = 'bound' AND protect_until > now()),
       count(*) FILTER (WHERE status = 'dealt'),
       count(*) FILTER (WHERE status = 'expired' OR (status = 'bound' AND protect_until <= now())),
       count(*) FILTER (WHERE entered_at >= now() - interval '30 days'),
       count(*) FILTER (WHERE entered_at >= now() - interval '30 days' AND first_reported_at IS NOT NULL),
       count(*) FILTER (WHERE entered_at >= now() - interval '30 days' AND bound_at IS NOT NULL),
       count(*) FILTER (WHERE entered_at >= now() - interval '30 days' AND status = 'dealt')
FROM leads WHERE {LISTED}
"""
"""How many customers each status has, and the funnel of the last 30 days: less than the page says."""

_COUNTS = """count(leads.id) FILTER (WHERE leads.status = 'dealt') AS dealt, count(leads.bound_at) AS bound,
       count(leads.first_reported_at) AS reported, count(leads.id) AS entered"""

BARE_REFERRALS = f"""
SELECT accounts.id, {_COUNTS}
FROM accounts LEFT JOIN leads ON leads.broker_id = accounts.id AND leads.status <> 'withdrawn'
     AND leads.merged_into_id IS NULL
WHERE accounts.role IN ('broker', 'resident')
GROUP BY accounts.id ORDER BY dealt DESC, bound DESC, reported DESC, entered DESC, accounts.id LIMIT {PAGE}
"""
"""The first page of the referral table."""


def dashboard(bench: Bench, rows: int) -> Page:
    """Return the first page of the back office, which names the protections that end first."""
    person = bench.office(rows)
    row = r"/admin/leads/details/\?id=(\d+)"
    ends = endings(bench, rows, "ours")
    return Page(PAGE_NAME, person.port, "/admin/", person.cookie, row, truth=ends)


def endings(bench: Bench, rows: int, owner: str) -> Statement:
    """Return the question for the protections that end first: one of them may end while it is measured."""
    sql = (
        f"SELECT id FROM leads WHERE {LISTED} AND status = 'bound' AND protect_until > now()"
        f" ORDER BY protect_until, id LIMIT {ENDINGS_SHOWN}"
    )
    return Statement("endings", str(bench.cluster.folder), bench.database(rows, owner), sql)


def referrals(bench: Bench, rows: int) -> Page:
    """Return the first page of the referral table."""
    person = bench.office(rows)
    numbers = [row[0] for row in bench.ask(rows, "ours", BARE_REFERRALS)]
    row = r'href="/admin/leads/\?broker_id=(\d+)"'
    return Page(PAGE_NAME, person.port, "/admin/referrals/", person.cookie, row, numbers)


def against_bare(bench: Bench) -> dict[str, dict[str, float]]:
    """Fetch both pages on the most leads, each in turn with its bare aggregate."""
    rows = bench.largest
    return {
        name: medians_in_turn([page, _bare(bench, sql)], runs=bench.runs)
        for name, page, sql in (
            ("dashboard", dashboard(bench, rows), BARE_DASHBOARD),
            ("referrals", referrals(bench, rows), BARE_REFERRALS),
        )
    }


def _bare(bench: Bench, sql: str) -> Statement:
    return Statement(BARE, str(bench.cluster.folder), bench.database(bench.largest, "ours"), sql)


def _against_bare(name: str, bench: Bench) -> Measured:
    times = bench.once(against_bare)[name]
    figures = {what: f"{ms:.1f} ms" for what, ms in times.items()}
    return Measured(times[PAGE_NAME] / times[BARE], figures, ms=times[PAGE_NAME])


LINES = tuple(
    Line(name, at_most(1.5, ms=MOST_MS), partial(_against_bare, name)) for name in ("dashboard", "referrals")
)
