"""A sales centre in which everything has happened, and for each check what breaks it and nothing else."""

from datetime import date, datetime
from typing import NamedTuple

from tests.support.cast import HONG, OUYANG, Cast
from tests.support.frozen import StoppedClock

LONG_AGO = "'2020-01-01 00:00:00.000000'"


class Case(NamedTuple):
    """What is done to the database, which check must then fail, and which row it must name.

    `{}` names a record of the story. `also` are checks that the same damage breaks by necessity, `bare`
    tables whose constraints would refuse it.
    """

    check: str
    column: str
    record: str
    statements: tuple[str, ...]
    also: frozenset[str] = frozenset()
    bare: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.check


def case(
    check: str, names: str, *statements: str, also: tuple[str, ...] = (), bare: tuple[str, ...] = ()
) -> Case:
    """Return a case; `names` is the column and the record that the check must name: "lead_id=held"."""
    column, _, record = names.partition("=")
    return Case(check, column, record, statements, frozenset(also), bare)


def forgotten(check: str, names: str, lead: str, action: str, *, also: tuple[str, ...] = ()) -> Case:
    """Return the case in which the records of one action of a customer say something else."""
    which = f"lead_id = {{{lead}}} AND action = '{action}'"
    changed = f"UPDATE history SET action = 'nothing' WHERE {which}"
    return case(check, names, changed, also=also, bare=("history",))


def tally(column: str, *also: str) -> Case:
    """Return the case in which a kept figure of a broker is one too many."""
    change = f"UPDATE broker_tallies SET {column} = {column} + 1 WHERE broker_id = {{fang}}"
    return case("tallies_are_what_counting_says", "broker_id=fang", change, also=also)


_EVERY = ("funnel_entered", "referrals_entered")
_COPIED = (
    "id - 100000, lead_id, broker_id, brokerage_id, scan_id, rebind_id, days, bound_at, ends_at, kept_end"
)

