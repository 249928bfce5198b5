import json

import datasets
import made_oppu
import made_up
import pytest

import lamp_dataset  # noqa: F401 -- makes load_dataset find "lamp"
from lamp_dataset.lamp import features
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest

OPPU = "LaMP_3_time"


@pytest.fixture
def oppu(tmp_path):
    """A folder in OPPU's layout, and split -> users."""
    return tmp_path / "oppu", made_oppu.write(tmp_path / "oppu", TASKS[OPPU])


def load_oppu(folder, name=OPPU, **options):
    return datasets.load_dataset("lamp", name, data_dir=str(folder), **options)


@pytest.mark.parametrize("name", made_oppu.NAMES)
@pytest.mark.parametrize("streaming", [False, True])
def test_users_of_oppu_become_rows(tmp_path, name, streaming):
    made = made_oppu.write(tmp_path, TASKS[name])
    folder = tmp_path / made_oppu.NAMES[name][0]
    for place, layout in ((tmp_path, "oppu"), (folder, "oppu"), (tmp_path, None)):
        found = load_oppu(place, name, layout=layout, streaming=streaming)
        assert set(found) == {"train", "test"}
        for split, rows in found.items():
            assert list(rows) == made_oppu.expected(TASKS[name], made[split])
            assert rows.features == features(TASKS[name])


def test_either_file_of_oppu_may_be_missing(oppu):
    folder, made = oppu
    (folder / "product_rating" / "user_others.json").unlink()
    assert list(load_oppu(folder, layout="oppu")) == ["test"]
    with pytest.raises(FileNotFoundError, match="split train.*has one of test"):
        load_oppu(folder, splits=("train",))
    with pytest.raises(FileNotFoundError, match="split train"):
        load_oppu(folder, splits=("train",), layout="oppu")
    (folder / "product_rating" / "user_top_100_history_label.json").unlink()
    assert load_oppu(folder, split="test").to_list() == made_oppu.expected(TASKS[OPPU], made["test"])


def test_golds_that_contradict_each_other_are_refused(oppu):
    folder = oppu[0]
    path = folder / "product_rating" / "user_top_100_history_label.json"
    document = json.loads(path.read_text())
    changed = document["golds"][3]
    changed["output"] = "1" if changed["output"] != "1" else "2"
    for name in ("LaMP_8", "LaMP_3", "whatever"):
        path.write_text(json.dumps({**document, "task": name}))
        with pytest.raises(
            ValueError, match=f"history.json: .*golds of {path}.*another for 1 sample .*'{changed['id']}'"
        ):
            load_oppu(folder, split="test", splits=("test",))


def broken(document, golds):
    return {**document, "golds": golds}


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        (lambda d: broken(d, d["golds"][1:]), "user_top_100_history.json.*without a gold.*_label.json"),
        (lambda d: broken(d, [*d["golds"], {"id": "x", "output": "1"}]), "_label.json.*not in.*'x'"),
        (lambda d: broken(d, [*d["golds"], d["golds"][0]]), "_label.json.*duplicate"),
        (lambda d: broken(d, [{**gold, "output": "comedy"} for gold in d["golds"]]), "_label.json.*LaMP_3_time"),
        (lambda d: broken(d, [{**gold, "output": 5.5} for gold in d["golds"]]), "_label.json.*'output'"),
        (lambda d: d["golds"], "_label.json.*bare list"),
        (lambda d: json.dumps(d)[:-40], "_label.json.*cut off"),
        (lambda d: "<html>", "_label.json.*HTML"),
    ],
)
def test_a_label_file_that_does_not_fit_is_named(oppu, change, facts):
    path = oppu[0] / "product_rating" / "user_top_100_history_label.json"
    found = change(json.loads(path.read_text()))
    path.write_text(found if isinstance(found, str) else json.dumps(found))
    with pytest.raises(ValueError, match=facts):
        load_oppu(oppu[0])


def test_users_that_do_not_fit_are_named(oppu):
    folder, made = oppu
    path = folder / "product_rating" / "user_others.json"
    doubled = [*made["train"], {**made["train"][0], "user_id": "another"}]
    some = json.loads(json.dumps(made["train"]))
    del some[4]["query"][0]["gold"]
    for users, facts in (
        (doubled, r"user_others\.json.*duplicate id"),
        (some, rf"user_others\.json.*1 without.*'{some[4]['query'][0]['id']}'"),
        ([], r"user_others\.json.*empty list"),
        ([{**user, "query": []} for user in some], r"user_others\.json.*empty list"),
    ):
        path.write_text(json.dumps(users))
        with pytest.raises(ValueError, match=facts):
            load_oppu(folder)


def test_the_task_is_judged_by_the_inputs(oppu):
    (oppu[0] / "product_rating").rename(oppu[0] / "news_headline")
    with pytest.raises(ValueError, match=r"user_.*LaMP_4_time|profile item.*'title'.*LaMP_3"):
        load_oppu(oppu[0], "LaMP_4_time")


@pytest.mark.parametrize(
    ("name", "options", "facts"),
    [
        (OPPU, {"layout": "OPPU"}, "layout.*'oppu'.*'OPPU'"),
        (OPPU, {"layout": 5}, "layout.*5"),
        ("LaMP_3", {"layout": "oppu"}, "oppu.*LaMP_3_time"),
        ("LaMP_3", {}, "LaMP_3_time"),
        ("LaMP_4_time", {"layout": "oppu"}, "no questions file of LaMP_4_time"),
        (OPPU, {"layout": "oppu", "splits": ("validation",)}, "validation"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(oppu, name, options, facts):
    with pytest.raises((ValueError, FileNotFoundError), match=facts):
        load_oppu(oppu[0], name, **options)


def test_a_layout_needs_a_folder():
    with pytest.raises(ValueError, match="layout.*data_dir"):
        datasets.load_dataset("lamp", OPPU, layout="oppu")


def test_official_files_come_first_unless_a_layout_is_named(oppu):
    folder, made = oppu
    official, _ = made_up.write_split(folder, TASKS[OPPU], "test")
    assert load_oppu(folder, split="test", splits=("test",)).to_list() == made_up.expected(TASKS[OPPU], official)
    rows = load_oppu(folder, split="test", layout="oppu")
    assert rows.to_list() == made_oppu.expected(TASKS[OPPU], made["test"])


def test_changed_users_are_read_again(oppu):
    folder, made = oppu
    assert load_oppu(folder)["train"].num_rows == len(made_oppu.expected(TASKS[OPPU], made["train"]))
    path = folder / "product_rating" / "user_others.json"
    path.write_text(json.dumps(made["train"][:3]))
    assert load_oppu(folder)["train"].to_list() == made_oppu.expected(TASKS[OPPU], made["train"][:3])
