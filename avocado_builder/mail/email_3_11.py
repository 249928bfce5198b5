"""The standard library's ``email``, so that rows do not depend on the Python release that builds them.

``binascii.a2b_base64`` changed after 3.11.7 where there is padding inside the data, so base64 is decoded here; smaller
changes are undone where they are met, and what takes quadratic time is bounded. The tests compare thousands of mails
with digests recorded on 3.11.7.
"""

import binascii
import codecs
import re
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, ecre
from email.message import Message
from typing import Any

#: Where the standard library takes time quadratic in the length, it reads so many characters in some milliseconds.
LONGEST = 1 << 13


def _check_length(text: str | bytes) -> None:
    if len(text) > LONGEST:
        raise ValueError(f"more than {LONGEST} characters")


class Part(Message):
    """A message or a part of one. ``odd``: the standard library raises on a parameter, or would take too long."""

    odd = False

    def get_param(self, param: str, failobj: object = None, header: str = "content-type", unquote: bool = True) -> Any:
        """As in the standard library, which reads boundary, charset and file name through this method."""
        try:
            _check_length(self.get(header, ""))
            value = super().get_param(param, failobj, header, unquote)
            if isinstance(value, tuple):
                with suppress(LookupError):  # an unknown charset: the standard library continues without it
                    decode_text(value[2].encode("raw-unicode-escape"), value[0] or "us-ascii", "replace")
            return value
        except (TypeError, ValueError) as error:
            # the codec "undefined" is harmless in a charset
            self.odd |= param != "charset" or not isinstance(error, UnicodeError)
            return failobj

    def content(self) -> bytes:
        """The payload, decoded if it is encoded as its header says. The part is not a multipart."""
        encoding = self.get("content-transfer-encoding", "").lower()
        if encoding in ("quoted-printable", "x-uuencode", "uuencode", "uue", "x-uue"):
            return self.get_payload(decode=True)
        data = self.get_payload().encode("raw-unicode-escape")
        if encoding == "base64":
            data = b"".join(data.splitlines())
            for padding in (b"", b"=="):  # added if it is missing
                with suppress(HeaderParseError):
                    return decode_base64(data + padding)
        return data


def decode_text(data: bytes, charset: str, errors: str = "strict") -> str:
    """``data`` decoded by ``charset``, with the same exceptions in every Python release.

    LookupError for an unknown charset, UnicodeDecodeError for bytes that are not valid in it, UnicodeError where one of
    the codecs for domain names fails (UnicodeDecodeError since 3.13), ValueError for much punycode.
    """
    name = codecs.lookup(charset).name
    if name == "punycode":
        _check_length(data)
    try:
        return data.decode(charset, errors)
    except UnicodeDecodeError as error:
        raise UnicodeError(str(error)) if name in ("idna", "punycode") and data.isascii() else error from None


def header_pieces(value: str) -> list[tuple[bytes | str, str | None]]:
    """A header value as (text, charset) pieces, with RFC 2047 words decoded to bytes.

    HeaderParseError if a base64 word ends inside a group of four; ValueError for words in more than :data:`LONGEST`.

    >>> header_pieces("=?utf-8?q?caf=C3=A9?= =?utf-8?b?IQ==?= open")
    [(b'caf\\xc3\\xa9!', 'utf-8'), (b' open', None)]
    """
    if "=?" not in value:
        return [(value, None)]
    _check_length(value)
    return decode_header("".join(ecre.sub(_as_quoted, line) for line in value.splitlines(keepends=True)))


def _as_quoted(word: re.Match) -> str:
    """A base64 word as a quoted-printable one, which every release decodes in the same way."""
    if word["encoding"] in "qQ":
        return word[0]
    data = decode_base64(word["encoded"].encode("raw-unicode-escape") + b"=" * (-len(word["encoded"]) % 4))
    return f"=?{word['charset']}?q?{''.join(f'={byte:02X}' for byte in data)}?="


#: Groups of four, then a group that padding completes, or the end. Padding that completes no group is skipped.
_GROUPS = re.compile(rb"(?:=*[^=]=*[^=]=?[^=][^=])*+(?:=*[^=]=*[^=](?:==|=?[^=]=)|=*$)")


def decode_base64(data: bytes) -> bytes:
    """The bytes that ``data`` encodes. Characters outside base64 are skipped; the first complete padding ends the data.

    HeaderParseError if the data ends inside a group of four.
    """
    found = _GROUPS.match(re.sub(rb"[^A-Za-z0-9+/=]+", b"", data))
    if not found:
        raise HeaderParseError("base64 ends inside a group of four")
    kept = found[0].replace(b"=", b"")
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
