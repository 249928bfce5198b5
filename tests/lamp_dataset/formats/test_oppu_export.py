import stat

import datasets
import made_oppu
import pytest

import lamp_dataset  # noqa: F401 -- makes load_dataset find "lamp"
from lamp_dataset.formats.json_file import read_json
from lamp_dataset.formats.oppu import Counts, import_users
from lamp_dataset.formats.oppu_export import common_items, export_users
from lamp_dataset.lamp import features
from lamp_dataset.personalize.users.inference import positions_by_user
from lamp_dataset.tasks import TASKS

TASK = TASKS["LaMP_4_time"]


def dataset(rows, task=TASK):
    return datasets.Dataset.from_list(rows, features=features(task))


def row(sample_id, user, *texts, output="gold"):
    profile = [{"id": f"{sample_id}{n}", "text": t, "title": f"of {t}", "date": None} for n, t in enumerate(texts)]
    return {"id": sample_id, "user_id": user, "input": f"{TASK.instruction} x", "output": output, "profile": profile}


def write_users(path, rows, task=TASK):
    """The file of all users of the rows."""
    whose = positions_by_user(rows)
    return export_users(path, task, ((user, [rows[n] for n in places]) for user, places in whose.items()))


@pytest.mark.parametrize("name", made_oppu.NAMES)
def test_what_was_read_is_written_again(tmp_path, name):
    """Users, golds, profiles, their order, all texts: nothing is lost."""
    made = made_oppu.write(tmp_path / "one", TASKS[name])
    folder, _, history = made_oppu.NAMES[name]
    for new in (tmp_path / "official" / name, tmp_path / "two" / folder):
        new.mkdir(parents=True)
    import_users(TASKS[name], tmp_path / "one", tmp_path / "official" / name)
    read = datasets.load_dataset("lamp", name, data_dir=str(tmp_path / "official"))
    for split, file in (("test", f"{history}.json"), ("train", "user_others.json")):
        written = write_users(tmp_path / "two" / folder / file, read[split], TASKS[name])
        samples = len(read[split])
        assert written == Counts(users=len(made[split]), samples=samples, golds=samples)
    files = [{path.name: read_json(path) for path in (tmp_path / place / folder).iterdir()} for place in ("one", "two")]
    assert files[0] == files[1]


def test_rows_of_a_user_come_together(tmp_path):
    rows = dataset([row("1", "b", "tea"), row("2", "a", "fog"), row("3", "b", "tea")])
    write_users(tmp_path / "user_others.json", rows)
    found = read_json(tmp_path / "user_others.json")
    assert [(user["user_id"], [query["id"] for query in user["query"]]) for user in found] == [
        ("b", ["1", "3"]),
        ("a", ["2"]),
    ]
    assert found[0]["profile"] == [{"id": "10", "text": "tea", "title": "of tea"}]


def test_a_profile_has_what_all_samples_have(tmp_path):
    """Leave-one-out profiles: each lacks the item of its own sample, and has that of the sibling."""
    rows = dataset([row("1", "a", "tea", "rain", "fog"), row("2", "a", "sun", "rain", "tea"), row("3", "b", "ice")])
    written = write_users(tmp_path / "user_others.json", rows)
    assert written == Counts(users=2, samples=3, golds=3, trimmed=1, left_out=2)
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
    assert write_users(path, rows).golds == 0
    assert read_json(path)[0]["query"] == [{"id": "1", "input": f"{TASK.instruction} x"}]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_files_of_the_gated_task_are_for_their_owner_alone(tmp_path):
    rows = dataset([row("1", "a", "tea")], TASKS["LaMP_6_time"])
    path = tmp_path / "user_top_100_history.json"
    write_users(path, rows, TASKS["LaMP_6_time"])
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 2
