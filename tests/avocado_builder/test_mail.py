import base64
import binascii
import email
import hashlib
import importlib.util
import os
import random
from email.header import decode_header
from pathlib import Path

import mailparser
import pytest
from fake_mails import KINDS, mails, mutants
from mail_oracle import difference, needs_email_of_3_11_7, official

from avocado_builder.mail import LONGEST, REPAIRS, SEPARATOR, Mail, Part, decode_base64, header_pieces, parse_mail


@needs_email_of_3_11_7
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode", "uue", "8bit", "BASE64", " base64"])
def test_bodies_equal_the_standard_library(encoding):
    rng = random.Random(encoding)
    bits = ["begin 644 x\n", "end\n", "#0V%T\n", "YQ==", "é", "€", "=\n", "=E9", " ", "\n"]
    for _ in range(500):
        body = "".join(rng.choices(bits, k=9))
        text = f"Content-Transfer-Encoding: {encoding}\n\n{body}"
        ours, theirs = email.message_from_string(text, Part), email.message_from_string(text)
        assert ours.content() == theirs.get_payload(decode=True)


@needs_email_of_3_11_7
def test_parameters_equal_the_standard_library_or_are_odd():
    rng = random.Random(5)
    bits = ["charset", "name", "*", "*0", "*1", "*1*", "=", ";", '"', "\\", "'", "utf-8''", "%C3%A9", "a", " ", "é"]
    for _ in range(6_000):
        text = f"Content-Type: text/plain; {''.join(rng.choices(bits, k=rng.randrange(2, 14)))}\n\n"
        theirs, ours = email.message_from_string(text), email.message_from_string(text, Part)
        for get in ("get_filename", "get_content_charset", "get_boundary"):
            try:
                expected = getattr(theirs, get)()
            except TypeError:
                getattr(ours, get)()
                assert ours.odd
            else:
                assert getattr(ours, get)() == expected, text


@needs_email_of_3_11_7
def test_header_words_equal_the_standard_library():
    rng = random.Random(6)
    bits = ["=?utf-8?q?", "=?UTF-8?B?", "=??b?", "?=", "YQ==", "YWJj", "=C3=A9", "_", " ", "\n ", "a", "é", "?", "="]
    for _ in range(6_000):
        value = "".join(rng.choices(bits, k=rng.randrange(1, 14)))
        try:
            expected = decode_header(value)
        except email.errors.HeaderParseError:
            with pytest.raises(email.errors.HeaderParseError):
                header_pieces(value)
        else:
            assert header_pieces(value) == expected, value


@pytest.mark.parametrize(
    "head",
    [
        "Subject: " + "=?utf-8?q?b" * 100_000,
        'Subject: s\nContent-Type: text/plain; x="' + ";" * 1_000_000,
        "Subject: s\nContent-Type: text/plain; name*=punycode''" + "a" * 1_000_000,
    ],
    ids=["words without end", "an open quotation mark", "punycode in a parameter"],
)
def test_a_header_that_would_take_hours_is_left_as_it_is(head):
    mail = parse_mail(f"{head}\n\nbody".encode())
    assert (f"Subject: {mail.subject}", mail.body, mail.repairs) == (head.split("\n")[0], "body", ("parameter",))
    plain = "x" * (LONGEST + 1)
    assert header_pieces(plain) == [(plain, None)]


@needs_email_of_3_11_7
def test_base64_equals_the_standard_library():
    rng = random.Random(4)
    for _ in range(6_000):
        data = bytes(rng.choices(b"AZaz09+/==\n-_\xff ", k=rng.randrange(14)))
        try:
            expected = binascii.a2b_base64(data)
        except binascii.Error:
            with pytest.raises(email.errors.HeaderParseError):
                decode_base64(data)
        else:
            assert decode_base64(data) == expected


