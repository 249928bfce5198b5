"""Subject and body of a mail, exactly as the benchmark's script gets them from mail-parser 3.15.0.

These are the rules of mail-parser 3.15.0 on Python 3.11.7; the functions refer to them by number:

1. The bytes are decoded as UTF-8; invalid bytes are dropped. CRLF and CR become LF. The text is parsed by ``email``
   (compat32).
2. A mail without headers has no subject and no body, whatever it holds.
3. The parts are all parts of the tree. If any multipart lacks its start boundary, one more is added: the text between
   the first ``--b`` and ``--b--`` (b: the mail's own boundary) in the mail's epilogue, if any, is parsed as a part.
4. Of the parts without sub-parts, attachments are left out. An attachment has a file name (also as ``name`` of its
   type), or a Content-ID and a subtype other than html and plain, or a subtype that is a substring of ``"rtf"``.
5. The transfer encoding is decoded; characters outside ASCII count as Latin-1 bytes, and beyond Latin-1 as ``\\uXXXX``.
   If the encoding is none, 7bit or 8bit, all such escapes are then replaced by their characters. Otherwise the bytes
   are decoded by the part's charset (utf-8 if it has none). If the charset is unknown or fails, they are decoded as
   UTF-8, and invalid bytes are dropped. The result is normalized (NFC).
6. The body is the plain parts, then the html parts, then the others, without the empty ones, joined by
   ``"\\n--- mail_boundary ---\\n"`` and stripped of white space.
7. RFC 2047 words in the subject are decoded by their charset as in rule 5; a subject that cannot be decoded stays as it
   is. It is stripped; line breaks inside a folded subject stay. A missing subject is ``""``.

This module differs from mail-parser 3.15.0 in two cases, and :attr:`Mail.repairs` reports both:

* Where mail-parser raises, the mail is read as closely as possible. The main case is a body with ``C:\\users`` in it,
  where rule 5 finds a broken escape. The official build stops there, so the rows it made hold no such mail.
* If a mail has several subjects, the first counts. mail-parser returns a list, which no reader of the benchmark's files
  expects.

The ``email`` of rule 1 is held at what Python 3.11.7 does, so that rows do not depend on the release that builds them:
``binascii.a2b_base64`` changed after 3.11.7 where there is padding inside the data, so base64 is decoded here; smaller
changes are undone where they are met, and what takes quadratic time is bounded. The tests compare thousands of mails
with digests recorded on 3.11.7.
"""

import binascii
import codecs
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError, StartBoundaryNotFoundDefect
from email.header import decode_header, ecre
from email.message import Message
from email.parser import Parser
from types import MappingProxyType
from typing import Any
from unicodedata import normalize

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


#: The name of these rules, for the manifest.
RULES = "mail-parser-3.15.0"
SEPARATOR = "\n--- mail_boundary ---\n"

#: Kind of repair -> what it means.
REPAIRS: Mapping[str, str] = MappingProxyType(
    {
        "escape": "a body with a backslash-u that is not an escape (such as C:\\users) was read as it is",
        "charset": "an unusable charset was replaced by utf-8",
        "parameter": f"a header that mail-parser cannot read, or with more than {LONGEST} characters, was read in part",
        "boundary": "a multipart without a usable boundary was read without its epilogue",
        "subjects": "the first of several subjects was taken",
    }
)


#: Kind of warning -> what it means: the text is the official one, but will cause trouble.
WARNINGS: Mapping[str, str] = MappingProxyType(
    {"surrogate": "a text holds half a character (written as an escape), which datasets cannot store"}
)
_LONE_SURROGATE = re.compile("[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]")


@dataclass(frozen=True, slots=True)
class Mail:
    """What the benchmark takes from a mail.

    Attributes:
        subject: the gold, and the title of a profile item.
        body: the text.
        repairs: keys of :data:`REPAIRS`, sorted: where mail-parser 3.15.0 raises or returns a list.
    """

    subject: str
    body: str
    repairs: tuple[str, ...] = ()


def parse_mail(raw: bytes) -> Mail:
    """Subject and body of the mail in ``raw``, the bytes of its file, by the rules above.

    Any bytes give a mail; only parts nested hundreds of levels deep raise RecursionError.

    >>> parse_mail(b"Subject: Lunch?\\n\\nAt noon, by the door.\\n")
    Mail(subject='Lunch?', body='At noon, by the door.', repairs=())
    """
    message = _parse(raw.decode("utf-8", "ignore").replace("\r\n", "\n").replace("\r", "\n"))
    if not message.keys():
        return Mail("", "")
    subjects = message.get_all("subject", [""])
    repairs = {"subjects"} if len(subjects) > 1 else set()
    body, subject = _body(message, repairs), _decoded_header(subjects[0], repairs)
    return Mail(subject, body, tuple(sorted(repairs)))


