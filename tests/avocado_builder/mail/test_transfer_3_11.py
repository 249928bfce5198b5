import base64
import binascii
import random

import pytest
from mail_oracle import needs_email_of_3_11_7

from avocado_builder.mail.transfer_3_11 import (
    DECODERS,
    UndecodableError,
    decode_base64,
    decode_base64_body,
    decode_uu_body,
)


@needs_email_of_3_11_7
def test_base64_equals_the_standard_library():
    rng = random.Random(4)
    for _ in range(6_000):
        data = bytes(rng.choices(b"AZaz09+/==\n-_\xff ", k=rng.randrange(14)))
        try:
            expected = binascii.a2b_base64(data)
        except binascii.Error:
            with pytest.raises(UndecodableError):
                decode_base64(data)
        else:
            assert decode_base64(data) == expected


def test_base64_bodies_by_hand():
    assert decode_base64_body(b"YWI") == b"ab"
    assert decode_base64_body(b"Y\nW\nI=") == b"ab"
    assert decode_base64_body(b"Y") == b"Y"
    assert decode_base64_body(b"Dear all") == base64.b64decode("Dearall=")
    assert decode_base64(b"YQ==YQ==") == b"a"


def test_uuencoded_bodies_by_hand():
    assert decode_uu_body(b"text\nbegin 644 f\n#0V%T\nend\nmore\n") == b"Cat"
    assert decode_uu_body(b"begin 644 f\n#0V%Tx\nend\n") == b"Cat", "what a broken encoder adds is dropped"
    for body in (b"#0V%T\nend\n", b"begin x f\n#0V%T\n", b"begin 644 f\n\nend\n"):
        assert decode_uu_body(body) == body


def test_every_encoding_that_needs_decoding_has_a_decoder():
    names = {"quoted-printable", "base64", "x-uuencode", "uuencode", "uue", "x-uue"}
    assert set(DECODERS) == names
    assert DECODERS["quoted-printable"](b"=C3=A9=\n") == b"\xc3\xa9"
