import random

import pytest

from lamp_dataset.formats.texts import (
    DuplicateIdError,
    IdMismatchError,
    UniqueIds,
    check_same_ids,
    check_unique,
    difference,
    duplicates,
)


def test_duplicates_and_differences_equal_a_count_of_each_id():
    chance = random.Random(3)
    for _ in range(300):
        a, b = ([str(chance.randrange(12)) for _ in range(chance.randrange(10))] for _ in range(2))
        assert sorted(duplicates(a)) == sorted({i for i in a if a.count(i) > 1})
        assert difference(a, b) == ([i for i in b if a.count(i) == 0], [i for i in a if b.count(i) == 0])


def test_ids_are_compared_in_any_order_and_shortened_in_messages():
    check_unique(["210", "211"], "dev_questions.json")
    with pytest.raises(DuplicateIdError, match=r"dev_questions\.json: .*'211'"):
        check_unique(["210", "211", "211"], "dev_questions.json")
    check_same_ids(["211", "210"], ["210", "211"], ("preds.json", "golds.json"))
    long = "9" * 100_000
    with pytest.raises(DuplicateIdError) as caught:
        check_unique([long, long], "q.json")
    assert len(str(caught.value)) < 200
    with pytest.raises(IdMismatchError) as caught:
        check_same_ids([long], [long + "1"], ("a.json", "b.json"))
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("found", "facts"),
    [
        (["210"], r"preds\.json .*1 of the 2 .*golds\.json.*'211'"),
        (["210", "211", "9"], r"preds\.json .*1 .*golds\.json.*'9'"),
        ([], r"preds\.json .*2 of the 2 .*golds\.json.*'210'"),
    ],
)
def test_missing_and_extra_ids_are_counted_and_named(found, facts):
    with pytest.raises(IdMismatchError, match=facts):
        check_same_ids(found, ["210", "211"], ("preds.json", "golds.json"))


def test_a_stream_of_ids_refuses_one_that_came_before():
    ids = UniqueIds("dev_questions.json")
    for sample_id in ("210", "211"):
        ids.add(sample_id)
    assert (len(ids), sorted(ids), "211" in ids, "9" in ids) == (2, ["210", "211"], True, False)
    with pytest.raises(DuplicateIdError, match=r"dev_questions\.json: .*'210'"):
        ids.add("210")
    ids.add_all(["212", "213"])
    for more, again in ((["214", "213", "210"], "213"), (["215", "215"], "215")):
        with pytest.raises(DuplicateIdError, match=rf"dev_questions\.json: .*'{again}'"):
            ids.add_all(more)