CASES = (
    case("phones_are_seven_digits", "lead_id=withdrawn",
         "UPDATE leads SET phone1 = '12x5678' WHERE id = {withdrawn}"),
    case("customer_once_per_broker", "lead_id=held",
         "UPDATE leads SET name_key = '欧阳锋', phone1 = '1385678' WHERE id = {plain}",
         "UPDATE lead_keys SET name_key = '欧阳锋', phone = '1385678' WHERE lead_id = {plain}",
         bare=("lead_keys",)),
    case("keys_of_listed_customers", "lead_id=plain", "DELETE FROM lead_keys WHERE lead_id = {plain}"),
    case("code_exactly_when_reported", "lead_id=wanted",
         "UPDATE leads SET short_code = NULL WHERE id = {wanted}", bare=("leads",)),
    case("status_has_its_past", "lead_id=wanted", "UPDATE leads SET reported_at = NULL WHERE id = {wanted}"),
    case("bound_customers_have_a_consultant", "lead_id=held",
         "UPDATE leads SET consultant_id = {feng} WHERE id = {held}"),
    case("merged_into_the_same_broker", "lead_id=merged",
         "UPDATE leads SET merged_into_id = {held} WHERE id = {merged}"),
    case("one_holder", "lead_id=held",
         "INSERT INTO holds (id, lead_id, name_key, phone, person_number, ends_at)"
         f" SELECT id + 100000, {{wanted}}, name_key, phone, person_number, {LONG_AGO} FROM holds"
         " WHERE lead_id = {held} AND phone = '1385678'", bare=("holds",)),
    case("holders_hold_all_their_keys", "lead_id=held",
         "DELETE FROM holds WHERE lead_id = {held} AND phone = '1394321'"),
    case("nobody_else_holds", "lead_id=plain",
         "INSERT INTO holds (lead_id, name_key, phone, person_number)"
         " SELECT lead_id, name_key, phone, person_number FROM lead_keys WHERE lead_id = {plain}"),
    case("one_holder_at_each_instant", "lead_id=held",
         "INSERT INTO binding_keys (binding_id, name_key, phone, person_number)"
         " SELECT {extended_binding}, name_key, phone, person_number FROM lead_keys"
         " WHERE lead_id = {held} AND phone = '1385678'"),
    case("one_cause_of_a_binding", "lead_id=held",
         "UPDATE bindings SET rebind_id = {rebind} WHERE lead_id = {held}", bare=("bindings",)),
    case("one_binding_of_a_cause", "lead_id=target",
         f"INSERT INTO bindings (id, lead_id, broker_id, brokerage_id, scan_id, rebind_id, days, bound_at,"
         f" ends_at, kept_end, ended_at) SELECT {_COPIED}, bound_at FROM bindings WHERE lead_id = {{target}}",
         "INSERT INTO binding_keys (binding_id, name_key, phone, person_number)"
         " SELECT binding_id - 100000, name_key, phone, person_number FROM binding_keys"
         " WHERE binding_id = {target_binding}", bare=("bindings", "binding_keys")),
    case("one_open_binding", "lead_id=dealt",
         "UPDATE bindings SET ended_at = NULL WHERE lead_id = {dealt}", bare=("bindings",)),
    case("first_scan_binds", "lead_id=held", "UPDATE bindings SET scan_id = {visit} WHERE lead_id = {held}"),
    case("binding_is_of_its_scan", "lead_id=held",
         "UPDATE bindings SET brokerage_id = NULL WHERE lead_id = {held}"),
    case("end_of_the_customer_is_that_of_its_binding", "lead_id=held",
         f"UPDATE leads SET bound_at = {LONG_AGO} WHERE id = {{held}}"),
    case("protection_is_days_from_the_binding", "lead_id=held",
         "UPDATE bindings SET days = days + 1 WHERE lead_id = {held}"),
    case("extended_once_on_record", "lead_id=held",
         "UPDATE bindings SET extended_at = bound_at WHERE lead_id = {held}"),
    case("bindings_keep_their_keys", "lead_id=moved",
         "DELETE FROM binding_keys WHERE binding_id IN (SELECT id FROM bindings WHERE lead_id = {moved})"),
    case("one_open_collision", "collision_id=handled",
         "UPDATE collisions SET state = 'open', handled_at = NULL, handled_by_id = NULL, outcome = NULL"
         " WHERE id = {handled}", bare=("collisions",)),
    case("walk_in_first_once", "collision_id=handled",
         "UPDATE collisions SET kind = 'walk_in_first', holding_lead_id = NULL, visitor_id = {hong},"
         " challenging_lead_id = {hongs} WHERE id = {handled}", bare=("collisions",)),
    case("handled_by_somebody_at_a_time", "collision_id=handled",
         "UPDATE collisions SET handled_by_id = NULL WHERE id = {handled}"),
    case("holder_and_challenger_are_two", "collision_id=handled",
         "UPDATE collisions SET holding_lead_id = {target} WHERE id = {handled}"),
    case("collision_events_on_record", "collision_id=handled",
         "DELETE FROM collision_events WHERE id IN (SELECT max(id) FROM collision_events"
         " WHERE collision_id = {handled})"),
    case("rebind_moved_one_binding", "rebind_id=rebind",
         f"UPDATE bindings SET ended_at = {LONG_AGO} WHERE lead_id = {{moved}}"),
    case("rebind_between_two_brokers", "rebind_id=rebind",
         "UPDATE rebinds SET from_broker_id = {wei} WHERE id = {rebind}"),
    case("rebind_has_a_reason", "rebind_id=rebind", "UPDATE rebinds SET reason = '' WHERE id = {rebind}"),
    case("one_standing_deal", "lead_id=dealt",
         "UPDATE deals SET undone_at = NULL, undone_by_id = NULL WHERE lead_id = {dealt}", bare=("deals",)),
    case("dealt_exactly_while_a_deal_stands", "lead_id=undone",
         "UPDATE deals SET undone_at = NULL, undone_by_id = NULL WHERE lead_id = {undone}"),
    case("deal_on_a_day_of_its_binding", "lead_id=dealt",
         "UPDATE deals SET dealt_on = '2020-01-01' WHERE lead_id = {dealt}"),
    case("fees_only_for_scanned_customers", "fee_id=fee",
         "UPDATE fees SET lead_id = {plain} WHERE id = {fee}", also=("fees_on_record",)),
    case("fees_go_to_the_customers_broker", "fee_id=fee",
         "UPDATE fees SET broker_id = {qiang} WHERE id = {fee}"),
    case("void_fees_say_who_and_why", "fee_id=void",
         "UPDATE fees SET void_reason = '' WHERE id = {void}", bare=("fees",)),
    case("screenshots_belong_to_fees", "picture_id=picture",
         "UPDATE fees SET picture_id = NULL WHERE id = {fee}"),
    forgotten("entries_on_record", "lead_id=plain", "plain", "enter_lead"),
    forgotten("withdrawals_on_record", "lead_id=withdrawn", "withdrawn", "withdraw_entry"),
    forgotten("reports_on_record", "lead_id=wanted", "wanted", "report_lead"),
    forgotten("scans_on_record", "scan_id=visit", "held", "visit_again"),
    forgotten("bindings_on_record", "lead_id=held", "held", "bind_by_scan", also=("scans_on_record",)),
    forgotten("viewings_on_record", "lead_id=held", "held", "record_viewing"),
    forgotten("follow_ups_on_record", "lead_id=held", "held", "add_follow_up"),
    forgotten("fees_on_record", "lead_id=held", "held", "pay_fee"),
    forgotten("void_fees_on_record", "fee_id=void", "held", "void_fee"),
    forgotten("deals_on_record", "lead_id=undone", "undone", "mark_dealt"),
    forgotten("undone_deals_on_record", "lead_id=undone", "undone", "undo_deal"),
    forgotten("rebinds_on_record", "rebind_id=rebind", "target", "rebind_here"),
    case("payloads_are_kept", "lead_id=plain",
         "DELETE FROM history_payloads WHERE record_id IN (SELECT id FROM history"
         " WHERE lead_id = {plain} AND action = 'enter_lead')", bare=("history_payloads",)),
    case("records_follow_each_other", "lead_id=held",
         "UPDATE history SET position = position + 1 WHERE chain = 'lead:{held}' AND position ="
         " (SELECT max(position) FROM history WHERE chain = 'lead:{held}')", bare=("history",)),
    case("another_person_was_declared", "lead_id=plain",
         "UPDATE leads SET person_number = 1 WHERE id = {plain}",
         "UPDATE lead_keys SET person_number = 1 WHERE lead_id = {plain}"),
    case("payloads_are_vouched_for", "record_id=visit_record",
         'INSERT INTO history_payloads (record_id, salt, "values") VALUES ({visit_record}, \'salt\', \'1\')',
         bare=("history_payloads",)),
    case("nothing_is_left_of_the_anonymised", "lead_id=anonymised",
         "UPDATE leads SET needs = '要一楼' WHERE id = {anonymised}"),
    case("rows_belong_to_the_customers_broker", "row_id=visit",
         "UPDATE gate_scans SET broker_id = {qiang} WHERE id = {visit}"),
    case("archived_do_nothing_more", "account_id=feng",
         f"UPDATE accounts SET archived_at = {LONG_AGO} WHERE id = {{feng}}"),
    case("one_account_of_a_phone", "account_id=fang",
         "UPDATE accounts SET phone = '13500020002' WHERE id = {fang}", bare=("accounts",)),
    case("one_choice_of_a_name", "row_id=shop",
         "UPDATE customer_types SET name_key = 'x'", bare=("customer_types",)),
    case("request_handled_once", "request_row_id=request",
         "INSERT INTO handled_requests SELECT id + 100000, asker, action, request_id, salt, content_hash,"
         " answer, handled_at FROM handled_requests WHERE id = {request}", bare=("handled_requests",)),
    case("requests_have_their_answer", "request_row_id=request",
         "UPDATE handled_requests SET answer = NULL WHERE id = {request}"),
    case("names_are_found_by_their_parts", "lead_id=plain",
         "DELETE FROM lead_name_grams WHERE lead_id = {plain}"),
    case("names_are_found_by_their_parts", "lead_id=plain",
         "UPDATE lead_name_grams SET status = 'expired' WHERE lead_id = {plain}"),
    case("names_are_found_by_their_parts", "lead_id=held",
         "UPDATE lead_name_grams SET protect_until = NULL WHERE lead_id = {held}"),
    tally("entered", "tab_of_entered_customers", *_EVERY),
    tally("reported", "tab_of_reported_customers", *_EVERY),
    tally("bound", "tab_of_expired_customers", *_EVERY),
    tally("expired", "tab_of_expired_customers", *_EVERY),
    tally("dealt", "tab_of_dealt_customers", "funnel_dealt", "referrals_dealt", *_EVERY),
    tally("ever_reported", "funnel_reported", "referrals_reported"),
    tally("ever_bound", "funnel_bound", "referrals_bound"),
)  # fmt: skip
"""Every invariant is the first of at least one case."""


