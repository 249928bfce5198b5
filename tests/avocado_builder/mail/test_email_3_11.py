import base64
import binascii
import email
import random
from email.header import decode_header

import pytest
from mail_oracle import needs_email_of_3_11_7

from avocado_builder.mail.email_3_11 import LONGEST, Part, decode_base64, header_pieces
from avocado_builder.mail.parsing import parse_mail


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
