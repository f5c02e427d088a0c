"""How an honest request is spoilt, one way at a time."""

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.trials.fuzzing.drafts import BOUNDARY, Body, Draft, Pair, Upload
from tests.trials.fuzzing.files import wicked_files
from tests.trials.fuzzing.nonsense import (
    BAD_PATHS,
    COOKIES,
    HEADERS,
    METHODS,
    NUMBER_SPELLINGS,
    nonsense,
    whole_number,
)
from tests.trials.fuzzing.pool import Pool

LIST_ARGUMENTS = (
    "page", "page_size", "sort", "desc", "tab", "q", "of", "soon", "number", "name", "phone", "broker",
    "first_day", "last_day", "broker_id", "consultant_id", "brokerage_id", "step", "import_id", "lead_id",
    "id", "lead", "to", "size", "next", "request_id", "flt0_0", "search", "role", "intent", "days", "code",
)  # fmt: skip
MAY_HOLD_NUMBERS = frozenset(
    {
        "phone", "broker_phone", "broker", "service_phone", "service_link", "contact_phone", "login", "code",
        "password", "current_password", "new_password", "repeated", "request_id", "csrf_token", "address",
        "contact", "next", "url", "account", "action", "rowid", "seen", "sealed", "openid", "state",
        "introduction", "text", "contact_name", "latitude", "longitude", "pasted",
    }
)  # fmt: skip
"""Fields in which a whole number may be an account's or a company's own, and so is no customer's."""


