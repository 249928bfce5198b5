import json
import os
import stat
import tracemalloc
from pathlib import Path

import datasets
import pytest
from made_layouts import OPPU_NAMES, oppu_label, oppu_users, rows_of_oppu, write_oppu

from lamp_dataset import SAMPLE, Personalizer
from lamp_dataset.formats.json_files import read_json
from lamp_dataset.formats.oppu import (
    NAMES,
    Counts,
    common_items,
    export_users,
    import_users,
    names_of,
    oppu_summaries,
)
from lamp_dataset.lamp import features
from lamp_dataset.personalize.users.inference import positions_by_user
from lamp_dataset.tasks import TASKS

NAME = "LaMP_3_time"
TASK = TASKS[NAME]
HEADLINES = TASKS["LaMP_4_time"]
HISTORY, LABEL, OTHERS = "user_top_100_history.json", "user_top_100_history_label.json", "user_others.json"


@pytest.fixture
def oppu(tmp_path):
    """A task's folder in OPPU's layout, and split -> users."""
    made = write_oppu(tmp_path / "oppu", TASK)
    return tmp_path / "oppu" / "product_rating", made


def imported(folder, task=TASK):
    """What is written of a folder: split -> rows with their golds, as they are loaded."""
    target = folder.parent / "out" / task.name
    target.mkdir(parents=True, exist_ok=True)
    counts = import_users(task, folder, target)
    found = {}
    for split, name in (("train", "train"), ("test", "test")):
        if split in counts:
            golds = target / f"{name}_outputs.json"
            by_id = {gold["id"]: gold["output"] for gold in read_json(golds)["golds"]} if golds.exists() else {}
            rows = read_json(target / f"{name}_questions.json")
            found[split] = [{**row, "output": by_id.get(row["id"])} for row in rows]
    return found


