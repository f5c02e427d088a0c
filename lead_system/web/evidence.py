"""An evidence file in the page's language: the words of the time line, drawn on paper and signed (B1)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from flask_babel import gettext as _

from lead_system.domain.holding import Period
from lead_system.domain.never_held import why_never_held
from lead_system.domain.protection import shanghai_day
from lead_system.domain.time_line import Step
from lead_system.models import Lead
from lead_system.queries.time_line import TimeLine
from lead_system.services.evidence import Evidence, EvidenceAsked, gather_evidence, seal_evidence
from lead_system.web.evidence_sheet import Grid, PaperSheet, PaperStep, Section
from lead_system.web.filters import day, phone7, second, shown_name
from lead_system.web.language import language
from lead_system.web.step_rules import step_rule, step_words
from lead_system.web.step_titles import beginning_words, ending_words, never_held_words, step_title
from lead_system.web.words import role_word, word

SHORT_HASH = 12
"""Characters of a record's hash beside its step; the whole one stands in `evidence.json`."""


def evidence_file(lead: Lead, asked: EvidenceAsked, *, site: str, verify_url: str, secret: str) -> bytes:
    """Return the evidence file about a lead's customer; `verify_url` is where anybody can check it.

    Raises:
        Refused: as `seal_evidence` does.
    """
    from lead_system.web.evidence_paper import draw_paper  # noqa: PLC0415

    made_at = datetime.fromisoformat(asked.made_at)
    evidence = gather_evidence(lead, asked, site=site, language=language())
    paper = draw_paper(_Sheet(lead, evidence, made_at, verify_url).sheet())
    return seal_evidence(evidence.content, paper, secret=secret, now=made_at)


def evidence_name(lead_id: int, asked: EvidenceAsked) -> str:
    """Return what the file is called: the lead's number and the Shanghai day."""
    return f"evidence-{lead_id}-{day(datetime.fromisoformat(asked.made_at))}.zip"


