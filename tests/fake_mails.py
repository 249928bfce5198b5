"""Made-up mails of every kind in the collection, and mutants of them. Seeded: the bytes are the same everywhere."""

import base64
import quopri
import random

NAMES = ("Marta Oliveira", "Ken Ito", "Priya Raman", "Tom Lind", "Chloé Martin", "Jürgen Weiß", "Ana Kovač")
TOPICS = ("the forecast", "server room access", "lunch on Friday", "the Lisbon offsite", "build 4.2", "parking")
OPENINGS = ("Hi all,", "Hello,", "Good morning,", "Team,", "Quick note:", "Sorry for the late reply.")
SENTENCES = (
    "Please look over {topic} before noon and send me what is missing.",
    "I moved our call about {topic} to Thursday, the small room on the second floor.",
    "Nobody has answered on {topic} yet; can you ring them?",
    "The numbers for {topic} are in the shared folder, tab two.",
    "Thanks for sorting out {topic}, that saved us a day.",
    "If {topic} slips again we should tell the customer ourselves.",
)


def words(rng, sentences=3):
    topic = rng.choice(TOPICS)
    body = " ".join(rng.choice(SENTENCES).format(topic=topic) for _ in range(sentences))
    return f"{rng.choice(OPENINGS)}\n\n{body}\n\n{rng.choice(NAMES)}\n"


def subject(rng):
    return rng.choice(("", "Re: ", "FW: ", "RE: Re: ")) + rng.choice(TOPICS)


def headers(rng, *more, subject_line=None):
    name = rng.choice(NAMES).split()[0].encode("ascii", "ignore").decode()
    day = rng.randrange(1, 29)
    lines = [
        f'From: "{name}" <{name.lower()}@firm.example>',
        "To: team@firm.example",
        f"Date: Tue, {day} May 2001 0{rng.randrange(10)}:12:5{rng.randrange(10)} -0700",
        f"Subject: {subject(rng)}" if subject_line is None else subject_line,
        f"Message-ID: <{rng.randrange(10**9)}@firm.example>",
        *more,
    ]
    return "\n".join(line for line in lines if line)


def simple(head, body):
    return f"{head}\n\n{body}".encode()


def with_type(rng, content_type, encoding, body, **other):
    more = [f"Content-Type: {content_type}"] + ([f"Content-Transfer-Encoding: {encoding}"] if encoding else [])
    return simple(headers(rng, *more, **other), body)


def folded(rng):
    return simple(
        headers(rng, "Received: from a.example\n\tby b.example; Tue, 1 May 2001 09:00:00 -0700",
                subject_line=f"Subject: {subject(rng)}\n\tand {subject(rng)}"),
        words(rng),
    )  # fmt: skip


def encoded_subject(rng):
    text = f"Réunion : {subject(rng)}"
    charset = rng.choice(("utf-8", "iso-8859-1", "windows-1252", "x-unknown"))
    raw = text.encode("utf-8" if charset.startswith(("utf", "x-")) else charset)
    if rng.random() < 0.5:
        word = f"=?{charset}?B?{base64.b64encode(raw).decode()}?="
    else:
        word = f"=?{charset}?Q?{''.join(chr(b) if 64 < b < 123 else f'={b:02X}' for b in raw)}?="
    return simple(headers(rng, subject_line=f"Subject: {word} =?utf-8?q?_(suite)?= tail"), words(rng))


def named_part(rng):
    return with_type(rng, 'text/plain; name="notes.txt"', "7bit", words(rng))


def multipart_over_plain(rng):
    return with_type(rng, 'multipart/mixed; boundary="=_NextPart"', None, words(rng))


def real_multipart(rng):
    encoded = base64.encodebytes(b"\x89PNG" + bytes(range(40))).decode()
    body = (
        f"preamble\n--=_b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        f"{quopri.encodestring(words(rng).encode()).decode()}\n--=_b\nContent-Type: text/html\n\n<p>{words(rng)}</p>\n"
        f"--=_b\nContent-Type: image/png\nContent-ID: <1@x>\nContent-Transfer-Encoding: base64\n\n{encoded}\n--=_b--\n"
    )
    return with_type(rng, "multipart/alternative; boundary==_b", None, body)


