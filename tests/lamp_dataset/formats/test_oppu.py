import io
import json
from pathlib import Path

import datasets
import made_oppu
import pytest

from lamp_dataset import Personalizer
from lamp_dataset.formats.ids import DuplicateIdError
from lamp_dataset.formats.oppu import (
    find_users_files,
    is_users_file,
    label_file,
    oppu_summaries,
    read_user_golds,
    user_entry,
    write_users,
)
from lamp_dataset.formats.outputs import Outputs
from lamp_dataset.formats.questions import read_question_ids, read_questions
from lamp_dataset.tasks import TASKS

NAME = "LaMP_4_time"
TASK = TASKS[NAME]
FOLDER = "news_headline"


def dumped(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_table_has_the_names_of_the_release():
    ours = {name: task.oppu for name, task in TASKS.items() if task.time_based and not task.gated}
    assert {name: (names.folder, names.task, names.history) for name, names in ours.items()} == made_oppu.NAMES
    assert {task.oppu for task in TASKS.values() if not task.time_based} == {t.oppu for t in TASKS.values()}


def test_files_of_users_are_known_by_their_names():
    assert is_users_file(Path("x") / "user_more_100_history.json")
    assert not is_users_file(label_file("user_top_100_history.json"))


@pytest.mark.parametrize("name", made_oppu.NAMES)
def test_files_are_found_in_the_folder_of_the_tasks_and_of_one(tmp_path, name):
    made_oppu.write(tmp_path, TASKS[name])
    folder, _, history = made_oppu.NAMES[name]
    place = tmp_path / folder
    expected = {
        "test": (str(place / f"{history}.json"), str(place / f"{history}_label.json")),
        "train": (str(place / "user_others.json"), None),
    }
    assert find_users_files(TASKS[name], tmp_path) == find_users_files(TASKS[name], place) == expected
    (place / f"{history}_label.json").unlink()
    assert find_users_files(TASKS[name], place)["test"] == (expected["test"][0], None)
    (place / f"{history}.json").unlink()
    assert list(find_users_files(TASKS[name], place)) == ["train"]
    (place / "user_others.json").unlink()
    assert find_users_files(TASKS[name], place) == {}


def test_two_files_of_test_users_are_one_too_many(tmp_path):
    made_oppu.write(tmp_path, TASK)
    dumped(tmp_path / FOLDER / "user_more_100_history.json", [])
    with pytest.raises(ValueError, match=rf"{FOLDER}.*user_top_100_history\.json.*user_more_100_history\.json"):
        find_users_files(TASK, tmp_path)


def test_a_file_of_users_reads_as_questions(tmp_path):
    made = made_oppu.users(TASK, 10)
    path = dumped(tmp_path / "any name.json", made)
    rows = [{key: row[key] for key in ("id", "user_id", "input", "profile")} for row in made_oppu.expected(TASK, made)]
    assert list(read_questions(path, TASK)) == rows
    assert read_question_ids(path) == [row["id"] for row in rows]


def test_written_users_are_what_json_reads():
    made = made_oppu.users(TASK, 10)
    file = io.BytesIO()
    with write_users(file) as entries:
        for user in made:
            rows = [{**query, "output": query["gold"]} for query in user["query"]]
            entries.add(user_entry(user["user_id"], user["profile"], rows))
    assert json.loads(file.getvalue()) == made
    assert file.getvalue() == json.dumps(made).encode()


def test_what_is_none_is_left_out():
    item = {"id": "1", "date": None, "text": ""}
    entry = user_entry("7", [item], [{"id": "2", "input": "x", "output": None}])
    expected = {"user_id": "7", "profile": [{"id": "1", "text": ""}], "query": [{"id": "2", "input": "x"}]}
    assert json.loads(entry) == expected


def test_golds_of_a_file_of_users(tmp_path):
    made = made_oppu.users(TASK, 10)
    path = dumped(tmp_path / "u.json", made)
    expected = {row["id"]: row["output"] for row in made_oppu.expected(TASK, made)}
    assert read_user_golds(path, TASK) == Outputs("LaMP_4", expected, str(path))
    del made[3]["query"][0]["gold"]
    with pytest.raises(ValueError, match=rf"u\.json.*'{made[3]['query'][0]['id']}'.*'gold'"):
        read_user_golds(dumped(path, made), TASK)
    made[3]["query"] = made[2]["query"]
    with pytest.raises(DuplicateIdError, match=rf"u\.json.*'{made[2]['query'][0]['id']}'"):
        read_user_golds(dumped(path, made), TASK)


@pytest.fixture
def folder(tmp_path):
    made = made_oppu.write(tmp_path, TASKS[NAME])
    return tmp_path / "news_headline", {split: [user["user_id"] for user in users] for split, users in made.items()}


def told(users):
    return [{"id": user, "output": f"{user} likes “rain”"} for user in users]


def test_summaries_of_both_files(folder):
    place, users = folder
    expected = {user: f"{user} likes “rain”" for user in (*users["test"], *users["train"])}
    dumped(place / "profile_user_100.json", told(users["test"]))
    assert oppu_summaries(NAME, place) == {user: expected[user] for user in users["test"]}
    dumped(place / "profile_user_others.json", told(users["train"]))
    assert oppu_summaries(NAME, place) == oppu_summaries(NAME, str(place.parent)) == expected


def test_summaries_without_names_come_in_the_order_of_the_users(folder):
    place, users = folder
    dumped(place / "profile_user_others.json", [{"output": text["output"]} for text in told(users["train"])])
    assert oppu_summaries(NAME, place) == {user: f"{user} likes “rain”" for user in users["train"]}


def test_users_may_be_numbers(folder):
    dumped(folder[0] / "profile_user_100.json", [{"id": 7, "output": "rain"}])
    assert oppu_summaries(NAME, folder[0]) == {"7": "rain"}


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        ("<html>", "HTML"),
        ('[{"id": "7", "out', "cut off"),
        ({"7": "rain"}, "list"),
        (["rain"], "list"),
        ([{"id": "7"}], "'7'.*'output'"),
        ([{"id": "7", "output": None}], "'7'.*'output'.*None"),
        ([{"id": "7", "output": "a"}, {"id": 7, "output": "b"}], "duplicate.*'7'"),
        ([{"output": "rain"}], "8 users.*1 text"),
        ([{"id": "7", "output": "\ud800"}], "'7'.*surrogate"),
    ],
)
def test_summaries_of_another_shape_are_refused(folder, content, facts):
    dumped(folder[0] / "profile_user_100.json", content)
    with pytest.raises(ValueError, match=rf"profile_user_100\.json.*{facts}"):
        oppu_summaries(NAME, folder[0])


def test_a_folder_without_summaries_says_where_they_were_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"news_headline/profile_user_100\.json"):
        oppu_summaries(NAME, tmp_path)


def test_the_texts_go_in_front_of_the_prompts(folder):
    place, users = folder
    dumped(place / "profile_user_100.json", told(users["test"]))
    rows = datasets.load_dataset("lamp", NAME, data_dir=str(place), layout="oppu", split="test")
    personalize = Personalizer(NAME, rules="fixed", k=1, summary=oppu_summaries(NAME, place))
    prompts = rows.map(personalize, batched=True)
    assert [
        user in source.splitlines()[0] for user, source in zip(rows["user_id"], prompts["source"], strict=True)
    ] == [True] * len(rows)