class _Sheet:
    """Puts the sheet together; every text is plain."""

    def __init__(self, lead: Lead, evidence: Evidence, made_at: datetime, verify_url: str) -> None:
        self._lead, self._evidence, self._made_at = lead, evidence, made_at
        self._line: TimeLine = evidence.line
        self._verify_url = verify_url

    def sheet(self) -> PaperSheet:
        """Return all that stands on the paper."""
        chain = f"lead:{self._lead.id}"
        position, last = self._evidence.ends[chain]
        return PaperSheet(
            title=_("Evidence: whose customer is this?"),
            lead=_("All steps of all brokers, oldest first, as the records of the history show them."),
            facts=self._facts(),
            sections=[self._holders(), self._sides(), self._steps(), self._ends(), self._how_to_check()],
            foot=_(
                "Customer number %(number)s · made at %(moment)s",
                number=self._lead.id, moment=second(self._made_at),
            ),
            foot_more=f"{chain} · {position} · {last}",
            page=_("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
            language=language(),
        )  # fmt: skip

    def _facts(self) -> list[tuple[str, str]]:
        lead, made_by = self._lead, self._evidence.content["made_by"]
        holders = [self._holder(one.lead_id, self._made_at) for one in self._line.held_at(self._made_at)]
        numbers = ", ".join(str(one.id) for one in self._line.customer.leads)
        phones = [phone7(phone) for phone in (lead.phone1, lead.phone2) if phone and phone7(phone)]
        return [
            (_("Customer"), " · ".join([shown_name(lead), *phones])),
            (_("Asked about"), _("No. %(number)s", number=lead.id)),
            (_("All numbers of this customer"), numbers),
            (_("Holder at that moment"), "; ".join(holders) or _("Nobody")),
            (_("Made at"), _("%(moment)s, Shanghai time", moment=second(self._made_at))),
            (_("Made by"), f"{made_by['name']} · {role_word(made_by['role'])}"),
            (_("Made with"), self._evidence.content["site"]),
        ]

    def _holder(self, lead_id: int, moment: datetime) -> str:
        broker = self._line.people.get(self._line.broker_id(lead_id) or 0) or _("Nobody")
        brokerage = self._line.brokerage_then(lead_id, moment)
        return " · ".join(filter(None, [broker, brokerage, _("No. %(number)s", number=lead_id)]))

    def _holders(self) -> Section:
        rows = [
            (
                self._holder(one.lead_id, one.begins),
                f"{second(one.begins)}\n{beginning_words(one)}",
                self._ending(one),
            )
            for one in self._line.periods
        ]
        headings = (_("Broker"), _("From"), _("Until"))
        nothing = _("Nobody has ever held this customer.")
        return Section(_("Holders"), grid=Grid(headings, rows, (0.36, 0.32, 0.32), nothing))

    def _ending(self, period: Period) -> str:
        is_over = period.ends is not None and period.ends <= self._made_at
        ends = second(period.ends) if period.ends else _("without an end")
        return f"{ends}\n{ending_words(period, is_over=is_over)}"

    def _sides(self) -> Section:
        rows = []
        for lead in self._line.customer.leads:
            why = why_never_held(lead.id, self._line.steps, self._line.periods)
            status = str(word(lead.status_at(self._made_at)))
            entered = self._entered_at(lead.id)
            rows.append(
                (self._holder(lead.id, self._made_at), entered, status, never_held_words(why) if why else "–")
            )
        headings = (_("Broker"), _("Entered at"), _("Status"), _("Why not bound"))
        return Section(_("Brokers and their numbers"), grid=Grid(headings, rows, (0.36, 0.22, 0.12, 0.3)))

    def _entered_at(self, lead_id: int) -> str:
        return next((second(step.at) for step in self._line.steps if step.lead_id == lead_id), "–")

    def _steps(self) -> Section:
        by_day = groupby(self._line.steps, key=lambda step: shanghai_day(step.at))
        days = [(day(one), self._entries(steps)) for one, steps in by_day]
        texts = [] if days else [_("No record is left of this customer.")]
        return Section(_("Every step, oldest first"), texts, days=days)

    def _entries(self, steps: Iterable[Step]) -> list[PaperStep]:
        """Return the steps of a day; neighbours that one record tells stand together."""
        entries = []
        for _key, told in groupby(enumerate(steps), key=lambda one: one[1].record_id or -one[0] - 1):
            entries.append(self._entry([step for _place, step in told]))
        return entries

    def _entry(self, steps: Sequence[Step]) -> PaperStep:
        first = steps[0]
        return PaperStep(
            time=second(first.at)[-len("14:05:00") :],
            whom=self._whom(first),
            told=[(step_title(step), step_rule(step, self._line).striptags()) for step in steps],
            words=[text for step in steps for text in step_words(step)],
            who=self._who(first),
        )

    def _whom(self, step: Step) -> str:
        if step.lead_id is None:
            return str(_("No broker"))
        broker = self._line.people.get(step.broker_id or 0) or _("Nobody")
        brokerage = self._line.brokerages.get(step.brokerage_id or 0)
        return " · ".join(filter(None, [broker, brokerage, _("No. %(number)s", number=step.lead_id)]))

    def _who(self, step: Step) -> str:
        if step.record_id is None:
            return str(_("follows from the records, no one did it"))
        named = [self._line.people.get(step.actor_id) or _("Anonymised")] if step.actor_id else []
        short = self._evidence.hashes.get(step.record_id, "")[:SHORT_HASH]
        record = _("record %(number)s", number=step.record_id)
        return " · ".join([*named, str(role_word(step.actor_role)), record, short])

    def _ends(self) -> Section:
        rows = [(chain, str(position), last) for chain, (position, last) in self._evidence.ends.items()]
        headings = (_("Chain"), _("Records"), _("Hash of the last record"))
        text = _(
            "Each record contains the hash of the one before it in its chain. Whoever has these hashes "
            "on paper can tell later whether a record up to here was changed, removed or added."
        )
        return Section(_("Where the chains end"), [text], Grid(headings, rows, (0.18, 0.1, 0.72)))

    def _how_to_check(self) -> Section:
        number = (self._evidence.content["checkpoint"] or {}).get("number")
        texts = [
            _(
                "Upload the whole ZIP file at %(address)s: without signing in, and nothing is stored.",
                address=self._verify_url,
            ),
            _(
                "Or run on the server: flask verify-evidence FILE. README.txt in the file says how to check "
                "it with other tools."
            ),
            _(
                "It proves that nothing in the file, this paper included, was changed since it was made, "
                "and that its chains are whole from their first record on."
            ),
            _("It does not prove that what was entered at the time is true, or that nothing happened since."),
        ]
        if number is not None:
            texts.append(_("Newest checkpoint in the file: No. %(number)s.", number=number))
        return Section(_("How to check this"), texts)