class Spoiler:
    """Spoils requests; remembers the whole numbers that it typed where only a customer's can be meant."""

    def __init__(self, dice: Random, pool: Pool) -> None:
        self.dice = dice
        self.pool = pool
        self.numbers: set[str] = set()
        self._ways: tuple[tuple[int, Callable[[Draft], Draft]], ...] = (
            (14, self._spoil_field),
            (10, self._spoil_argument),
            (4, self._drop_field),
            (4, self._double_field),
            (3, self._add_field),
            (8, self._name_another_record),
            (5, self._type_whole_number),
            (5, self._change_header),
            (3, self._change_method),
            (3, self._send_json),
            (3, self._break_parts),
            (5, self._upload_wickedly),
            (3, self._cut_body),
            (4, self._tamper_cookies),
            (4, self._swap_token),
            (3, self._spoil_version),
            (4, self._reuse_request_id),
            (3, self._make_arrays),
            (2, self._bend_path),
            (2, self._swap_query_and_body),
            (3, self._send_raw_bytes),
        )

    def spoil(self, draft: Draft) -> Draft:
        """Spoil a request in one to three ways."""
        for _ in range(self.dice.choice((1, 1, 1, 2, 3))):
            weights = [weight for weight, _ in self._ways]
            ((_, way),) = self.dice.choices(self._ways, weights)
            draft = way(draft)
        return draft

    def _some_value(self) -> str:
        if self.dice.random() < 0.15:
            return self.dice.choice(self.pool.ids)
        return nonsense(self.dice)

    def _place(self, draft: Draft) -> int | None:
        """Return the place of one field of the form, seldom of those without which it is not even read."""
        places = [
            place
            for place, (name, _) in enumerate(draft.fields)
            if name not in ("csrf_token", "request_id") or self.dice.random() < 0.1
        ]
        return self.dice.choice(places) if places else None

    def _spoil_field(self, draft: Draft) -> Draft:
        place = self._place(draft)
        if place is None:
            return self._spoil_argument(draft)
        fields = list(draft.fields)
        fields[place] = (fields[place][0], self._some_value())
        return replace(draft, fields=tuple(fields))

    def _spoil_argument(self, draft: Draft) -> Draft:
        query = list(draft.query)
        if query and self.dice.random() < 0.6:
            place = self.dice.randrange(len(query))
            query[place] = (query[place][0], self._some_value())
        else:
            query.append((self.dice.choice(LIST_ARGUMENTS), self._some_value()))
        return replace(draft, query=tuple(query))

    def _drop_field(self, draft: Draft) -> Draft:
        if not draft.fields:
            return replace(draft, query=draft.query[1:])
        place = self.dice.randrange(len(draft.fields))
        return replace(draft, fields=draft.fields[:place] + draft.fields[place + 1 :])

    def _double_field(self, draft: Draft) -> Draft:
        place = self._place(draft)
        if place is None:
            return replace(draft, query=draft.query * 2)
        name, value = draft.fields[place]
        other = value if self.dice.random() < 0.4 else self._some_value()
        pair = ((name, other), (name, value)) if self.dice.random() < 0.5 else ((name, value), (name, other))
        return replace(draft, fields=draft.fields[:place] + pair + draft.fields[place + 1 :])

    def _add_field(self, draft: Draft) -> Draft:
        name = self.dice.choice(("role", "id", "broker_id", "status", "version", "__proto__", "", "\0", "é"))
        return replace(draft, fields=(*draft.fields, (name, self._some_value())))

    def _name_another_record(self, draft: Draft) -> Draft:
        other = self.dice.choice((*self.pool.ids, "999999", "0", "-1", "2147483648", "9" * 30))
        parts = draft.path.split("/")
        numbers = [place for place, part in enumerate(parts) if part.isdigit()]
        if numbers and self.dice.random() < 0.5:
            parts[self.dice.choice(numbers)] = other
            return replace(draft, path="/".join(parts))
        query = tuple((n, other if v.isdigit() else v) for n, v in draft.query)
        fields = tuple(
            (n, other if isinstance(v, str) and v.isdigit() and n != "version" else v)
            for n, v in draft.fields
        )
        return replace(draft, query=query, fields=fields)

    def _type_whole_number(self, draft: Draft) -> Draft:
        number = whole_number(self.dice)
        typed = self.dice.choice(NUMBER_SPELLINGS)(number)
        texts = [
            place
            for place, (name, value) in enumerate(draft.fields)
            if isinstance(value, str) and name not in MAY_HOLD_NUMBERS
        ]
        if texts:
            self.numbers |= {number, typed}
            place = self.dice.choice(texts)
            fields = list(draft.fields)
            fields[place] = (fields[place][0], typed)
            return replace(draft, fields=tuple(fields))
        self.numbers |= {number, typed}
        return replace(draft, query=(*draft.query, (self.dice.choice(("q", "name", "number")), typed)))

    def _change_header(self, draft: Draft) -> Draft:
        changed = [self.dice.choice(HEADERS) for _ in range(self.dice.choice((1, 1, 2, 4)))]
        kept = tuple(pair for pair in draft.headers if pair[0] not in {name for name, _ in changed})
        once: dict[str, Pair] = {name: (name, value) for name, value in changed}
        return replace(draft, headers=(*kept, *once.values()))

    def _change_method(self, draft: Draft) -> Draft:
        return replace(draft, method=self.dice.choice(METHODS))

    def _send_json(self, draft: Draft) -> Draft:
        texts = {name: value for name, value in draft.fields if isinstance(value, str)}
        content: object = self.dice.choice((texts, [texts], None, 1, "x", {"a": [{}] * 50}))
        raw = json.dumps(content).encode() if self.dice.random() < 0.8 else b"{" * 2000
        headers = (*draft.headers, ("Content-Type", "application/json"))
        return replace(draft, method="POST", raw=raw, headers=headers)

    def _break_parts(self, draft: Draft) -> Draft:
        data = replace(draft, body=Body.PARTS, raw=None).sealed().body
        mark = b"--" + BOUNDARY.encode()
        broken = self.dice.choice(
            (
                data[: len(data) // 2],
                data.replace(b"\r\n", b"\n"),
                data.replace(mark + b"--", b""),
                mark + b"\r\n\r\n" + data,
                data.replace(b"form-data", b"form-data; name*=utf-99''x", 1),
                data.replace(b'name="', b'name="\xff', 1),
                (mark + b'\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n') * 1200 + mark + b"--",
                data.replace(b"Content-Disposition", b"Content-Nothing"),
                mark,
                b"\0" * 100,
            )
        )
        return replace(draft, method="POST", body=Body.PARTS, raw=broken)

    def _upload_wickedly(self, draft: Draft) -> Draft:
        uploads = [place for place, (_, value) in enumerate(draft.fields) if isinstance(value, Upload)]
        if not uploads:
            with_files = [sent for sent in self.pool.sent if sent.body is Body.PARTS]
            if not with_files:
                return self._spoil_field(draft)
            draft = self.dice.choice(with_files)
            uploads = [place for place, (_, value) in enumerate(draft.fields) if isinstance(value, Upload)]
        if not uploads:
            return self._spoil_field(draft)
        fields = list(draft.fields)
        place = self.dice.choice(uploads)
        fields[place] = (fields[place][0], self.dice.choice(wicked_files()))
        return replace(draft, fields=tuple(fields), raw=None)

    def _cut_body(self, draft: Draft) -> Draft:
        data = draft.sealed().body
        cut = data[: self.dice.randrange(len(data) + 1)] if data else b"%"
        length = self.dice.choice((len(data), len(cut), len(cut) + 7))
        return replace(draft, raw=cut, headers=(*draft.headers, ("Content-Length", str(length))))

    def _tamper_cookies(self, draft: Draft) -> Draft:
        return replace(draft, tampered_cookies=self.dice.choice(COOKIES))

    def _swap_token(self, draft: Draft) -> Draft:
        others = [token for who, token in sorted(self.pool.tokens.items()) if who != draft.who]
        return draft.with_field("csrf_token", self.dice.choice((*others, "", "abc", "a.b.c", "\0")))

    def _spoil_version(self, draft: Draft) -> Draft:
        seen = draft.value("version")
        stale = str(int(seen) - 1) if seen.isdecimal() and len(seen) < 9 else "1"
        value = self.dice.choice((stale, "", "-1", "99", "9" * 30, "1.0", "x", "\0"))
        return draft.with_field(self.dice.choice(("version", "version", "seen")), value)

    def _reuse_request_id(self, draft: Draft) -> Draft:
        known = [sent.value("request_id") for sent in self.pool.sent if sent.value("request_id")]
        wrong = ("", "short", "x" * 65, "with space", "é" * 10, "\0" * 10)
        return draft.with_field("request_id", self.dice.choice((*known[-20:], *wrong)))

    def _make_arrays(self, draft: Draft) -> Draft:
        end = self.dice.choice(("[]", "[0]", "[a][b]", ".a", "-0"))
        return replace(
            draft,
            fields=tuple((n + end if self.dice.random() < 0.3 else n, v) for n, v in draft.fields),
            query=tuple((n + end, v) for n, v in draft.query),
        )

    def _bend_path(self, draft: Draft) -> Draft:
        bent = (
            draft.path + "/",
            draft.path.rstrip("/"),
            draft.path + "%00",
            draft.path.upper(),
            draft.path.replace("/", "//"),
            draft.path + ";a=b",
            draft.path + "/../",
            *BAD_PATHS,
        )
        path, _, query = self.dice.choice(bent).partition("?")
        return replace(draft, path=path or "/", query=((query, ""),) if query else draft.query)

    def _swap_query_and_body(self, draft: Draft) -> Draft:
        texts = tuple((n, v) for n, v in draft.fields if isinstance(v, str))
        fields: tuple[tuple[str, str | Upload], ...] = tuple(draft.query)
        return replace(draft, query=texts, fields=fields)

    def _send_raw_bytes(self, draft: Draft) -> Draft:
        raw = self.dice.choice(
            (b"%", b"%zz=%f", b"a=%ff%fe", b"=", b"&&&&", b"\xff\xfe\x00", b"a" * 1_200_000, b"a&" * 20_000)
        )
        if draft.fields and self.dice.random() < 0.5:
            raw = draft.sealed().body + b"&needs=%ff%fe%ed%a0%80&reason=%00&name=%c0%80"
        return replace(draft, method="POST", raw=raw, body=Body.FIELDS)
