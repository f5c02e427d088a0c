"""Signatures (Ed25519, RFC 8032): who has our public key knows that a text was written by this installation.

The secret half is derived from the server's secret key (HKDF, RFC 5869) and lies nowhere; the public half of
each key that was ever used stays in the database, so that what an earlier key signed is still ours.
"""

import base64
import binascii
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from lead_system.extensions import db
from lead_system.models import SigningKey
from lead_system.services.transaction import insert_unless_taken

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_PURPOSE = b"lead_system: signs evidence and checkpoints"


class Signed(NamedTuple):
    """A text with its signature and the public key that checks it, both in base64."""

    text: str
    signature: str
    public_key: str


def sign(text: str, secret: str) -> Signed:
    """Sign a text with the key that belongs to the server's secret key; writes nothing."""
    key = _private_key(secret)
    return Signed(text, _in_base64(key.sign(text.encode())), _in_base64(key.public_key().public_bytes_raw()))


def public_key_of(secret: str) -> str:
    """Return the public key with which all that is signed now can be checked, in base64."""
    return _in_base64(_private_key(secret).public_key().public_bytes_raw())


def is_genuine(signed: Signed) -> bool:
    """Whether a text is what was signed; False also where signature or key are none at all, or spelled oddly.

    Whose key it is has to be asked besides, of `is_ours`.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        key = Ed25519PublicKey.from_public_bytes(_out_of_base64(signed.public_key))
        key.verify(_out_of_base64(signed.signature), signed.text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def register_key(public_key: str, now: datetime) -> int:
    """Note that a key was used, for good, inside the caller's transaction; returns its number."""
    insert_unless_taken(SigningKey, [{"public_key": public_key, "first_used_at": now}])
    return db.session.execute(select(SigningKey.id).where(SigningKey.public_key == public_key)).scalar_one()


def is_ours(public_key: str, secret: str) -> bool:
    """Whether this installation signs with a key, or once did."""
    if public_key == public_key_of(secret):
        return True
    return db.session.scalar(select(SigningKey.id).where(SigningKey.public_key == public_key)) is not None


def _private_key(secret: str) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    seed = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def _in_base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _out_of_base64(text: str) -> bytes:
    """Read base64 that is spelled as we spell it: another spelling of the same bytes is a change, too."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if _in_base64(raw) != text:
        raise ValueError("not our base64")
    return raw
