"""The parts of the standard library's ``email`` that change between Python releases, frozen as of Python 3.11.7.

The rows of a benchmark must not depend on the Python release that builds them. These have changed since 3.11.7, or may
still change: ``binascii.a2b_base64`` on padding inside the data, ``Message.get_payload`` on white space around the
transfer encoding, header parameters (RFC 2231 pieces, quotation marks), header values that begin on a folded line,
uuencoded bodies, and the exceptions of the codec "punycode". They are written here from their behavior in 3.11.7; the
tests compare them with it.
"""

from __future__ import annotations

import binascii
import codecs
import itertools
import quopri
import re
import urllib.parse
from collections.abc import Iterator
from email.errors import MessageDefect
from email.message import Message
from email.policy import Compat32
from email.utils import decode_rfc2231, unquote


class ParameterDefect(MessageDefect):
    """A header parameter on which the standard library of 3.11.7 raises; it was read in the closest possible way."""


class _Compat32(Compat32):
    """The standard library's default policy, except that a header that begins on a folded line keeps the line break."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, _, first = sourcelines[0].partition(":")
        return name, "".join((first.lstrip(" \t"), *sourcelines[1:])).rstrip("\r\n")

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value  # the standard library looks for undecoded bytes here, which these texts never have


POLICY = _Compat32()


class Part(Message):
    """A message or a part of one, as a parser made it; its parameters and payload are read by the frozen rules."""

    def __init__(self, policy: Compat32 = POLICY) -> None:
        super().__init__(policy)
        self._first: dict[str, str] = {}

    def set_raw(self, name: str, value: str) -> None:
        """Add a header; called by parsers."""
        super().set_raw(name, value)
        self._first.setdefault(name.lower(), value)

    def get(self, name: str, failobj: object = None) -> str | object:
        """The first header of that name. A cache: each part is asked some ten times."""
        return self._first.get(name.lower(), failobj)

    def get_param(
        self, param: str, failobj: object = None, header: str = "content-type", unquote: bool = True
    ) -> str | tuple | object:
        """As in the standard library, which reads boundary, charset and file name through this method."""
        value = self.get(header)
        if value is None:
            return failobj
        found_in_header = list(self._parameters(str(value)))  # all of them: any bad one is a defect
        for name, found in found_in_header:
            if name.lower() == param.lower():
                return self._decodable(found, param)
        return failobj

    def content(self) -> bytes:
        """The payload of a part that is not a multipart, with its transfer encoding decoded.

        Characters outside ASCII become Latin-1 bytes, or ``\\\\uXXXX`` beyond Latin-1. A body that is not encoded as
        its header says stays as it is.
        """
        payload = self.get_payload()
        try:
            data = payload.encode("ascii")
        except UnicodeEncodeError:
            data = payload.encode("raw-unicode-escape")
        return DECODERS.get(str(self.get("content-transfer-encoding", "")).lower(), bytes)(data)

    def _parameters(self, value: str) -> Iterator[tuple[str, str | tuple]]:
        pairs = split_parameters(value)
        yield pairs[0][0], unquote(pairs[0][1])
        pieces: dict[str, list[tuple]] = {}
        for name, text in pairs[1:]:
            match = _PIECE.match(name)
            if match is None:
                yield name, unquote(text)
            else:
                number = None if match["number"] is None else int(match["number"])
                pieces.setdefault(match["name"], []).append((number, unquote(text), name.endswith("*")))
        for name, parts in pieces.items():
            yield name, self._joined(parts)

    def _joined(self, parts: list[tuple]) -> str | tuple:
        """The value of numbered pieces; (charset, language, text) if one of them is percent-encoded."""
        try:
            parts.sort()
        except TypeError:  # a piece without a number among numbered ones
            self.defects.append(ParameterDefect())
            parts.sort(key=lambda part: part[0] or 0)
        text = "".join(urllib.parse.unquote(s, encoding="latin-1") if encoded else s for _, s, encoded in parts)
        return tuple(decode_rfc2231(text)) if any(encoded for *_, encoded in parts) else text

    def _decodable(self, value: str | tuple, param: str) -> str | tuple:
        """The value, without its charset if the standard library cannot use that."""
        if isinstance(value, str):
            return value
        try:
            value[2].encode("raw-unicode-escape").decode(value[0] or "us-ascii", "replace")
        except LookupError:
            return value  # an unknown charset: the standard library continues without it
        except ValueError as error:  # a NUL in its name, or the codec "undefined": harmless in a charset
            if param != "charset" or not isinstance(error, UnicodeError):
                self.defects.append(ParameterDefect())
                return None, value[1], value[2]
        return value


#: In bytes: such a text takes some milliseconds. 500 kB, without this bound, took ten seconds.
LONGEST_PUNYCODE = 1 << 13


def decode_text(data: bytes, charset: str) -> str:
    """``data`` decoded by ``charset``, with the same exceptions in every Python release.

    LookupError for an unknown charset, UnicodeDecodeError for bytes that are not valid in it, UnicodeError where one of
    the codecs for domain names fails: in Python 3.13 they raise UnicodeDecodeError. ValueError for more of "punycode"
    than a name of a domain can have: that codec's time grows with the square of the length.
    """
    if len(data) > LONGEST_PUNYCODE and codecs.lookup(charset).name == "punycode":
        raise ValueError(f"more than {LONGEST_PUNYCODE} bytes of punycode")
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        if data.isascii() and codecs.lookup(charset).name in ("idna", "punycode"):
            raise UnicodeError(str(error)) from None
        raise


_PIECE = re.compile(r"(?P<name>\w+)\*(?:(?P<number>[0-9]{1,4000})\*?)?$", re.ASCII)


def split_parameters(value: str) -> list[tuple[str, str]]:
    """The parameters of a header as (name, value) pairs; the first pair is the header's own value.

    A parameter ends at a semicolon with an even number of quotation marks before it, not counting escaped ones.

    >>> split_parameters('text/plain; Charset="a;b"; bare')
    [('text/plain', ''), ('charset', '"a;b"'), ('bare', '')]
    """
    pieces, waiting, marks = [], [], 0
    for chunk in value.split(";"):
        waiting.append(chunk)
        marks += chunk.count('"') - chunk.count('\\"')
        if marks % 2 == 0:
            pieces.append(";".join(waiting))
            waiting = []
    if waiting:
        pieces.append(";".join(waiting))
    return [_pair(piece) for piece in pieces]


def _pair(piece: str) -> tuple[str, str]:
    name, equals, value = piece.partition("=")
    return (name.strip().lower(), value.strip()) if equals else (piece.strip(), "")


_ENCODED_WORD = re.compile(r"=\?([^?]*?)\?([qQbB])\?(.*?)\?=")


def header_pieces(value: str) -> list[tuple[bytes | str, str | None]]:
    """A header value as (text, charset) pieces, with RFC 2047 words decoded to bytes.

    A value without such words is one piece, a str without a charset. Next to such words, other text is bytes too.
    UndecodableError if a base64 word ends inside a group of four.

    >>> header_pieces("=?utf-8?q?caf=C3=A9?= =?utf-8?b?IQ==?= open")
    [(b'caf\\xc3\\xa9!', 'utf-8'), (b' open', None)]
    """
    if not _ENCODED_WORD.search(value, 0, _end_of_words(value)):
        return [(value, None)]
    words = [word for line in value.splitlines() for word in _words(line)]
    between = {
        n - 1 for n, word in enumerate(words) if n > 1 and word[1] and words[n - 2][1] and words[n - 1][0].isspace()
    }
    decoded = [_decode_word(*word) for n, word in enumerate(words) if n not in between]
    return [
        ((b" " if charset is None else b"").join(text for text, _ in run), charset)
        for charset, run in itertools.groupby(decoded, key=lambda piece: piece[1])
    ]


def _end_of_words(text: str) -> int:
    """No word ends after this position; searching behind it could take quadratic time."""
    return text.rfind("?=") + 2 if "?=" in text else 0


def _words(line: str) -> Iterator[tuple[str, str | None, str | None]]:
    """A line as (text, encoding, charset) triples; encoding and charset are None for plain text."""
    end = _end_of_words(line)
    parts = _ENCODED_WORD.split(line[:end])
    parts[-1] += line[end:]
    for n in range(0, len(parts), 4):
        plain = parts[n] if n else parts[n].lstrip()
        if plain:
            yield plain, None, None
        if n + 3 < len(parts):
            yield parts[n + 3], parts[n + 2].lower(), parts[n + 1].lower()


def _decode_word(text: str, encoding: str | None, charset: str | None) -> tuple[bytes, str | None]:
    if encoding == "q":
        text = _HEX.sub(lambda match: chr(int(match[1], 16)), text.replace("_", " "))
    data = text.encode("raw-unicode-escape")
    return (decode_base64(data + b"=" * (-len(text) % 4)) if encoding == "b" else data), charset


_HEX = re.compile(r"=([0-9A-Fa-f]{2})")


class UndecodableError(ValueError):
    """A text on which the standard library raises, instead of decoding it somehow."""


def decode_base64(data: bytes) -> bytes:
    """The bytes that ``data`` encodes. Characters outside base64 are skipped; the first complete padding ends the data.

    UndecodableError if the data ends inside a group of four.

    >>> decode_base64(b"YQ==YQ=="), decode_base64(b"Y W-E=")
    (b'a', b'aa')
    """
    count = padding = 0
    kept = []
    for run in re.findall(rb"[A-Za-z0-9+/]+|=", data):
        if run != b"=":
            kept.append(run)
            count, padding = count + len(run), 0
        elif count % 4 >= 2:
            padding += 1
            if count % 4 + padding >= 4:
                break
    else:
        if count % 4:
            raise UndecodableError("base64 ends inside a group of four")
    return binascii.a2b_base64(b"".join(kept) + b"=" * (-count % 4))


def decode_base64_body(data: bytes) -> bytes:
    """A base64 body. Missing padding is added, and a body that cannot be base64 stays as it is."""
    joined = b"".join(data.splitlines())
    for attempt in (joined, joined + b"=="):
        try:
            return decode_base64(attempt)
        except UndecodableError:
            continue
    return joined


def decode_uu_body(data: bytes) -> bytes:
    """A uuencoded body. Without a valid ``begin`` line it stays as it is."""
    lines = data.splitlines()
    begin = next((n for n, line in enumerate(lines) if _uu_begins(line)), None)
    if begin is None:
        return data
    body = itertools.takewhile(lambda line: line.strip(b" \t\r\n\f") != b"end", lines[begin + 1 :])
    try:
        return b"".join(map(_uu_line, body))
    except ValueError:
        return data


def _uu_begins(line: bytes) -> bool:
    mode = line.removeprefix(b"begin ").partition(b" ")[0]
    try:
        int(mode, 8)
    except ValueError:
        return False
    return line.startswith(b"begin ")


def _uu_line(line: bytes) -> bytes:
    """One line. Broken encoders write more than its first character promises; that is dropped."""
    if not line:
        raise UndecodableError("an empty line inside uuencoded data")
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        return binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3])


#: Content-Transfer-Encoding -> its decoder.
DECODERS = {
    "quoted-printable": quopri.decodestring,
    "base64": decode_base64_body,
    **dict.fromkeys(("x-uuencode", "uuencode", "uue", "x-uue"), decode_uu_body),
}
