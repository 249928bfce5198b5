"""Transfer encodings, decoded as Python 3.11.7 does; :mod:`avocado_builder.mail.email_3_11` says why."""

from __future__ import annotations

import binascii
import itertools
import quopri
import re


class UndecodableError(ValueError):
    """A text on which the standard library raises, instead of decoding it somehow."""


def decode_base64(data: bytes) -> bytes:
    """The bytes that ``data`` encodes. Characters outside base64 are skipped; the first complete padding ends the data.

    Raises:
        UndecodableError: the data ends inside a group of four.

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
