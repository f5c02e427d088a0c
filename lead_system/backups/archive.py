"""The file of a backup: a ZIP of the database's own dump and a manifest that says what must be in it.

Any program that reads ZIP can take the dump out, should this one be lost.
"""

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from lead_system.backups.contents import BackupRefused

FORMAT = 1
KINDS = ("sqlite", "postgresql")
_MANIFEST = "manifest.json"
_DUMP = "database"
_CHUNK = 1024 * 1024
_LONGEST_MANIFEST = 1024 * 1024
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    TypeError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
"""What reading a damaged ZIP or manifest may end with."""


@dataclass(frozen=True)
class Manifest:
    """What a backup must hold: of which kind and moment, at which migration, and the rows of each table."""

    format: int
    kind: str
    revision: str
    taken_at: str
    rows: dict[str, int]
    size: int
    sha256: str


@dataclass(frozen=True)
class Dump:
    """A database's own dump in a file, with what was counted in the same moment."""

    file: Path
    revision: str
    rows: dict[str, int]


def write_archive(target: Path, *, kind: str, taken_at: str, dump: Callable[[Path], Dump]) -> Manifest:
    """Let `dump` write into a folder beside `target`, and make the archive; only a whole one gets the name.

    Only its owner may read it.

    Raises:
        BackupRefused: there is a file of that name.
    """
    _require_free(target)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        made = dump(Path(folder) / _DUMP)
        size, sha256 = made.file.stat().st_size, _sha256_of(made.file)
        manifest = Manifest(FORMAT, kind, made.revision, taken_at, made.rows, size, sha256)
        whole = Path(folder) / "whole"
        with _private_file(whole) as out:
            _write(out, manifest, made.file)
        _require_free(target)
        whole.rename(target)
    keep_name(target)
    return manifest


@contextmanager
def _private_file(file: Path) -> Iterator[IO[bytes]]:
    """Write a new file that only its owner may read; at the end it is on the disk."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


def _require_free(target: Path) -> None:
    if target.exists():
        raise BackupRefused(f"{target} exists already, and a backup overwrites nothing.")


def _write(out: IO[bytes], manifest: Manifest, dump: Path) -> None:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_MANIFEST, json.dumps(asdict(manifest), indent=1))
        archive.write(dump, _DUMP)


def keep_name(file: Path) -> None:
    """Write the name of a file to the disk too, so that it is there after the power failed."""
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_manifest(file: Path) -> Manifest:
    """Read what a backup says that it holds.

    Raises:
        BackupRefused: it is no backup, damaged, or of a format that is not known here.
    """
    with _reading(file) as archive:
        if archive.getinfo(_MANIFEST).file_size > _LONGEST_MANIFEST:
            raise ValueError
        manifest = Manifest(**json.loads(archive.read(_MANIFEST)))
        if manifest.format != FORMAT or manifest.kind not in KINDS:
            raise BackupRefused(f"{file} is a backup of a later release, which this one cannot read.")
        return manifest


def take_out(file: Path, manifest: Manifest, target: Path) -> None:
    """Write the dump of a backup into a file of its own, readable by its owner only.

    Raises:
        BackupRefused: it is damaged.
    """
    with _reading(file) as archive, archive.open(_DUMP) as dump, _private_file(target) as out:
        shutil.copyfileobj(dump, out, _CHUNK)
    if (target.stat().st_size, _sha256_of(target)) != (manifest.size, manifest.sha256):
        raise BackupRefused(f"{file} is damaged: its database is not the one that was written.")


@contextmanager
def _reading(file: Path) -> Iterator[zipfile.ZipFile]:
    if not file.is_file():
        raise BackupRefused(f"There is no file {file}.")
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except _BROKEN as error:
        raise BackupRefused(f"{file} is damaged, or no backup ({type(error).__name__}).") from None


def _sha256_of(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
