"""A request as a person or a madman writes it, in parts that can be changed, and as bytes on the line."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import quote_plus

BOUNDARY = "----the-fuzz-parts-here"

Pair = tuple[str, str]


class Body(StrEnum):
    """How the fields of a form travel."""

    NONE = ""
    FIELDS = "application/x-www-form-urlencoded"
    PARTS = f"multipart/form-data; boundary={BOUNDARY}"


@dataclass(frozen=True)
class Upload:
    """A file in a form."""

    name: str
    data: bytes
    kind: str = "application/octet-stream"


@dataclass(frozen=True)
class Draft:
    """What somebody is about to ask for.

    Texts may hold anything that a Python text can, lone surrogates too: what cannot be written in UTF-8 goes
    out as the bytes that it would have. `raw` takes the place of the fields where it is given.
    """

    who: str
    method: str
    path: str
    query: tuple[Pair, ...] = ()
    fields: tuple[tuple[str, str | Upload], ...] = ()
    headers: tuple[Pair, ...] = ()
    body: Body = Body.NONE
    raw: bytes | None = None
    tampered_cookies: str | None = None
    """What the browser sends instead of its own cookies."""

    def with_field(self, name: str, value: str | Upload) -> "Draft":
        """Return the same with one field set, wherever it stood."""
        fields = [pair for pair in self.fields if pair[0] != name]
        return replace(self, fields=(*fields, (name, value)))

    def value(self, name: str) -> str:
        """Return what the first field of this name says, blank where there is none."""
        return next((text for key, text in self.fields if key == name and isinstance(text, str)), "")

    def sealed(self) -> "Asked":
        """Return the request as it goes over the line."""
        target = self.path
        if self.query:
            target += "?" + "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in self.query)
        headers = list(self.headers)
        data = self._data()
        names = {name.lower() for name, _ in headers}
        if self.method not in ("GET", "HEAD") and "content-type" not in names and self.body:
            headers.append(("Content-Type", self.body.value))
        if (data or self.method == "POST") and "content-length" not in names:
            headers.append(("Content-Length", str(len(data))))
        return Asked(self.who, self.method, target, tuple(headers), data, self.tampered_cookies)

    def _data(self) -> bytes:
        if self.raw is not None:
            return self.raw
        if self.body is Body.PARTS:
            return _parts(self.fields)
        pairs = (f"{_escaped(n)}={_escaped(v if isinstance(v, str) else v.name)}" for n, v in self.fields)
        return "&".join(pairs).encode()


@dataclass(frozen=True)
class Asked:
    """One request as it goes over the line; cookies are the browser's own unless others are given."""

    who: str
    method: str
    target: str
    headers: tuple[Pair, ...] = ()
    body: bytes = b""
    cookies: str | None = None

    @property
    def path(self) -> str:
        """The address without its arguments."""
        return self.target.partition("?")[0]

    def __str__(self) -> str:
        headers = " ".join(f"[{name}: {value[:80]}]" for name, value in self.headers)
        cookies = "" if self.cookies is None else f" [Cookie: {self.cookies[:80]}]"
        return f"{self.who} {self.method} {self.target[:400]} {headers}{cookies} {self.body[:600]!r}"


def read(kept: tuple[tuple[str, str | Upload], ...]) -> dict[str, list[str]]:
    """Return the texts of a form by name."""
    texts: dict[str, list[str]] = {}
    for name, value in kept:
        if isinstance(value, str):
            texts.setdefault(name, []).append(value)
    return texts


def _escaped(text: str) -> str:
    return quote_plus(_bytes(text))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _parts(fields: tuple[tuple[str, str | Upload], ...]) -> bytes:
    lines: list[bytes] = []
    for name, value in fields:
        head = b'Content-Disposition: form-data; name="' + _bytes(name) + b'"'
        if isinstance(value, Upload):
            head += b'; filename="' + _bytes(value.name) + b'"\r\nContent-Type: ' + value.kind.encode()
            data = value.data
        else:
            data = _bytes(value)
        lines += [b"--" + BOUNDARY.encode(), head, b"", data]
    return b"\r\n".join([*lines, b"--" + BOUNDARY.encode() + b"--", b""])


__all__ = ["Asked", "Body", "Draft", "Pair", "Upload", "field", "read"]
