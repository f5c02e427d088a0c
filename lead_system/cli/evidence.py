"""Whether an evidence file is genuine: `flask verify-evidence`."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from lead_system.domain.evidence_file import LARGEST_FILE
from lead_system.services.evidence_check import EvidenceCheck, check_evidence
from lead_system.services.signing import is_ours
from lead_system.web.catalogue import spoken_in
from lead_system.web.evidence_words import difference_words, verdict_words
from lead_system.web.filters import second


@click.command("verify-evidence")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--public-key",
    help="The key that must have signed it, as `flask signing-key` prints it; then no database is asked.",
)
@with_appcontext
def verify_evidence(*, file: Path, public_key: str | None) -> None:
    """Say whether evidence FILE is genuine, or name what was changed; fails unless it is genuine."""
    with file.open("rb") as opened:
        data = opened.read(LARGEST_FILE + 1)
    check = check_evidence(data, _is_ours if public_key is None else public_key.__eq__)
    with spoken_in("en"):
        for line in _about(check):
            click.echo(line)
        if not check.is_genuine:
            raise click.ClickException("\n".join(_complaints(check)))
        click.echo(verdict_words(check))


def _is_ours(key: str) -> bool:
    return is_ours(key, str(current_app.secret_key))


def _about(check: EvidenceCheck) -> list[str]:
    if check.about is None:
        return []
    made_at = second(check.about.made_at) if check.about.made_at else "a moment that cannot be read"
    return [
        f"Evidence about customer number {check.about.lead}, made at {made_at} Shanghai time.",
        f"Made by {check.about.made_by} ({check.about.role}) with {check.about.site}.",
        f"Signed with the key {check.public_key}.",
        f"{check.records} records in {check.chains} chains, {check.anonymised} anonymised.",
    ]


def _complaints(check: EvidenceCheck) -> list[str]:
    more = check.count - len(check.differences)
    named = [difference_words(one) for one in check.differences]
    return [verdict_words(check), *named, *([f"And {more} more."] if more else [])]