def warnings_of(mail: Mail) -> tuple[str, ...]:
    """The keys of :data:`WARNINGS` that apply to a mail."""
    texts = (mail.subject, mail.body)
    return ("surrogate",) if any(not text.isascii() and _LONE_SURROGATE.search(text) for text in texts) else ()


#: In characters. A longer head is left to the parser: matching it takes a hundred times its size in memory.
_LONG_HEAD = 1 << 16
_NAME = r"[!-9;-~]+:"
_REST = r"[^\n]*\n(?:[ \t][^\n]*\n)*"
_PLAIN_HEAD = re.compile(f"(?:{_NAME}{_REST})+")
_HEADER = re.compile(f"({_NAME})[ \t]*({_REST})")


def _parse(text: str) -> Part:
    """Rule 1. Most mails are a plain head and one body; reading them directly takes half the parser's time."""
    end = text.find("\n\n", 0, _LONG_HEAD) + 1
    if _PLAIN_HEAD.fullmatch(text, 0, end):
        part = Part()
        for name, value in _HEADER.findall(text, 0, end):
            part.set_raw(name[:-1], value.rstrip("\n"))
        if part.get_content_maintype() not in ("multipart", "message"):
            part.set_payload(text[end + 1 :])
            return part
    return Parser(Part).parsestr(text)


def _body(message: Part, repairs: set[str]) -> str:
    """Rules 3 to 6."""
    parts = list(message.walk())
    if any(isinstance(defect, StartBoundaryNotFoundDefect) for part in parts for defect in part.defects):
        parts += _epilogue_part(message, repairs)
    texts: dict[str, list[str]] = {"plain": [], "html": [], "other": []}
    for part in parts:
        if not part.is_multipart() and not _is_attachment(part, repairs):
            text = _text(part, repairs)
            if text:
                texts.get(part.get_content_subtype(), texts["other"]).append(text)
    if any(part.odd for part in parts):
        repairs.add("parameter")
    return SEPARATOR.join(text for kind in texts.values() for text in kind).strip()


def _epilogue_part(message: Part, repairs: set[str]) -> Iterator[Part]:
    """Rule 3: the part in the epilogue, if there is one."""
    boundary, epilogue = message.get_boundary(), message.epilogue
    if boundary is None or epilogue is None:
        repairs.add("boundary")
        return
    _, start, rest = epilogue.partition(f"--{boundary}")
    text, end, _ = rest.partition(f"--{boundary}--")
    if start and end:
        yield _parse(text.strip())


def _is_attachment(part: Part, repairs: set[str]) -> bool:
    """Rule 4."""
    subtype = part.get_content_subtype()
    content_id = part.get("content-id")
    if not (
        _decoded_header(part.get_filename() or "", repairs)
        or (content_id and subtype not in ("html", "plain"))
        or normalize("NFC", subtype) in "rtf"
    ):
        return False
    encoding = str(part.get("content-transfer-encoding", "")).lower()
    if encoding != "base64" and "uuencode" not in encoding:
        # only to report an attachment that mail-parser cannot decode: it raises, although nobody needs that text
        _decode(part.content(), part.get_content_charset("utf-8"), repairs)
    return True


def _text(part: Part, repairs: set[str]) -> str:
    """Rule 5."""
    data = part.content()
    if str(part.get("content-transfer-encoding", "")).lower() not in ("", "7bit", "8bit"):
        return _decode(data, part.get_content_charset("utf-8"), repairs)
    try:
        return data.decode("raw-unicode-escape")
    except UnicodeDecodeError:
        repairs.add("escape")
        return part.get_payload()


def _decode(data: bytes, charset: str, repairs: set[str], passed_on: tuple[type[ValueError], ...] = ()) -> str:
    """The text in ``data``, normalized; see rule 5."""
    if not data:
        return ""
    try:
        text = decode_text(data, charset)
    except (LookupError, UnicodeDecodeError):
        text = data.decode("utf-8", "ignore")
    except passed_on:
        raise
    except ValueError:  # the codec "undefined", a NUL in the name of the charset
        repairs.add("charset")
        text = data.decode("utf-8", "ignore")
    return normalize("NFC", text)


def _decoded_header(value: str, repairs: set[str]) -> str:
    """Rule 7: a header value with its RFC 2047 words decoded, stripped."""
    text = ""
    try:
        for piece, charset in header_pieces(value):
            # mail-parser, too, stops where the codec fails as a whole
            is_text = isinstance(piece, str)
            text += normalize("NFC", piece) if is_text else _decode(piece, charset or "utf-8", repairs, (UnicodeError,))
    except (HeaderParseError, UnicodeError):
        text += value
    except ValueError:
        repairs.add("parameter")
        text += value
    return text.strip()
