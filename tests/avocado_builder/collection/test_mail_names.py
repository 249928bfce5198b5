import json

import pytest

from avocado_builder.collection.mail_names import NeededMails, is_name


def test_names_are_exact():
    assert is_name("007-000042-EM.txt")
    for text in ("007-000042-em.txt", "007-000042-AT.txt", " 007-000042-EM.txt", "٠٠٧-000042-EM.txt", "", None, 7):
        assert not is_name(text)


def test_needed_names_are_a_sorted_set():
    needed = NeededMails()
    numbers = [n * 7919 % 2_011 for n in range(3_000)]
    for number in numbers:
        needed.add(f"{number % 3:03}-{number:06}-EM.txt")
    names = sorted({f"{n % 3:03}-{n:06}-EM.txt" for n in numbers})
    assert len(needed) == len(names) == 2_011
    assert list(needed) == needed.missing() == names
    assert [needed.find(names[0]), needed.find(names[0])] == [True, False]
    assert needed.missing() == names[1:]
    for name in ("000-000001-EM.txt", "003-000003-EM.txt", "000-000003-AT.txt", "", "000-000003-EM.txt\n"):
        assert name not in needed


TEXTS = {
    "001-000003-EM.txt": ("a subject", 'a body\nwith "quotes" and é'),
    "001-000001-EM.txt": ("", ""),
    "147-000874-EM.txt": ("half \ud83d", "x" * 3_000_000),
}


def test_texts_come_back_as_json_from_a_file_without_a_name(tmp_path):
    needed = NeededMails(tmp_path)
    for name, texts in TEXTS.items():
        needed.put(name, *texts)
    assert list(tmp_path.iterdir()) == []
    for name, (subject, body) in reversed(TEXTS.items()):
        assert needed.get(name) == (json.dumps(body).encode(), json.dumps(subject).encode())


def test_a_full_disk_is_an_error_that_names_the_folder(tmp_path):
    needed = NeededMails(tmp_path)
    needed._do("PRAGMA max_page_count = 9")
    with pytest.raises(OSError, match=f"{tmp_path}: .*full"):
        needed.put("147-000874-EM.txt", *TEXTS["147-000874-EM.txt"])