def boundary_in_epilogue(rng):
    return with_type(rng, "multipart/mixed; boundary=bb", None, f"{words(rng)}\n--bb--\n--bb\n\n{words(rng)}\n--bb--\n")


def latin1(rng):
    return simple(headers(rng), words(rng)).replace(b"on", "é".encode("latin-1"))


#: Kind -> maker(rng) of the bytes of one mail.
KINDS = {
    "generated headers": lambda rng: simple(headers(rng), words(rng)),
    "folded raw headers": folded,
    "encoded-word subject": encoded_subject,
    "missing subject": lambda rng: simple(headers(rng, subject_line=""), words(rng)),
    "empty subject": lambda rng: simple(headers(rng, subject_line="Subject: "), words(rng)),
    "doubled subject": lambda rng: simple(headers(rng, f"Subject: {subject(rng)}"), words(rng)),
    "leading newline": lambda rng: b"\n" + simple(headers(rng), words(rng)),
    "latin-1 bytes": latin1,
    "left-over base64 header": lambda rng: with_type(rng, "text/plain", "base64", words(rng)),
    "true base64": lambda rng: with_type(
        rng, "text/plain; charset=utf-8", "base64", base64.encodebytes(f"Grüße, {words(rng)}".encode()).decode()
    ),
    "left-over quoted-printable header": lambda rng: with_type(rng, "text/plain", "quoted-printable", words(rng)),
    "quoted-printable latin-1": lambda rng: with_type(
        rng, "text/plain; charset=iso-8859-1", "quoted-printable", f"Gr=FC=DFe =\nund {words(rng)}"
    ),
    "decomposed accents": lambda rng: with_type(
        rng, "text/plain; charset=utf-8", rng.choice(("binary", "8bit")), f"cafe\u0301 {words(rng)}"
    ),
    "multipart header over a plain body": multipart_over_plain,
    "html header over a plain body": lambda rng: with_type(rng, "text/html; charset=us-ascii", "7bit", words(rng)),
    "real multipart": real_multipart,
    "boundary in the epilogue": boundary_in_epilogue,
    "named text part": named_part,
    "rtf": lambda rng: with_type(rng, "text/rtf", None, words(rng)),
    "uuencoded": lambda rng: with_type(rng, "text/plain", "x-uuencode", "begin 644 a\n#0V%T\n`\nend\n"),
    "empty body": lambda rng: simple(headers(rng), ""),
    "no blank line": lambda rng: headers(rng).encode(),
    "crlf": lambda rng: simple(headers(rng), words(rng)).replace(b"\n", b"\r\n"),
    "medium body": lambda rng: simple(headers(rng), words(rng, 30)),
    "long body": lambda rng: simple(headers(rng), words(rng, 300)),
    "unicode escape": lambda rng: simple(headers(rng), f"\\u0041 and \\u00e9 {words(rng)}"),
    "windows path": lambda rng: simple(headers(rng), f"see C:\\users\\{rng.choice(TOPICS)}\n{words(rng)}"),
    "forwarded mail": lambda rng: with_type(rng, "message/rfc822", None, simple(headers(rng), words(rng)).decode()),
    "odd parameters": lambda rng: with_type(
        rng, "text/plain; charset*=utf-8''iso-8859-1; name*0*=utf-8''%20; x*1=b; x*0=a;;", "8bit", words(rng)
    ),
}

