import email
import random
from email.header import decode_header

import pytest
from mail_oracle import needs_email_of_3_11_7

from avocado_builder.mail.email_3_11 import Part, header_pieces, split_parameters
from avocado_builder.mail.transfer_3_11 import UndecodableError


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
def test_parameters_equal_the_standard_library():
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
                assert ours.defects
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
            with pytest.raises(UndecodableError):
                header_pieces(value)
        else:
            assert header_pieces(value) == expected, value


def test_thousands_of_words_that_do_not_end_are_read_in_linear_time():
    value = "=?utf-8?q?a?=" + "=?utf-8?q?b" * 100_000
    assert header_pieces(value) == [(b"a", "utf-8"), (value.removeprefix("=?utf-8?q?a?=").encode(), None)]


def test_a_header_of_open_quotation_marks_is_split_in_linear_time():
    assert len(split_parameters('x="' + ";" * 200_000)) == 1
