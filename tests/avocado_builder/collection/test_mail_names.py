from avocado_builder.collection.mail_names import NeededMails, is_name


def test_names_are_exact():
    assert is_name("007-000042-EM.txt")
    for text in ("007-000042-em.txt", "007-000042-AT.txt", " 007-000042-EM.txt", "٠٠٧-000042-EM.txt", "", None, 7):
        assert not is_name(text)


def test_needed_names_are_a_packed_set():
    needed = NeededMails()
    numbers = [n * 7919 % 20_011 for n in range(30_000)]
    for number in numbers:
        needed.add(f"{number % 3:03}-{number:06}-EM.txt")
    needed.close()
    expected = sorted({(f"{n % 3:03}", n) for n in numbers})
    assert needed.name(0) == "000-000000-EM.txt"
    assert len(needed) == len(expected) == 20_011
    assert [needed.name(key) for key in range(len(needed))] == [
        f"{account}-{number:06}-EM.txt" for account, number in expected
    ]
    assert needed.key("000-000003-EM.txt") == 1
    assert needed.name(1) == "000-000003-EM.txt"
    for name in ("000-000001-EM.txt", "003-000003-EM.txt", "000-000003-AT.txt", "", "000-000003-EM.txt\n"):
        assert needed.key(name) is None