_CHARSETS = (
    *b"utf-8 iso-8859-1 windows-1252 us-ascii utf-16 utf-7 shift_jis koi8-r gb2312 undefined x-unknown".split(),
    *b"base64 rot13 unicode_escape punycode idna UTF8\0".split(),
    b"",
)
_ENCODINGS = (*b"7bit 8bit binary base64 quoted-printable x-uuencode".split(), b" base64", b"7bit ", b"")
_FRAGMENTS = (
    b"\\u", b"\\U0001f600", b"\\u00e9", b"\\\\srv\\udrive", b"=?utf-8?b?YQ==YQ==?=", b"=?undefined?q?a?=",
    b"=?utf-8?q?=E2=82=AC?=", b"=?iso-8859-1?B?6Q?=", b"=?utf-8?b?YWJj_?= =?utf-8?q?_?=", b"\x85", b"\x1c", b"\xa0",
    b"e\xcc\x81", b"--=_b", b"--=_b--\n", b"\n--=_NextPart\n", b"Subject: again\n", b"\n\n", b"\r", b"\r\n", b"\0",
    b"Content-Disposition: attachment; filename*0=a; filename*1*=%C3%A9\n", b"YQ=YQ==", b"=3D=\n", b"=ZZ", b"\xff\xfe",
    b"Content-Type: text/\n", b"Content-Type: text/plain; charset*0=utf; charset*=8\n", b"From me\n", b": x\n",
    b"Content-Transfer-Encoding:\n base64\n", b"Subject:\n =?utf-8?q?later?=\n", b"boundary=\"", b";;", b"\"", b"''",
    b"begin 644 x\n", b"end\n", b"Received: from x by y; Mon, 99 Foo 99999 99:99:99 +9999\n", b"Content-ID: <a>\n",
)  # fmt: skip


def _flip(rng, data):
    data = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        if data:
            data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def _cut(rng, data):
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.randrange(40) :]


def _insert(rng, data):
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_FRAGMENTS) + data[at:]


def _lines(change):
    def mutate(rng, data):
        lines = data.split(b"\n")
        change(rng, lines)
        return b"\n".join(lines)

    return mutate


def _fold(rng, lines):
    n = rng.randrange(min(len(lines), 12))
    at = rng.randrange(len(lines[n]) + 1)
    lines[n : n + 1] = [lines[n][:at], rng.choice((b" ", b"\t")) + lines[n][at:]]


def _double(rng, lines):
    lines.insert(rng.randrange(min(len(lines), 12)), lines[rng.randrange(min(len(lines), 12))])


def _swap(rng, lines):
    a, b = rng.randrange(min(len(lines), 12)), rng.randrange(min(len(lines), 12))
    lines[a], lines[b] = lines[b], lines[a]


def _header(rng, lines):
    subtype = rng.choice((b"plain", b"html", b"rtf", b"x"))
    charset = b"Content-Type: text/" + subtype + b"; charset=" + rng.choice(_CHARSETS)
    encoding = b"Content-Transfer-Encoding: " + rng.choice(_ENCODINGS)
    lines.insert(rng.randrange(min(len(lines), 6)), rng.choice((charset, encoding)))


def _insert_in_head(rng, data):
    at = rng.randrange(min(len(data), 300) + 1)
    return data[:at] + rng.choice(_FRAGMENTS) + data[at:]


_MUTATIONS = (
    _flip,
    _cut,
    _insert,
    _insert_in_head,
    _lines(_fold),
    _lines(_double),
    _lines(_swap),
    _lines(_header),
    lambda rng, data: data.replace(b"\n", b"\r\n"),
    lambda rng, data: data.replace(b"\n", b"\r", rng.randrange(1, 9)),
)


def mails(seed, per_kind=1):
    """(kind, bytes) pairs, ``per_kind`` of each kind."""
    rng = random.Random(seed)
    return [(kind, make(rng)) for kind, make in KINDS.items() for _ in range(per_kind)]


def mutants(seed, count, stock=()):
    """``count`` mails, each changed in one to three ways; ``stock``: more mails to start from."""
    rng = random.Random(seed)
    makers = [*KINDS.values(), *(lambda rng, raw=raw: raw for raw in stock)]
    for _ in range(count):
        data = rng.choice(makers)(rng)
        for _ in range(rng.randrange(1, 4)):
            data = rng.choice(_MUTATIONS)(rng, data)
        yield data
