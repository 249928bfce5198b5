"""Mails assembled from all sorts of lines in any order. Seeded: the bytes are the same everywhere."""

import random

HEADERS = (
    "Subject: hello",
    "Subject:",
    "Subject: =?utf-8?b?w6k=?= x",
    "Subject: =?iso-2022-jp?b?GyRCJUYlOSVIGyhC?=",
    "SUBJECT: two",
    "subject : odd",
    "From x@y Tue",
    "From: a@b",
    "Content-Type: multipart/mixed; boundary=b",
    'Content-Type: multipart/mixed; boundary="b"',
    "Content-Type: multipart/digest; boundary=b",
    "Content-Type: multipart/alternative;\n boundary=bb",
    "Content-Type: message/rfc822",
    "Content-Type: message/delivery-status",
    "Content-Type: message/partial",
    "Content-Type: text/html; charset=iso-8859-15",
    'Content-Type: text/plain; charset="utf-8"; format=flowed',
    'Content-Type: text/plain; name="=?utf-8?q?a?="',
    'Content-Type: text/plain; name=" "',
    "Content-Type: application/octet-stream",
    "Content-Type: rtf",
    "Content-Type: text/r",
    "Content-Type: text/calendar; charset=utf-16",
    'Content-Disposition: inline; filename=""',
    "Content-Disposition: attachment; filename=x.txt",
)
LINES = (
    *HEADERS,
    *[""] * 4,
    "Content-Disposition: attachment",
    "Content-ID: <1>",
    "Content-ID:",
    "Content-Transfer-Encoding: base64",
    "Content-Transfer-Encoding: quoted-printable",
    "Content-Transfer-Encoding: BASE64",
    "Content-Transfer-Encoding: 8bit",
    "Content-Transfer-Encoding: 7bit ; x",
    "Content-Transfer-Encoding: x-uuencode",
    "Content-Transfer-Encoding: binary",
    "--b",
    "--b--",
    "--bb",
    "--bb--",
    "--b ",
    "--b--x",
    " folded",
    "\tfolded",
    ": nothing",
    "no colon here",
    "SGVsbG8gd29ybGQ=",
    "SGVsbG8=SGVsbG8=",
    "=E9t=E9=",
    "éè",
    "€ é",
    "\\u00e9",
    "\\x41 \\N",
    "begin 644 f",
    "#0V%T",
    "end",
    "text body line",
    "\x0c",
    "\x1d",
    "a\x0bb",
    "\u2028x\u2029",
    "\ufeffSubject: bom",
    "Received: by x; Mon, 1 Jan 2001 00:00:00 +0000",
    "To: undisclosed <>;",
    "Date: x",
    "X: y",
)


def assembled(seed, count):
    """``count`` mails of one to twenty-six lines."""
    rng = random.Random(seed)
    for _ in range(count):
        lines = rng.choices(LINES, k=rng.randrange(1, 26))
        if rng.random() < 0.7:
            lines.insert(0, rng.choice(HEADERS))
        yield rng.choice(["\n", "\n", "\n", "\r\n", "\r"]).join(lines).encode()
