import io
import json
import stat

import datasets
import made_oppu
import pytest

import lamp_dataset  # noqa: F401 -- makes load_dataset find "lamp"
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.lamp import features
from lamp_dataset.personalize.oppu_export import Written, common_items, positions_by_user, write_users_file
from lamp_dataset.tasks import TASKS

NAME = "LaMP_4_time"
TASK = TASKS[NAME]


def dataset(rows, task=TASK):
    return datasets.Dataset.from_list(rows, features=features(task))


def row(sample_id, user, *texts, output="gold"):
    profile = [{"id": f"{sample_id}{n}", "text": t, "title": f"of {t}", "date": None} for n, t in enumerate(texts)]
    return {"id": sample_id, "user_id": user, "input": f"{TASK.instruction} x", "output": output, "profile": profile}


@pytest.mark.parametrize("name", made_oppu.NAMES)
def test_what_was_read_is_written_again(tmp_path, name):
    """Users, golds, profiles, their order, all texts: nothing is lost."""
    made = made_oppu.write(tmp_path / "one", TASKS[name])
    folder, _, history = made_oppu.NAMES[name]
    read = datasets.load_dataset("lamp", name, data_dir=str(tmp_path / "one"), layout="oppu")
    (tmp_path / "two" / folder).mkdir(parents=True)
    for split, file in (("test", f"{history}.json"), ("train", "user_others.json")):
        path = tmp_path / "two" / folder / file
        written = write_users_file(path, TASKS[name], positions_by_user(read[split]), read[split])
        samples = len(read[split])
        assert written == Written(users=len(made[split]), samples=samples, golds=samples)
        assert read_json(path) == made[split]
    label = f"{history}_label.json"
    assert sorted(path.name for path in (tmp_path / "two" / folder).iterdir()) == sorted(
        [f"{history}.json", label, "user_others.json"]
    )
    assert read_json(tmp_path / "two" / folder / label) == read_json(tmp_path / "one" / folder / label)
    again = datasets.load_dataset("lamp", name, data_dir=str(tmp_path / "two"), layout="oppu")
    for split in read:
        assert again[split].to_list() == read[split].to_list()


def test_rows_of_a_user_come_together(tmp_path):
    rows = dataset([row("1", "b", "tea"), row("2", "a", "fog"), row("3", "b", "tea")])
    assert positions_by_user(rows) == {"b": [0, 2], "a": [1]}
    write_users_file(tmp_path / "user_others.json", TASK, positions_by_user(rows), rows)
    found = read_json(tmp_path / "user_others.json")
    assert [(user["user_id"], [query["id"] for query in user["query"]]) for user in found] == [
        ("b", ["1", "3"]),
        ("a", ["2"]),
    ]
    assert found[0]["profile"] == [{"id": "10", "text": "tea", "title": "of tea"}]


def test_a_profile_has_what_all_samples_have(tmp_path):
    """Leave-one-out profiles: each lacks the item of its own sample, and has that of the sibling."""
    rows = dataset([row("1", "a", "tea", "rain", "fog"), row("2", "a", "sun", "rain", "tea"), row("3", "b", "ice")])
    written = write_users_file(tmp_path / "user_others.json", TASK, positions_by_user(rows), rows)
    assert written == Written(users=2, samples=3, golds=3, trimmed=1, left_out=2)
    users = read_json(tmp_path / "user_others.json")
    assert [[item["id"] for item in user["profile"]] for user in users] == [["10", "11"], ["30"]]


def test_equal_items_stay_as_often_as_they_are_there():
    tea, rain = {"id": "1", "text": "tea"}, {"id": "2", "text": "rain"}
    assert common_items([[tea, rain, tea]]) == ([tea, rain, tea], 0)
    assert common_items([[tea, rain, tea], [tea]]) == ([tea, tea], 1)
    assert common_items([[], [tea]]) == ([], 1)
    assert common_items([[{**tea, "date": "2013"}], [{**tea, "date": "2014"}]]) == ([], 2)


def test_withheld_golds_stay_withheld(tmp_path):
    rows = dataset([row("1", "a", "tea", output=None)])
    path = tmp_path / "user_top_100_history.json"
    assert write_users_file(path, TASK, positions_by_user(rows), rows).golds == 0
    assert read_json(path)[0]["query"] == [{"id": "1", "input": f"{TASK.instruction} x"}]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert datasets.load_dataset("lamp", NAME, data_dir=str(tmp_path), split="test").to_list() == rows.to_list()


def test_files_of_the_gated_task_are_for_their_owner_alone(tmp_path):
    rows = dataset([row("1", "a", "tea")], TASKS["LaMP_6_time"])
    path = tmp_path / "user_top_100_history.json"
    write_users_file(path, TASKS["LaMP_6_time"], positions_by_user(rows), rows)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 2


def test_predictions_of_oppus_own_evaluation_find_their_task(tmp_path):
    """Its labels are looked up by the names that its code writes into predictions."""
    rows = dataset([{**row("1", "a"), "output": "comedy", "profile": []}], TASKS["LaMP_2_time"])
    write_users_file(tmp_path / "user_top_100_history.json", TASKS["LaMP_2_time"], {"a": [0]}, rows)
    text = (tmp_path / "user_top_100_history_label.json").read_text()
    assert json.load(io.StringIO(text)) == {"task": "LaMP_2M", "golds": [{"id": "1", "output": "comedy"}]}
