import io
import json

import pytest

from lamp_dataset.formats.ids import DuplicateIdError
from lamp_dataset.formats.user_files import UserSubset, read_user_subset, subset_of, write_user_subset
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


def test_a_single_number_is_an_id(tmp_path):
    assert read_user_subset(written(tmp_path, b"12\n")).users == ("12",)


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        (b"", "u.json.*empty"),
        (b" \n ", "u.json.*white space"),
        (b"<!DOCTYPE html><html>not found</html>", "u.json.*HTML"),
        (b"PK\x03\x04\x00", "u.json.*zip"),
        (b"7\n\x00\x01", "u.json"),
        (b"7\n\xff\xfe", "u.json"),
        (b'{"users": ["7", ', "u.json.*cut off"),
        ({"golds": []}, "u.json.*'golds'"),
        ({"users": []}, "u.json.*none"),
        ([], "u.json.*none"),
        ({"users": "7"}, "u.json.*'7'"),
        ({"users": {"7": 1}}, "u.json.*'7'"),
        ({"users": ["7"], "recipe": []}, "u.json"),
        ({"users": ["7", None]}, "u.json.*user 1.*None"),
        ({"users": ["7", ""]}, "u.json.*user 1.*''"),
        ({"users": [True]}, "u.json.*user 0.*True"),
        ({"users": [1.5]}, "u.json.*user 0.*1.5"),
        ([{"user_id": 7}], "u.json.*user 0.*user_id"),
        ({"users": ["7"], "recipe": {"config": "LaMP_9"}}, "u.json.*'config'.*LaMP_9"),
        ({"users": ["7"], "recipe": {"split": "dev"}}, "u.json.*'split'.*dev"),
        ({"users": ["7"], "recipe": {"split": ["test"]}}, "u.json.*'split'"),
        (b'{"users": ["7"], "users": ["8"]}', "u.json.*'users' twice"),
    ],
)
def test_another_shape_is_refused(tmp_path, content, facts):
    with pytest.raises(ValueError, match=facts):
        read_user_subset(written(tmp_path, content))


def test_a_user_that_is_there_twice_is_refused(tmp_path):
    with pytest.raises(DuplicateIdError, match=r"u\.json.*'12'"):
        read_user_subset(written(tmp_path, ["7", "12", 12]))


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_user_subset(tmp_path / "u.json")


def subset(config=None, split=None, users=("7", "12")):
    return subset_of(users, "u.json", {"config": config, "split": split})


def test_users_of_another_config_are_refused():
    for task in (TASKS["LaMP_3_time"], TASKS["LaMP_4"]):
        with pytest.raises(ValueError, match=rf"u\.json.*{task.name}.*LaMP_3"):
            subset("LaMP_3", "test").check_fits(task, "test")
    subset("LaMP_3", "test").check_fits(TASKS["LaMP_3"], "test")
    subset().check_fits(TASKS["LaMP_3"], "test")


def test_users_of_another_split_fit_where_splits_share_users():
    subset("LaMP_3_time", "test").check_fits(TASKS["LaMP_3_time"], "train")
    with pytest.raises(ValueError, match=r"u\.json.*'train'.*'test'"):
        subset("LaMP_3", "test").check_fits(TASKS["LaMP_3"], "train")
    subset("LaMP_3", "test").check_fits(TASKS["LaMP_3"])


def test_the_rows_of_the_users():
    assert subset(users=("7", "12")).positions(["12", "3", "7", "12"]) == [0, 2, 3]


@pytest.mark.parametrize("own", [None, "test"])
def test_unknown_users_are_counted(own):
    with pytest.raises(ValueError, match=r"u\.json: 2 of its 3 users.*'12'.*2 users.*'7'"):
        subset(split=own, users=("7", "12", "13")).positions(["7", "8", "7"], "test")


def test_users_may_lack_rows_in_another_split():
    assert subset(split="test").positions(["7", "8"], "train") == [0]
    with pytest.raises(ValueError, match=r"2 of its 2 users"):
        subset(split="test").positions(["8"], "train")
    with pytest.raises(ValueError, match=r"2 of its 2 users.*no rows"):
        subset(split="test").positions([], "train")