def everything_happens(cast: Cast, clock: StoppedClock) -> dict[str, int]:
    """Let one thing of each kind happen; returns the numbers of the customers by the names of the cases."""
    dealt = _bound(cast, ("林", "晓", "1591122"))
    clock.at(datetime.fromisoformat("2026-04-02T10:00:00+08:00"))
    cast.reports("fang", dealt)
    cast.scans("feng", dealt)
    cast.deals("director", dealt, _TODAY, "6-126")
    cast.undoes_deal("director", dealt)
    cast.deals("director", dealt, _TODAY, "6-127", "3420000")
    undone = _bound(cast, ("陈", "静", "1390001"))
    cast.deals("director", undone, _TODAY)
    cast.undoes_deal("director", undone)
    extended = _bound(cast, ("周", "全", "1770002"))
    cast.extends("director", extended, 7)
    return {"dealt": dealt, "undone": undone, "extended": extended, **_held(cast), **_rebound(cast)}


_TODAY = date(2026, 4, 2)


def _bound(cast: Cast, customer: tuple[str, str, str], second: str = "", who: str = "fang") -> int:
    lead_id = cast.enters(who, customer, second, reports=True)
    cast.scans("feng", lead_id)
    return lead_id


def _held(cast: Cast) -> dict[str, int]:
    """Fang holds the customer whom everybody wants, who is shown round, paid for and argued about."""
    held = _bound(cast, OUYANG, "1394321")
    cast.scans("feng", held)
    cast.views("xin", held)
    cast.follows_up("xin", held, "周末再来")
    fee, void = cast.pays("secretary", held, "200.00"), cast.pays("secretary", held, "300.00")
    cast.voids("secretary", void)
    wanted = cast.enters("qiang", reports=True)
    handled = cast.collision_of(held, wanted)
    cast.handles("director", handled)
    cast.reports("qiang", wanted)
    cast.walks_in("hong")
    hongs, plain = cast.enters("fang", HONG), cast.enters("fang", ("钱", "多多", "1380009"))
    withdrawn = cast.enters("fang", ("孙", "山", "1380010"))
    cast.withdraws("fang", withdrawn)
    return {
        "held": held, "wanted": wanted, "handled": handled, "fee": fee, "void": void, "hongs": hongs,
        "plain": plain, "withdrawn": withdrawn,
    }  # fmt: skip


def _rebound(cast: Cast) -> dict[str, int]:
    """Two customers are moved to Qiang: one whom he does not know, and one whom he has twice."""
    moved = _bound(cast, ("赵", "云", "1880001"))
    target = cast.rebinds("director", moved, "qiang")
    merged = cast.enters("qiang", ("吴", "用", "1394321"), reports=True)
    cast.enters("qiang", ("吴", "用", "1385678"))
    both = _bound(cast, ("吴", "用", "1385678"), "1394321", who="wei")
    cast.rebinds("director", both, "qiang", keep_end=True)
    return {"moved": moved, "target": target, "merged": merged}
