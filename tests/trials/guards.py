"""The guards that keep the promises, how each is taken away in a copy, and the tests that must notice.

Whoever changes a guarded line changes its text here too; `tests/trials/test_sabotage.py` says which.
"""

from dataclasses import dataclass

MIGRATION = "migrations/versions/20261123_the_main_job.py"
CHAIN = "migrations/versions/20261201_the_chain.py"
HISTORY = "tests/services/test_history_check.py::"
RACES = "tests/races/test_races.py::"
ENTRY_RACES = "tests/races/test_entry_races.py::"
VISITOR_RACES = "tests/races/test_visitor_races.py::"

CONTROLS = (
    "tests/services/test_entering.py::test_entered_customer_belongs_to_the_broker_and_has_no_code",
    "tests/house/test_pages.py::test_unknown_address_is_a_plain_404_page",
)
"""What must go on working in every copy: where it fails too, more is missing than one guard."""


@dataclass(frozen=True)
class Cut:
    """A text that stands once in a file, and what is put in its place."""

    file: str
    text: str
    instead: str = ""


@dataclass(frozen=True)
class Guard:
    """A named guard, the cuts that take it away, and the tests of which some must fail then."""

    name: str
    cuts: tuple[Cut, ...]
    tests: tuple[str, ...]


GUARDS = (
    Guard(
        "hold constraint: the database refuses a second holder (R4)",
        (
            Cut(
                MIGRATION,
                """        sa.UniqueConstraint(
            "name_key", "phone", "person_number", name=op.f("uq_holds_name_key_phone_person_number")
        ),
""",
            ),
        ),
        (f"{RACES}test_two_gates_confirm_two_brokers_codes_of_one_customer[postgresql]",),
    ),
    Guard(
        "hold release: whoever binds next deletes what has ended, whole (R4)",
        (
            Cut(
                "lead_system/services/holds.py",
                "    db.session.execute(delete(Hold).where(Hold.id.in_(ended_rows)))\n",
                "    assert ended_rows is not None\n",
            ),
        ),
        ("tests/services/test_scanning.py::test_ended_hold_is_taken_over_whole",),
    ),
    Guard(
        "boundary of the status: expired from the very second of the end (R6)",
        (
            Cut(
                "lead_system/domain/lifecycle.py",
                "protect_until is not None and protect_until <= now",
                "protect_until is not None and protect_until < now",
            ),
        ),
        ("tests/domain/test_lifecycle.py::test_bound_lead_is_expired_from_the_very_second_of_its_end",),
    ),
    Guard(
        "boundary in lists: the same second in SQL (R6)",
        (
            Cut(
                "lead_system/queries/leads.py",
                "and_(is_stored_as(LeadStatus.BOUND, of), of.protect_until <= now)",
                "and_(is_stored_as(LeadStatus.BOUND, of), of.protect_until < now)",
            ),
        ),
        ("tests/queries/test_leads.py::test_every_reader_agrees_at_the_boundary_second_without_any_job",),
    ),
    Guard(
        "boundary of the hold: it stands until the very second of its end (R4)",
        (Cut("lead_system/models.py", "Hold.ends_at > now)", "Hold.ends_at >= now)"),),
        ("tests/services/test_scanning.py::test_hold_stands_until_the_very_second_of_its_end",),
    ),
    Guard(
        "scope in get_one: another's row of the back office does not exist (R12)",
        (
            Cut(
                "lead_system/admin_views/lists.py",
                "select(self.model).where(self.model.id == number_in(id), self.visible())",
                "select(self.model).where(self.model.id == number_in(id))",
            ),
        ),
        ("tests/admin/test_flask_admin_traps.py::test_13_rows_counts_and_single_rows_obey_one_scope",),
    ),
    Guard(
        "scope of customers on phones: another broker's lead does not exist (R12)",
        (
            Cut(
                "lead_system/queries/one_lead.py",
                "select(Lead).where(Lead.id == lead_id, scope.visible_leads(actor))",
                "select(Lead).where(Lead.id == lead_id)",
            ),
        ),
        (
            "tests/queries/test_leads.py::test_anothers_lead_does_not_exist",
            "tests/mobile/test_customers.py::test_customer_of_another_broker_does_not_exist",
        ),
    ),
    Guard(
        "scope of pictures: a payment screenshot is for whoever sees the fee (R12)",
        (
            Cut(
                "lead_system/queries/fees.py",
                "found = found.where(Fee.id == fee_id, scope.visible_fees(actor))\n    wanted",
                "found = found.where(Fee.id == fee_id)\n    wanted",
            ),
        ),
        ("tests/queries/test_fees.py::test_neither_fee_nor_screenshot_exists_for_anybody_else",),
    ),
    Guard(
        "scope of exports: a workbook holds the rows of the screen and no others (R12)",
        (
            Cut(
                "lead_system/admin_views/exports.py",
                "        return self.found_in_order()\n\n    def _exported_rows",
                "        return db.select(self.model)\n\n    def _exported_rows",
            ),
        ),
        ("tests/admin/test_exports.py::test_the_workbook_follows_the_search_and_the_order",),
    ),
    Guard(
        "request-id replay: twice is once (R13)",
        (
            Cut(
                "lead_system/services/transaction.py",
                "    if row_id is not None:\n        return _Claim(row_id)\n",
                "    if row_id is not None or row:\n        return _Claim(row_id or 0)\n",
            ),
        ),
        ("tests/services/test_once.py::test_scan_sent_five_times_is_one_scan",),
    ),
    Guard(
        "kept refusals: a repeat is refused in the same words (R13)",
        (
            Cut(
                "lead_system/services/transaction.py",
                "        if refused.code in QUESTIONS | TYPED_WRONG:\n            raise\n",
                "        raise\n",
            ),
        ),
        ("tests/services/test_once.py::test_refusal_is_repeated_even_when_it_would_pass_now",),
    ),
    Guard(
        "other content under one id is refused (R13)",
        (
            Cut(
                "lead_system/services/transaction.py",
                "    if known.content_hash != _content_hash(content, known.salt, caller.secret):\n"
                "        raise Refused(RefusalCode.REQUEST_REUSED)\n",
            ),
        ),
        ("tests/services/test_once.py::test_id_with_other_content_is_refused",),
    ),
    Guard(
        "collision join: one open row for each pair (R7)",
        (
            Cut(
                MIGRATION,
                """            "uq_collisions_open_pair",
            ["kind", "holding_lead_id", "challenging_lead_id"],
            unique=True,
""",
                """            "uq_collisions_open_pair",
            ["kind", "holding_lead_id", "challenging_lead_id"],
            unique=False,
""",
            ),
        ),
        ("tests/services/test_collisions.py::test_everything_a_challenger_does_joins_one_open_row",),
    ),
    Guard(
        "CSRF: no form without the token of its session",
        (
            Cut(
                "lead_system/application.py",
                '        "WTF_CSRF_TIME_LIMIT": None,\n',
                '        "WTF_CSRF_TIME_LIMIT": None,\n        "WTF_CSRF_CHECK_DEFAULT": False,\n',
            ),
        ),
        ("tests/admin/test_bad_input.py::test_without_the_token_of_the_session_nothing_happens",),
    ),
    Guard(
        "stale form: what was filled in before somebody else's change is refused (R13)",
        (
            Cut(
                "lead_system/services/transaction.py",
                "    if row.version != version:\n        raise Refused(RefusalCode.STALE)\n",
                "    assert row.version or version\n",
            ),
        ),
        ("tests/services/test_dealing.py::test_stale_form_is_told_so",),
    ),
    Guard(
        "once per broker: the database refuses the same customer twice (R2)",
        (
            Cut(
                MIGRATION,
                """        sa.UniqueConstraint(
            "broker_id",
            "name_key",
            "phone",
            "person_number",
            name=op.f("uq_lead_keys_broker_id_name_key_phone_person_number"),
        ),
""",
            ),
        ),
        (f"{RACES}test_ten_identical_entries_at_once_make_one_lead[postgresql]",),
    ),
    Guard(
        "history record: a change leaves its record (R10)",
        (
            Cut(
                "lead_system/services/gate.py",
                '    history.record_lead(actor, "visit_again", lead, changes=changes, now=now)\n',
            ),
        ),
        ("tests/services/test_fine_print.py::test_another_visit_is_recorded_with_the_consultant_it_changed",),
    ),
    Guard(
        "history in the same transaction: nothing acknowledged stays without it (R10)",
        (
            Cut(
                "lead_system/services/history.py",
                "    if not personal:\n        _RECORD.changed(row)\n",
                "    if row:\n        return\n",
            ),
        ),
        ("tests/services/test_history.py::test_whole_life_of_a_lead_can_be_read_in_order",),
    ),
    Guard(
        "history is linked: each record covers the one before (B2)",
        (
            Cut(
                "lead_system/services/history.py",
                "func.coalesce(head.c.hash, NOTHING).concat(digest)",
                "func.coalesce(digest, head.c.hash, NOTHING)",
            ),
        ),
        (f"{HISTORY}test_untouched_history_is_whole[sqlite]",),
    ),
    Guard(
        "history is only added to: the database refuses to rewrite it (B2)",
        (
            Cut(
                CHAIN,
                "    for statement in POSTGRESQL if _is_postgresql() else SQLITE:\n",
                "    for statement in ():\n",
            ),
        ),
        (f"{HISTORY}test_database_refuses_to_empty_or_replace[sqlite]",),
    ),
    Guard(
        "payload goes only when its chain says so (R10)",
        (
            Cut(
                "lead_system/services/history_check.py",
                "record.payload is None or is_taken",
                "record is not None",
            ),
        ),
        (f"{HISTORY}test_payload_that_nobody_anonymised_is_missed[sqlite]",),
    ),
    Guard(
        "checkpoint: a cut tail is missed (B2)",
        (
            Cut(
                "lead_system/services/history_check.py",
                "stated.heads.get(bucket) != found.get(bucket)",
                "not bucket",
            ),
        ),
        (f"{HISTORY}test_cut_tail_is_seen_by_the_kept_checkpoint[sqlite]",),
    ),
    Guard(
        "one lead at a time: the writer waits for the lead that another changes",
        (
            Cut(
                "lead_system/services/leads.py",
                "found.with_for_update(key_share=True).execution_options",
                "found.execution_options",
            ),
        ),
        (
            f"{RACES}test_second_gate_scanning_the_same_code_is_asked[postgresql]",
            f"{RACES}test_tenth_report_of_a_day_is_recorded_once[postgresql]",
        ),
    ),
    Guard(
        "the role is asked by the service too (R12)",
        (
            Cut(
                "lead_system/services/transaction.py",
                "    if account.role not in roles:\n        raise Refused(RefusalCode.FORBIDDEN)\n",
                "    assert roles\n",
            ),
        ),
        ("tests/services/test_dealing.py::test_only_director_and_admin_mark_deals",),
    ),
    Guard(
        "an archived account stops at its next click (R10)",
        (
            Cut(
                "lead_system/services/sign_ins.py",
                "    if sign_in.ended_at is not None or not account.is_active:\n",
                "    if sign_in.ended_at is not None:\n",
            ),
        ),
        ("tests/admin/test_door.py::test_an_archived_account_is_outside_at_its_next_click",),
    ),
    Guard(
        "standing: a broker who was archived wins no new binding (R5)",
        (
            Cut(
                "lead_system/services/standing.py",
                "    require_standing(broker)\n    return BindingGround",
                "    return BindingGround",
            ),
        ),
        ("tests/services/test_scanning.py::test_new_binding_needs_a_broker_in_good_standing",),
    ),
    Guard(
        "a customer's name is locked: a correction and a hold know of each other (R7)",
        (
            Cut(
                "lead_system/services/entries.py",
                '        lock_customers(lead.name_key, values["name_key"])\n',
            ),
        ),
        (f"{ENTRY_RACES}test_a_correction_and_a_hold_of_that_customer_know_of_each_other[postgresql]",),
    ),
    Guard(
        "whoever tells a collision looks again: a report and a hold know of each other (R7)",
        (
            Cut(
                "lead_system/services/collisions.py",
                "    if rows and not are_new and holds.find_other_holders(lead, now=now) != holders:\n"
                "        raise LostRace  # While a row's lock was waited for, somebody took a hold,"
                " and told that row.\n",
            ),
        ),
        (f"{ENTRY_RACES}test_a_report_and_a_hold_of_that_customer_know_of_each_other[postgresql]",),
    ),
    Guard(
        "an objection looks again: it is about every report, or is told of the hold (R7)",
        (
            Cut(
                "lead_system/services/visitors.py",
                "    if {lead.id for lead in reports} != set(named_now):\n        raise LostRace\n",
            ),
        ),
        (f"{VISITOR_RACES}test_an_objection_beside_a_rebind_knows_of_it_or_is_about_both[postgresql]",),
    ),
    Guard(
        "whole numbers are refused wherever they are typed (R1)",
        (
            Cut(
                "lead_system/domain/identity.py",
                "    digits = _folded_digits(text)\n    if _AS_PEOPLE_GROUP",
                "    digits = _folded_digits(text)[:0]\n    if _AS_PEOPLE_GROUP",
            ),
        ),
        ("tests/services/test_entering.py::test_wrong_entry_is_refused_and_leaves_nothing",),
    ),
    Guard(
        "no formula in an export is alive (B6)",
        (
            Cut(
                "lead_system/admin_views/workbook.py",
                "        pieces = _SEAMS.split(text)",
                "        if text.startswith('='):\n            return f'><f>{text[1:]}</f></c>'\n"
                "        pieces = _SEAMS.split(text)",
            ),
        ),
        ("tests/admin/test_exports.py::test_what_looks_like_a_formula_stays_text",),
    ),
)