def one_file(folder, users, task=TASK, name=OTHERS):
    """The rows of a folder with only this file, which holds ``users``: what JSON gives, or a text."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(users if isinstance(users, str) else json.dumps(users))
    return next(iter(imported(folder, task).values()))


def by_id(rows):
    return [{key: row[key] for key in sorted(row)} for row in rows]


def test_the_names_are_those_of_the_release():
    found = {f"{name}_time": (n.folder, n.task, n.history.removesuffix(".json")) for name, n in NAMES.items()}
    assert found == {**OPPU_NAMES, "LaMP_6_time": ("email_subject", "LaMP_6", "user_top_100_history")}
    with pytest.raises(ValueError, match=r"user ids, .*use LaMP_3_time"):
        names_of(TASKS["LaMP_3"])


@pytest.mark.oldest
@pytest.mark.parametrize("name", OPPU_NAMES)
def test_users_become_rows_of_official_files(tmp_path, name):
    task, made = TASKS[name], write_oppu(tmp_path / "oppu", TASKS[name])
    target = tmp_path / "out" / name
    target.mkdir(parents=True)
    for source in (tmp_path / "oppu", tmp_path / "oppu" / OPPU_NAMES[name][0]):
        counts = import_users(task, source, target)
        expected = {split: rows_of_oppu(task, users) for split, users in made.items()}
        assert counts == {split: Counts(len(made[split]), len(rows), len(rows)) for split, rows in expected.items()}
        assert read_json(target / "test_outputs.json")["task"] == task.official_name
    found = datasets.load_dataset("lamp", name, data_dir=str(tmp_path / "out"))
    assert {split: rows.to_list() for split, rows in found.items()} == expected


def test_numbers_become_strings(tmp_path):
    """In the released files, dates are years in two tasks, and users may be numbers."""
    made = oppu_users(TASK, 20)
    for number, user in enumerate(made):
        user["user_id"] = number
        for query in user["query"]:
            query |= {"id": int(query["id"]), "gold": int(query["gold"])}
        for item in user["profile"]:
            item |= {"date": 2013, "id": int(item["id"]), "score": 4}
    assert by_id(one_file(tmp_path / "o", made)) == by_id(rows_of_oppu(TASK, made))


def test_users_without_queries_have_no_rows_and_an_empty_profile_is_one(tmp_path):
    made = oppu_users(TASK, 4)
    made[0]["query"], made[1]["profile"], made[3]["query"] = [], [], []
    rows = one_file(tmp_path / "o", made)
    assert by_id(rows) == by_id(rows_of_oppu(TASK, made))
    assert {row["user_id"] for row in rows} == {"U1", "U2"}


def test_golds_of_test_users_and_dates_may_be_missing(tmp_path):
    made = oppu_users(TASK, 3, items=(1, 2))
    for user in made:
        for query in user["query"]:
            del query["gold"]
        for item in user["profile"]:
            del item["date"]
    rows = one_file(tmp_path / "o", made, name=HISTORY)
    assert {row["output"] for row in rows} == {None}
    assert {item["date"] for row in rows for item in row["profile"]} == {None}
    assert os.listdir(tmp_path / "out" / NAME) == ["test_questions.json"]


def test_either_file_may_be_missing_and_golds_may_be_in_the_queries_alone(oppu):
    folder, made = oppu
    (folder / LABEL).unlink()
    expected = {split: by_id(rows_of_oppu(TASK, users)) for split, users in made.items()}
    assert {split: by_id(rows) for split, rows in imported(folder).items()} == expected
    (folder / OTHERS).unlink()
    assert {split: by_id(rows) for split, rows in imported(folder).items()} == {"test": expected["test"]}
    (folder / HISTORY).unlink()
    with pytest.raises(FileNotFoundError, match=rf"no file of users.*product_rating.*{HISTORY}.*{OTHERS}"):
        imported(folder)


def test_two_files_of_test_users_are_one_too_many(oppu):
    (oppu[0] / "user_more_100_history.json").write_text("[]")
    with pytest.raises(ValueError, match=rf"product_rating.*{HISTORY} and user_more_100_history\.json"):
        imported(oppu[0])


def test_golds_that_contradict_each_other_are_refused(oppu):
    path = oppu[0] / LABEL
    document = read_json(path)
    changed = document["golds"][3]
    changed["output"] = "1" if changed["output"] != "1" else "2"
    for name in ("LaMP_8", "LaMP_3", "whatever"):
        path.write_text(json.dumps({**document, "task": name}))
        facts = f"{HISTORY}: .*golds of {path}.*another for 1 sample .*'{changed['id']}'.*right"
        with pytest.raises(ValueError, match=facts):
            imported(oppu[0])


@pytest.mark.parametrize("name", ["LaMP_8", "LaMP_3", "whatever"])
def test_a_label_file_may_call_the_task_as_it_likes(oppu, name):
    folder, made = oppu
    document = read_json(folder / LABEL)
    golds = [{**gold, "output": f" {gold['output']}\n"} for gold in document["golds"]]
    (folder / LABEL).write_text(json.dumps({"task": name, "golds": document["golds"]}))
    assert by_id(imported(folder)["test"]) == by_id(rows_of_oppu(TASK, made["test"]))
    (folder / LABEL).write_text(json.dumps({"task": name, "golds": golds}))
    with pytest.raises(ValueError, match="expected labels"):  # white space contradicts nothing, but is no label
        imported(folder)


def broken(document, golds):
    return {**document, "golds": golds}


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        (lambda d: broken(d, d["golds"][1:]), f"{LABEL} lacks 1 of .*{HISTORY}"),
        (lambda d: broken(d, [*d["golds"], {"id": "x", "output": "1"}]), f"{LABEL} has 1 .*not in.*'x'"),
        (lambda d: broken(d, [*d["golds"], d["golds"][0]]), f"{LABEL}.*duplicate"),
        (lambda d: broken(d, [{**gold, "output": 5.5} for gold in d["golds"]]), f"{LABEL}.*'output'"),
    ],
)
def test_a_label_file_that_does_not_fit_is_named(oppu, change, facts):
    path = oppu[0] / LABEL
    found = change(read_json(path))
    path.write_text(found if isinstance(found, str) else json.dumps(found))
    with pytest.raises(ValueError, match=facts):
        imported(oppu[0])


def test_a_user_who_comes_twice_is_refused(tmp_path):
    made = oppu_users(TASK, 3)
    made[2]["user_id"] = made[0]["user_id"]
    with pytest.raises(ValueError, match=r"user 2 \('U0'\) comes twice"):
        one_file(tmp_path / "o", made)


def test_test_users_are_left_out_of_the_training_users_and_counted(oppu, tmp_path):
    folder, made = oppu
    before = imported(folder)
    (folder / OTHERS).write_text(json.dumps([*made["train"], made["test"][3], {**made["test"][0], "query": []}]))
    assert imported(folder) == before
    counts = import_users(TASK, folder, tmp_path)
    assert [counts[split].test_users for split in ("train", "test")] == [2, 0]


def drop(holder, key):
    return {name: value for name, value in holder.items() if name != key}


def query(**changes):
    return lambda user: {**user, "query": [{**user["query"][0], **changes}]}


BAD = {
    "no user": (lambda user: drop(user, "user_id"), "user 1: .*'user_id'"),
    "no profile": (lambda user: drop(user, "profile"), r"user 1 \('U1'\): .*'profile'"),
    "no queries": (lambda user: drop(user, "query"), r"user 1 \('U1'\): .*'query'"),
    "no id": (lambda user: {**user, "query": [drop(user["query"][0], "id")]}, "row 1: .*'id'"),
    "a list as gold": (query(gold=["4"]), "query 0: .*as 'gold'"),
    "an input of another task": (query(input="Generate a headline for the following article: x"), "LaMP_3_.*LaMP_4_"),
    "an id of another sample": (query(id="00"), "duplicate id '00'"),
    "no gold": (lambda user: {**user, "query": [drop(user["query"][0], "gold")]}, "a gold for all.*1 without.*'10'"),
    "no score": (lambda user: {**user, "profile": [drop(user["profile"][0], "score")]}, "profile item 0: .*'score'"),
    "a row": (lambda user: {"id": "1", "input": "x", "profile": [], "user_id": "7"}, r"user 1 \('7'\): .*'query'"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_named(tmp_path, name):
    change, facts = BAD[name]
    made = oppu_users(TASK, 3, items=(2, 3))
    made[1] = change(made[1])
    with pytest.raises(ValueError, match=f"{OTHERS}: .*{facts}"):
        one_file(tmp_path / "o", made)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("", "empty"),
        ("[]", "no user with a query"),
        (json.dumps([{**user, "query": []} for user in oppu_users(TASK, 5)]), "no user with a query"),
        (
            json.dumps([{**u, "query": [{**q, "gold": "x"} for q in u["query"]]} for u in oppu_users(TASK, 5)]),
            "labels",
        ),
        (json.dumps(oppu_label("LaMP_3", oppu_users(TASK, 2))), "user 0.*'user_id'"),
        (json.dumps([7]), "7"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, text, facts):
    with pytest.raises(ValueError, match=f"{OTHERS}.*{facts}"):
        one_file(tmp_path / "o", text)


def test_a_user_with_many_queries_is_never_in_memory_with_all_its_rows(tmp_path):
    """A profile is encoded once; only one row at a time is made of it."""
    items = [{"id": str(n), "text": "x" * 5_000, "score": "4", "date": "2013-05-29"} for n in range(200)]
    made = [{"user_id": "7", "profile": items, "query": []}]
    made[0]["query"] = [{"id": str(n), "input": f"{TASK.instruction} {n}", "gold": "4"} for n in range(100)]
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / OTHERS).write_text(json.dumps(made))
    tracemalloc.start()
    import_users(TASK, tmp_path / "o", tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert Path(tmp_path / "train_questions.json").stat().st_size > 100_000_000
    assert peak < 20_000_000


# ---------------------------------------------------------------- export


def dataset(rows, task=HEADLINES):
    return datasets.Dataset.from_list(rows, features=features(task))


def row(sample_id, user, *texts, output="gold"):
    profile = [{"id": f"{sample_id}{n}", "text": t, "title": f"of {t}", "date": None} for n, t in enumerate(texts)]
    return {
        "id": sample_id,
        "user_id": user,
        "input": f"{HEADLINES.instruction} x",
        "output": output,
        "profile": profile,
    }


def write_users(path, rows, task=HEADLINES):
    """The file of all users of the rows."""
    whose = positions_by_user(rows)
    return export_users(path, task, ((user, [rows[n] for n in places]) for user, places in whose.items()))


@pytest.mark.parametrize("name", OPPU_NAMES)
def test_what_was_read_is_written_again(tmp_path, name):
    """Users, golds, profiles, their order, all texts: nothing is lost."""
    made = write_oppu(tmp_path / "one", TASKS[name])
    folder, _, history = OPPU_NAMES[name]
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
    assert read_json(path)[0]["query"] == [{"id": "1", "input": f"{HEADLINES.instruction} x"}]
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_files_of_the_gated_task_are_for_their_owner_alone(tmp_path):
    rows = dataset([row("1", "a", "tea")], TASKS["LaMP_6_time"])
    path = tmp_path / "user_top_100_history.json"
    write_users(path, rows, TASKS["LaMP_6_time"])
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 2


# ---------------------------------------------------------------- texts about users


def dumped(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.fixture
def folder(tmp_path):
    made = write_oppu(tmp_path, HEADLINES)
    return tmp_path / "news_headline", {split: [user["user_id"] for user in users] for split, users in made.items()}


def told(users):
    return [{"id": user, "output": f"{user} likes “rain”"} for user in users]


def test_summaries_of_both_files(folder):
    place, users = folder
    expected = {user: f"{user} likes “rain”" for user in (*users["test"], *users["train"])}
    dumped(place / "profile_user_100.json", told(users["test"]))
    assert oppu_summaries(HEADLINES.name, place) == {user: expected[user] for user in users["test"]}
    dumped(place / "profile_user_others.json", told(users["train"]))
    assert oppu_summaries(HEADLINES.name, place) == oppu_summaries(HEADLINES.name, str(place.parent)) == expected


def test_summaries_without_names_come_in_the_order_of_the_users(folder):
    place, users = folder
    dumped(place / "profile_user_others.json", [{"output": text["output"]} for text in told(users["train"])])
    assert oppu_summaries(HEADLINES.name, place) == {user: f"{user} likes “rain”" for user in users["train"]}
    dumped(folder[0] / "profile_user_100.json", [{"id": 7, "output": "rain"}])
    assert oppu_summaries(HEADLINES.name, folder[0])["7"] == "rain"


@pytest.mark.parametrize(
    ("content", "facts"),
    [
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
        oppu_summaries(HEADLINES.name, folder[0])


def test_a_folder_without_summaries_says_where_they_were_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"news_headline/profile_user_100\.json"):
        oppu_summaries(HEADLINES.name, tmp_path)


def test_the_texts_go_in_front_of_the_prompts(folder):
    rows = datasets.load_dataset("lamp", HEADLINES.name, data_dir=SAMPLE, split="train")
    dumped(folder[0] / "profile_user_100.json", told(sorted(set(rows["user_id"]))))
    personalize = Personalizer(HEADLINES.name, rules="fixed", k=1, summary=oppu_summaries(HEADLINES.name, folder[0]))
    prompts = rows.map(personalize, batched=True)
    assert all(
        f"{user} likes" in source.splitlines()[0]
        for user, source in zip(rows["user_id"], prompts["source"], strict=True)
    )
