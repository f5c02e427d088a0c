"""Commands about the history: `flask verify-history`, `flask checkpoint`, `flask signing-key`."""

import json
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from lead_system.clock import now
from lead_system.services import history_check
from lead_system.services.checkpoints import make_checkpoint, statement_of
from lead_system.services.history_check import Damage, Finding, HistoryCheck
from lead_system.services.signing import Signed, public_key_of

_WORDS = {
    Damage.RECORD_CHANGED: "Record {id} ({where}, number {position}) was changed.",
    Damage.RECORD_MISSING: "Before record {id} ({where}, number {position}) a record is missing.",
    Damage.PAYLOAD_CHANGED: "The personal values of record {id} ({where}, number {position}) were changed.",
    Damage.PAYLOAD_GONE: "The personal values of record {id} ({where}, number {position}) are gone, "
    "and nobody anonymised them.",
    Damage.CHAIN_MISSING: "{where} has no history at all.",
    Damage.CUT_OFF: "Records of {where} do not end as checkpoint {position} says: some are gone, or were "
    "written anew.",
    Damage.CHECKPOINT_FORGED: "{where} was not signed by this installation.",
    Damage.CHECKPOINT_MISSING: "Before {where} a checkpoint is missing.",
}  # fmt: skip


@click.command("verify-history")
@click.option(
    "--checkpoint",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept elsewhere; may be given several times.",
)
@with_appcontext
def verify_history(*, files: tuple[Path, ...]) -> None:
    """Check that no record of the history was changed, removed or put elsewhere; names the first that was.

    Fails where anything is not whole. Others may go on working meanwhile.
    """
    elsewhere = [_signed_in(file) for file in files]
    with click.progressbar(
        length=history_check.count_records(), label="Reading the history", file=sys.stderr
    ) as bar:
        found = history_check.verify_history(_secret(), elsewhere=elsewhere, progress=bar.update)
    click.echo(
        f"{found.records} records in {found.chains} chains, {found.with_payload} with personal values, "
        f"{found.anonymised} anonymised."
    )
    click.echo(_about_checkpoint(found))
    if not found.is_whole:
        raise click.ClickException(_complaint(found))
    click.echo("The history is whole.")


@click.command("checkpoint")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it into this file too, to be kept elsewhere.",
)
@with_appcontext
def checkpoint(*, output: Path | None) -> None:
    """Sign where the history ends now, so that what is cut off later is missed; to be run daily."""
    signed = make_checkpoint(_secret(), now=now())
    stated = statement_of(signed.text)
    if output is not None:
        output.write_text(json.dumps(signed._asdict(), indent=1) + "\n", encoding="utf-8")
    click.echo(f"Checkpoint {stated.number}: {stated.records} records in {stated.chains} chains.")


@click.command("signing-key")
@with_appcontext
def signing_key() -> None:
    """Print the public key that checks checkpoints and evidence of this installation; publish it."""
    click.echo(public_key_of(_secret()))


def _secret() -> str:
    return str(current_app.secret_key)


def _signed_in(file: Path) -> Signed:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return Signed(**{name: str(kept[name]) for name in Signed._fields})
    except (ValueError, KeyError, TypeError):
        raise click.ClickException(f"{file} is not a checkpoint.") from None


def _about_checkpoint(found: HistoryCheck) -> str:
    if found.checkpoint is None:
        return "No checkpoint was ever made: what was cut off at the end of a chain would not be seen."
    return f"Checkpoint {found.checkpoint.number} of {found.checkpoint.made_at} was compared."


def _complaint(found: HistoryCheck) -> str:
    said = [_sentence(finding) for finding in found.findings]
    more = found.damages - len(said)
    return "\n".join([*said, *([f"And {more} more."] if more else [])])


def _sentence(finding: Finding) -> str:
    return _WORDS[finding.damage].format(id=finding.record_id, where=finding.where, position=finding.position)
