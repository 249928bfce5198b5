import io
import json

import pytest

from lamp_dataset.formats.lists import UserSubset, read_user_subset, subset_of, write_user_subset
from lamp_dataset.formats.texts import DuplicateIdError
from lamp_dataset.tasks import TASKS


def written(folder, content):
    path = folder / "u.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_a_file_reads_back_as_it_was_written(tmp_path):
    recipe = {"config": "LaMP_3_time", "split": "test", "top": 2, "by": "profile"}
    file = io.StringIO()
    write_user_subset(file, UserSubset(("7", "ü\u2028"), recipe=recipe))
    lines = [
        "{",
        ' "recipe": {',
        '  "config": "LaMP_3_time",',
        '  "split": "test",',
        '  "top": 2,',
        '  "by": "profile"',
    ]
    assert file.getvalue().split("\n") == [*lines, " },", ' "users": [', '  "7",', '  "\\u00fc\\u2028"', " ]", "}", ""]
    path = written(tmp_path, file.getvalue().encode("ascii"))
    assert read_user_subset(path) == UserSubset(("7", "ü\u2028"), str(path), recipe)


@pytest.mark.parametrize(
    "content",
    [
        {"users": ["7", 12]},
        {"users": ["7", 12], "recipe": {}, "more": 1},
        ["7", 12],
        b"7\n12",
        b"\xef\xbb\xbf7\r\n\r\n  12  \r\n",
    ],
)
def test_a_list_of_ids_will_do(tmp_path, content):
    path = written(tmp_path, content)
    assert read_user_subset(path) == UserSubset(("7", "12"), str(path))


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        (b"", "u.json.*empty"),
        (b"<!DOCTYPE html><html>not found</html>", "u.json.*HTML"),
        ({"golds": []}, "u.json.*'golds'"),
        ({"users": []}, "u.json.*none"),
        ({"users": "7"}, "u.json.*'7'"),
        ({"users": ["7", None]}, "u.json.*user 1.*None"),
        ({"users": ["7", ""]}, "u.json.*user 1.*''"),
        ([{"user_id": 7}], "u.json.*user 0.*user_id"),
        (b"\xff7\n", "u.json.*an id per line"),
        (b"[7] a\n[8]\n", "u.json.*begin with a bracket.*JSON list"),
        (b"{7\n8\n", "u.json.*begin with a bracket.*JSON list"),
        ("7\na\u2028b\n".encode(), "u.json: id 'a.u2028b' holds a separator of lines.*JSON list"),
        (b'{"users": ["7"], "users": ["8"]}', "u.json.*'users' twice"),
        ({"users": ["7"], "recipe": {"config": "LaMP_9"}}, "u.json.*'config'.*LaMP_9"),
        ({"users": ["7"], "recipe": {"split": "dev"}}, "u.json.*'split'.*dev"),
    ],
)
def test_another_shape_is_refused(tmp_path, content, facts):
    with pytest.raises(ValueError, match=facts):
        read_user_subset(written(tmp_path, content))


def test_broken_json_is_not_taken_for_ids(tmp_path):
    for data in (b'["7", ', b'{"users": [', b"[\n 1,\n", b"[1, 2"):
        with pytest.raises(ValueError, match=r"u\.json") as caught:
            read_user_subset(written(tmp_path, data))
        assert "bracket" not in str(caught.value)


def test_a_single_number_is_an_id_and_a_doubled_user_refused(tmp_path):
    with pytest.raises(DuplicateIdError, match=r"u\.json.*'12'"):
        read_user_subset(written(tmp_path, ["7", "12", 12]))
    assert read_user_subset(written(tmp_path, b"12\n")).users == ("12",)


def subset(config=None, split=None, users=("7", "12")):
    return subset_of(users, "u.json", {"config": config, "split": split})


def test_users_of_another_config_or_split_are_refused_unless_they_fit():
    for task in (TASKS["LaMP_3_time"], TASKS["LaMP_4"]):
        with pytest.raises(ValueError, match=rf"u\.json.*{task.name}.*LaMP_3"):
            subset("LaMP_3", "test").check_fits(task, "test")
    subset("LaMP_3", "test").check_fits(TASKS["LaMP_3"], "test")
    subset().check_fits(TASKS["LaMP_3"], "test")
    subset("LaMP_3_time", "test").check_fits(TASKS["LaMP_3_time"], "train")
    with pytest.raises(ValueError, match=r"u\.json.*'train'.*'test'"):
        subset("LaMP_3", "test").check_fits(TASKS["LaMP_3"], "train")
    subset("LaMP_3", "test").check_fits(TASKS["LaMP_3"])
    assert subset(users=("7", "12")).positions(["12", "3", "7", "12"]) == [0, 2, 3]
    assert subset(split="test").positions(["7", "8"], "train") == [0]
    with pytest.raises(ValueError, match=r"2 of its 2 users"):
        subset(split="test").positions(["8"], "train")
    with pytest.raises(ValueError, match=r"2 of its 2 users.*no rows"):
        subset(split="test").positions([], "train")


def test_samples_are_read_and_written_in_the_same_way_and_fit_their_own_split_alone(tmp_path):
    given = subset_of(["10", 11], "", {"config": "LaMP_3_time", "split": "test"}, "samples")
    file = io.StringIO()
    write_user_subset(file, given)
    path = written(tmp_path, file.getvalue().encode())
    assert read_user_subset(path, "samples") == UserSubset(("10", "11"), str(path), given.recipe, "samples")
    assert read_user_subset(written(tmp_path, ["10", 11]), "samples").users == given.users
    given.check_fits(TASKS["LaMP_3_time"], "test")
    with pytest.raises(ValueError, match=r"samples: expected samples of the split 'train', found samples of 'test'"):
        given.check_fits(TASKS["LaMP_3_time"], "train")
    for content, kind in (({"users": ["7"]}, "samples"), ({"samples": ["7"]}, "users")):
        with pytest.raises(ValueError, match=rf"u\.json: expected a {kind} file .*\"{kind}\": "):
            read_user_subset(written(tmp_path, content), kind)


@pytest.mark.parametrize("own", [None, "test"])
def test_unknown_users_are_counted(own):
    with pytest.raises(ValueError, match=r"u\.json: no rows here for 2 of its 3 users.*'12'.*2 users.*'7'"):
        subset(split=own, users=("7", "12", "13")).positions(["7", "8", "7"], "test")