def test_encoded_bodies_by_hand():
    def body(text, encoding="uue"):
        return email.message_from_string(f"Content-Transfer-Encoding: {encoding}\n\n{text}", Part).content()

    assert body("YWI", "base64") == b"ab"
    assert body("Y\nW\nI=", "base64") == b"ab"
    assert body("Y", "base64") == b"Y"
    assert body("Dear all", "base64") == base64.b64decode("Dearall=")
    assert decode_base64(b"YQ==YQ==") == b"a"
    assert body("text\nbegin 644 f\n#0V%T\nend\nmore\n") == b"Cat"
    assert body("begin 644 f\n#0V%Tx\nend\n") == b"Cat", "what a broken encoder adds is dropped"
    for text in ("#0V%T\nend\n", "begin x f\n#0V%T\n", "begin 644 f\n\nend\n"):
        assert body(text) == text.encode()


pytestmark = pytest.mark.oldest


def differences(raws):
    found = [(raw, difference(raw)) for raw in raws]
    return len(found), [pair for pair in found if pair[1]][:3]


def test_the_eight_real_mails_equal_mail_parser():
    folder = os.environ.get("LAMP_ENRON_MAILS")
    if not folder:
        pytest.skip("LAMP_ENRON_MAILS does not name the folder of the eight real mails")
    paths = sorted(Path(folder).glob("*-EM.txt"))
    assert len(paths) == 8
    for path in paths:
        parsed = mailparser.parse_from_file(str(path))
        assert parse_mail(path.read_bytes()) == Mail(parsed.subject, parsed.body.strip())


def cpython_mails():
    spec = importlib.util.find_spec("test")
    folder = Path(spec.submodule_search_locations[0]) / "test_email" / "data" if spec else Path("nowhere")
    paths = sorted(folder.glob("msg_*.txt"))
    if not paths:
        pytest.skip("this Python came without its own test suite")
    return [path.read_bytes() for path in paths]


def test_the_test_mails_of_cpython_equal_mail_parser():
    count, found = differences(cpython_mails())
    assert count > 40
    assert not found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_mail_equals_mail_parser(kind):
    raws = [raw for name, raw in mails(seed=2, per_kind=25) if name == kind]
    assert differences(raws) == (25, [])


@needs_email_of_3_11_7
@pytest.mark.parametrize("seed", [11, 12, 13, 14])
def test_thousands_of_mutants_equal_mail_parser(seed):
    assert differences(mutants(seed, 1_500)) == (1_500, [])


@needs_email_of_3_11_7
def test_mutants_of_cpythons_mails_equal_mail_parser():
    assert differences(mutants(15, 1_500, cpython_mails())) == (1_500, [])


#: Four hexadecimal digits of a digest for each mail of the test below, to tell which one is read differently.
SHORT_DIGESTS = Path(__file__).with_name("short_mail_digests.txt")


def test_every_python_reads_the_same():
    # Recorded on Python 3.11.7, where the tests above compare the same kind of mutants with mail-parser 3.15.0.
    raws = [*mutants(7, 4_000)]
    texts = [repr(parse_mail(raw)).encode("utf-8", "surrogatepass") for raw in raws]
    short = "".join(SHORT_DIGESTS.read_text().split())
    assert len(short) == 4 * len(raws)
    differing = [n for n, text in enumerate(texts) if hashlib.sha256(text).hexdigest()[:4] != short[4 * n : 4 * n + 4]]
    shown = "\n".join(f"mail {n}: {raws[n]!r}\nread as: {texts[n].decode('utf-8', 'replace')}" for n in differing[:3])
    assert not differing, f"{len(differing)} mails are read differently: {differing[:20]}\n{shown}"
    whole = hashlib.sha256(b"".join(texts)).hexdigest()
    assert whole == "3bcd7226fe6d980cd659e8f3a10a11ea6f3a540e1df941f61b2d909f80543fb2"


@pytest.mark.parametrize("body", ["see C:\\users\\ann", "\\\\srv\\udrive is full", "C:\\Users and caf\u00e9", "\\u12"])
def test_wanted_difference_one_a_body_that_kills_mail_parser_is_read_as_it_stands(body):
    raw = f"Subject: drives\n\n{body}\n".encode()
    with pytest.raises(UnicodeDecodeError):
        official(raw)
    assert parse_mail(raw) == Mail("drives", body, ("escape",))


