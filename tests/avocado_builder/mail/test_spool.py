import errno
import json
import os

import pytest

from avocado_builder.collection.names import NeededMails
from avocado_builder.mail.spool import Spool

TEXTS = {
    "001-000003-EM.txt": ("a subject", 'a body\nwith "quotes" and é'),
    "001-000001-EM.txt": ("", ""),
    "147-000874-EM.txt": ("half \ud83d", "x" * 3_000_000),
}


@pytest.fixture
def needed():
    made = NeededMails()
    for name in TEXTS:
        made.add(name)
    made.close()
    return made


def test_texts_come_back_as_json(tmp_path, needed):
    with Spool(tmp_path, needed) as spool:
        for name, texts in TEXTS.items():
            spool.put(needed.key(name), *texts)
        spool.close_writing()
        for name, (subject, body) in reversed(TEXTS.items()):
            assert spool.get(name) == (json.dumps(body).encode(), json.dumps(subject).encode())


def test_the_file_has_no_name_so_a_killed_run_leaves_no_text(tmp_path, needed):
    with Spool(tmp_path, needed) as spool:
        spool.put(needed.key("147-000874-EM.txt"), *TEXTS["147-000874-EM.txt"])
        assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_an_error_that_names_the_folder(tmp_path, needed):
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OSError, match=f"{tmp_path}") as caught, Spool(tmp_path, needed) as spool:  # noqa: PT012
        spool._file.close()
        spool._file = open("/dev/full", "wb")  # noqa: SIM115
        spool.put(needed.key("001-000003-EM.txt"), *TEXTS["001-000003-EM.txt"])
        spool.close_writing()
    assert caught.value.errno == errno.ENOSPC
