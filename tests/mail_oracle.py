"""mail-parser 3.15.0, the parser of the benchmark's script, which ours must equal."""

import email
import io
import logging

import mailparser
import mailparser.utils
import pytest

from avocado_builder.mail import parse_mail

logging.getLogger("mailparser").setLevel(logging.CRITICAL)


def official(raw):
    """(subject, body) as the benchmark's script stores them; raises where the script crashes."""
    with io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", errors="ignore") as file:
        parsed = mailparser.MailParser(email.message_from_file(file))
    return parsed.subject, parsed.body.strip()


def difference(raw):
    """None if both parsers agree on a mail or differ as intended, otherwise what differs."""
    ours = parse_mail(raw)
    try:
        subject, body = official(raw)
    except Exception as error:
        return None if ours.repairs or _irrelevant(error) else f"the oracle raises {error!r}, ours answers {ours}"
    wanted = ()
    if isinstance(subject, list):
        subject, wanted = subject[0], ("subjects",)
    if (ours.subject, ours.body, ours.repairs) == (subject, body, wanted):
        return None
    return f"oracle {(subject, body, wanted)}, ours {ours}"


def _irrelevant(error):
    """Whether mail-parser failed on a header that the script does not use: it reads all, ours only the subject."""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_code.co_name == "_make_mail":
            return frame.f_locals["i"] not in ("subject", "body")
        trace = trace.tb_next
    return False


def _same_library():
    """Whether this Python's email works like that of 3.11.7, in all respects that are known to matter."""
    folded = email.message_from_string("Content-Transfer-Encoding:\n base64\nX: y\n\nYQ==YQ==")
    spaced = email.message_from_string("Content-Transfer-Encoding: base64 \n\nYQ==")
    broken = email.message_from_string("Content-Transfer-Encoding: uue\n\nbegin 6")
    inner = email.message_from_string("Content-Transfer-Encoding: base64\n\nYQ==YQ==")
    found = [folded["Content-Transfer-Encoding"], *(m.get_payload(decode=True) for m in (spaced, broken, inner))]
    try:
        b"b-9".decode("punycode")
    except UnicodeError as error:
        found.append(type(error))
    return found == ["\n base64", b"YQ==", b"", b"a", UnicodeError]


#: For tests that compare thousands of odd mails with mail-parser, which uses this Python's email.
needs_email_of_3_11_7 = pytest.mark.skipif(
    not _same_library(), reason="this Python's email is not that of 3.11.7, so neither is the oracle"
)