CRASHES = (
    (b"Subject: a\nContent-Type: x/y; name=b; charset=undefined\n\nc", UnicodeError, Mail("a", "", ("charset",))),
    (b"Subject: =?u\0?q?x?=\n\nc", ValueError, Mail("x", "c", ("charset",))),
    (b"Subject: a\nContent-Type: x/y; n*=1; n*1=2\n\nc", TypeError, Mail("a", "c", ("parameter",))),
    (
        b"Subject: a\nContent-Type: message/rfc822\n\nContent-Type: multipart/x; boundary=b\n\nc",
        TypeError,
        Mail("a", "c", ("boundary",)),
    ),
)


@pytest.mark.parametrize(("raw", "error", "mail"), CRASHES)
@needs_email_of_3_11_7
def test_wanted_difference_one_so_is_everything_else_that_kills_it(raw, error, mail):
    with pytest.raises(error):
        official(raw)
    assert parse_mail(raw) == mail


def test_wanted_difference_one_so_is_punycode_that_would_take_hours():
    """That codec takes time with the square of the length, and no name of a domain has more than 253 characters."""
    text = b"a" * 10_000_000
    head = b"Subject: s\nContent-Type: text/plain; charset=punycode\nContent-Transfer-Encoding: binary\n\n"
    assert parse_mail(head + text) == Mail("s", text.decode(), ("charset",))


def test_wanted_difference_two_the_first_subject_counts():
    raw = b"Subject: first \nSubject: second\n\nbody"
    assert official(raw) == (["first", "second"], "body")
    assert parse_mail(raw) == Mail("first", "body", ("subjects",))


def test_all_repairs_are_documented_and_reached():
    long = b"Content-Type: text/plain; charset=" + b"a" * (LONGEST + 1)
    raws = [*(raw for raw, *_ in CRASHES), long, *mutants(11, 500)]
    reached = {repair for raw in raws for repair in parse_mail(raw).repairs}
    assert reached == set(REPAIRS)


BY_HAND = [
    (b"", "", ""),
    (b"no header here\n\nbody", "", ""),
    (b"\nSubject: x\n\nbody", "", ""),
    (b"Subject: x", "x", ""),
    (b"Subject: x\n\n \x1c\xc2\x85 body \n\n", "x", "body"),
    (b"Subject: a\n\tb\n\nbody", "a\n\tb", "body"),
    (b"Subject: a\n\n\\u0041\\u00e9", "a", "Aé"),
    (b"Subject: a\n\ncaf\xe9 caf\xc3\xa9", "a", "caf café"),
    (b"Subject: a\n\ne\xcc\x81", "a", "e\u0301"),
    (b"Subject: a\nContent-Transfer-Encoding: quoted-printable\n\ne=CC=81", "a", "é"),
    (b"Subject: a\nContent-Transfer-Encoding: binary\n\ncaf\xc3\xa9 \xe2\x82\xac", "a", "caf \\u20ac"),
    (b"Subject: a\nContent-Type: text/plain; name=b.txt\n\nc", "a", ""),
    (b"Subject: a\nContent-Type: text/rtf\n\nc", "a", ""),
    (b"Subject: a\nContent-Type: text/\n\nc", "a", ""),
    (b"Subject: a\nContent-Type: multipart/mixed; boundary=b\n\nc", "a", "c"),
    (b"Subject: a\nContent-Transfer-Encoding: base64\n\nTWVldA==, at noon", "a", "Meet"),
    (b"Subject: =?utf-8?b?Y2Fmw6k=?= =?utf-8?q?_now?=\n\nc", "café now", "c"),
]


@pytest.mark.parametrize(("raw", "subject", "body"), BY_HAND)
def test_rules_by_hand(raw, subject, body):
    assert parse_mail(raw) == Mail(subject, body)


def test_parts_come_plain_first_then_html_then_others():
    part = "--b\nContent-Type: text/{}\n\n{}\n"
    raw = "Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n" + "".join(
        part.format(*pair) for pair in [("x", 1), ("html", 2), ("plain", 3), ("html", 4), ("plain", "")]
    )
    assert parse_mail(f"{raw}--b--".encode()).body == SEPARATOR.join("3241")
