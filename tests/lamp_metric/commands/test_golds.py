import json

import pytest

from lamp_dataset import SAMPLE, users_of
from lamp_dataset.formats.files import Files
from lamp_dataset.formats.json_files import read_json
from lamp_dataset.formats.lists import data_of
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.formats.questions import read_questions
from lamp_dataset.tasks import TASKS
from lamp_metric.commands.golds import Source, read_split


def read_users(path, task, *options, **named):
    content = read_split(Files(str(path), None), task, *options, **named)
    return dict(zip(content.ids, content.users, strict=True))


def questions(folder, rows):
    path = folder / "q.json"
    path.write_text(json.dumps(rows))
    return path


def test_a_folder_has_golds_and_questions_and_files_are_taken_as_they_are(tmp_path):
    task = TASKS["LaMP_4"]
    for split in (None, "train"):
        source = Source("--golds", data_dir=SAMPLE, task_name="LaMP_4", split=split)
        assert source.golds.endswith(task.outputs_path(split or "validation"))
        assert source.questions.endswith(task.questions_path(split or "validation"))
    assert Source("--golds", golds=tmp_path / "g").files == [tmp_path / "g"]
    found = Source("--golds", golds=tmp_path / "g", questions=tmp_path / "q")
    assert [found.golds, found.questions] == found.files == [tmp_path / "g", tmp_path / "q"]


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({}, "--data-dir.*--golds"),
        ({"golds": "g", "data_dir": SAMPLE}, "--data-dir.*--golds"),
        ({"golds": "g", "split": "train"}, "--split.*--data-dir"),
        ({"data_dir": SAMPLE, "questions": "q", "task_name": "LaMP_4"}, "--questions"),
        ({"data_dir": SAMPLE}, "--task_name"),
        ({"golds": "g", "user_column": "author"}, "--user-column.*--questions.*--data-dir"),
        ({"golds": "g", "users": "u"}, "--users.*--questions.*--data-dir"),
        ({"data_dir": SAMPLE, "task_name": "LaMP_4", "split": "test"}, "test_questions.json.*'test'.*LaMP_4"),
        ({"data_dir": SAMPLE, "task_name": "LaMP_9"}, "LaMP_9"),
    ],
)
def test_options_that_name_nothing_or_contradict_each_other(options, facts):
    with pytest.raises(ValueError, match=facts):
        Source("--golds", **options)


def test_users_are_those_of_users_of():
    for name in ("LaMP_4", "LaMP_3_time", "LaMP_1"):
        task = TASKS[name]
        path = f"{SAMPLE}/{task.questions_path('train')}"
        rows = read_json(path)
        assert read_users(path, task) == {row["id"]: user for row, user in zip(rows, users_of(rows), strict=True)}


def test_users_under_another_key(tmp_path):
    rows = list(read_questions(f"{SAMPLE}/{TASKS['LaMP_3'].questions_path('train')}", TASKS["LaMP_3"]))
    path = questions(tmp_path, [{**row, "author": f"a{n}"} for n, row in enumerate(rows)])
    expected = {row["id"]: f"a{n}" for n, row in enumerate(rows)}
    assert read_users(path, TASKS["LaMP_3"], column="author") == expected
    golds = f"{SAMPLE}/{TASKS['LaMP_3'].outputs_path('train')}"
    _, _, users, [joined] = Source("--golds", golds=golds, questions=path, user_column="author").join([golds])
    assert (users, joined.users) == (expected, [expected[sample_id] for sample_id in joined.ids])


def test_questions_of_other_samples_or_of_another_shape_are_named(tmp_path, monkeypatch):
    task = TASKS["LaMP_3_time"]
    golds = f"{SAMPLE}/{task.outputs_path('validation')}"
    assert Source("--golds", golds=golds).join([])[2] is None
    row = {"id": "1", "input": "x", "profile": [], "user_id": "7"}
    with pytest.raises(ValueError, match=r"q\.json has samples without a gold in .*dev_outputs\.json"):
        Source("--golds", task.name, golds, questions(tmp_path, [row])).join([])
    (tmp_path / "row").write_text(json.dumps([{**row, "user_id": ""}]))
    monkeypatch.chdir(tmp_path)  # named once even if its name is a part of the message
    with pytest.raises(ValueError, match="^row: row 0: .*'user_id'"):
        read_users("row", task)
    with pytest.raises(ValueError, match=r"q\.json.*'user_id'.*user-based"):
        read_users(questions(tmp_path, [{**row, "user_id": None}]), task)
    with pytest.raises(ValueError, match=r"dev_outputs\.json.*questions"):
        read_users(golds, task)


@pytest.mark.parametrize("name", ["LaMP_4", "LaMP_4_time"])
def test_whoever_needs_more_than_the_user_sees_each_row_whole(name):
    path, seen = f"{SAMPLE}/{TASKS[name].questions_path('validation')}", []
    assert list(read_users(path, TASKS[name], seen.append)) == [row["id"] for row in read_json(path)]
    assert [(row["id"], len(row["profile"])) for row in seen] == [
        (row["id"], len(row["profile"])) for row in read_json(path)
    ]


@pytest.fixture
def subset(made):
    """A folder with a split, predictions for all of it, a file of three users, and both files for these users alone."""
    name = "LaMP_3_time"
    folder, golds, q = made.by_user(name)
    by_gold, by_pred = made.outputs(name, n=40)
    users = read_users(q, TASKS[name])
    chosen = ["u1", "u2", "u5"]
    few = [i for i in by_gold if users[i] in chosen]
    assert 3 < len(few) < 40
    recipe = {"config": name, "split": "validation"}
    file = made.folder / "users.json"
    file.write_text(json.dumps({"recipe": recipe, "users": chosen}))
    return {
        "name": name,
        "all": ("--data-dir", folder, "--users", file),
        "files": (golds, q, file),
        "preds": [made.write(f"{n}.json", name, p) for n, p in (("a", by_pred), ("b", dict.fromkeys(by_pred, "3")))],
        "few golds": made.write("few_golds.json", name, {i: by_gold[i] for i in few}),
        "few preds": made.write("few.json", name, {i: by_pred[i] for i in few}),
        "few": few,
    }


def test_eval_task_scores_some_users_alone(run, subset):
    preds, name = subset["preds"][0], subset["name"]
    plain = ("eval-task", "--task_name", name, "--json")
    expected = run(*plain, "--golds_json", subset["few golds"], "--preds_json", subset["few preds"])
    assert expected.exit_code == 0, expected.output
    golds, q, file = subset["files"]
    for given in (subset["all"], ("--golds_json", golds, "--questions", q, "--users", file)):
        for answers in (preds, subset["few preds"]):
            found = run(*plain, *given, "--preds_json", answers)
            assert found.exit_code == 0, found.output
            signature = json.loads(expected.stdout)["signature"].replace("|rule:1", "|rule:1|chosen:users")
            assert json.loads(found.stdout) == json.loads(expected.stdout) | {"signature": signature}
    by_user = run(*plain, *subset["all"], "--preds_json", preds, "--confidence_level", "0.9")
    assert (json.loads(by_user.stdout)["users"], json.loads(by_user.stdout)["n"]) == (3, len(subset["few"]))


def test_files_of_a_subset_without_its_file_name_the_flag(fails, subset):
    """Only where they lack samples and have no others: then they may be of some users."""
    hint = "pass the file that chose them: --users or --samples"
    few, whole = subset["few preds"], subset["preds"][0]
    source = ("--data-dir", subset["all"][1])
    assert hint in fails("compare", subset["name"], *source, "--preds", few, whole)
    values = [whole.parent / f"{name}.json" for name in "vw"]
    for path in values:
        path.write_text(json.dumps(dict.fromkeys(subset["few"], 1.5)))
    assert hint in fails("compare", subset["name"], *source, "--values", *values)
    message = fails("eval-task", "--task_name", subset["name"], *source, "--preds_json", few)
    assert f"few.json lacks {40 - len(subset['few'])} of the 40 ids" in message
    assert hint in message
    for given in ((*source, "--users", subset["files"][2]), ("--golds_json", subset["few golds"])):
        lacking = whole.parent / "lacking.json"
        lacking.write_text(few.read_text().replace(f'"id": "{subset["few"][0]}"', '"id": "other"'))
        assert hint not in fails("eval-task", "--task_name", subset["name"], *given, "--preds_json", lacking)


def test_compare_and_report_are_about_some_users_alone(run, subset, tmp_path):
    options = (*subset["all"], "--preds", *subset["preds"], "--n_resamples", "99")
    found = json.loads(run("compare", subset["name"], *options, "--json").stdout)
    assert (found["users"], found["n"]) == (3, len(subset["few"]))
    result = run("report", subset["name"], *options, "--output", tmp_path / "r")
    assert result.exit_code == 0, result.output
    summary = read_json(tmp_path / "r" / "summary.json")
    assert (summary["users"], summary["samples"]) == (3, len(subset["few"]))


def test_check_wants_predictions_for_some_users_alone(run, subset):
    checked = ("check", subset["name"], "--preds", subset["few preds"])
    assert run(*checked, *subset["all"]).exit_code == 0
    assert run(*checked, *subset["all"][:2]).exit_code == 2
    golds, q, file = subset["files"]
    assert run(*checked, "--questions", q, "--users", file).exit_code == 0
    assert run("check", subset["name"], "--preds", subset["preds"][0], *subset["all"]).exit_code == 2
    assert run(*checked, "--golds", golds, "--users", file).exit_code == 2


@pytest.mark.parametrize(
    ("content", "facts"),
    [
        ({"users": ["u1", "x"]}, ["users.json", "1 of its 2", "'x'"]),
        ({"recipe": {"config": "LaMP_3"}, "users": ["u1"]}, ["users.json", "LaMP_3_time", "found users of LaMP_3"]),
    ],
)
def test_users_of_other_data_are_refused(fails, subset, content, facts):
    subset["files"][2].write_text(json.dumps(content))
    found = fails("eval-task", *subset["all"], "--task_name", subset["name"], "--preds_json", subset["preds"][0])
    assert [fact for fact in facts if fact not in found] == []


def test_samples_are_chosen_by_a_file_too_and_the_signature_says_so(run, fails, subset, tmp_path):
    golds, q, users = subset["files"]
    name, (preds, other) = subset["name"], subset["preds"]
    samples, chosen = tmp_path / "samples.json", subset["few"][::2]
    other_user = next(i for i in read_outputs(golds).by_id if i not in subset["few"])
    recipe = {"config": name, "split": "validation"}
    samples.write_text(json.dumps({"recipe": recipe, "samples": [*chosen, other_user]}))
    plain = ("eval-task", "--task_name", name, "--json", "--preds_json", preds)
    for given, n, kinds in (
        (("--golds_json", golds), len(chosen) + 1, "samples"),
        (("--data-dir", subset["all"][1], "--confidence_level", "0.9"), len(chosen) + 1, "samples"),
        (subset["all"], len(chosen), "users+samples"),
        (("--golds_json", golds, "--questions", q, "--users", users), len(chosen), "users+samples"),
    ):
        found = run(*plain, *given, "--samples", samples)
        assert found.exit_code == 0, found.output
        assert json.loads(found.stdout)["n"] == n
        assert f"|n:{n}|rule:1|chosen:{kinds}|" in json.loads(found.stdout)["signature"]
    compared = (*subset["all"], "--samples", samples, "--preds", preds, other, "--n_resamples", "99")
    assert "|chosen:users+samples|" in json.loads(run("compare", name, *compared, "--json").stdout)["signature"]
    assert run("report", name, *compared, "--output", tmp_path / "r").exit_code == 0
    assert "|chosen:users+samples|" in read_json(tmp_path / "r" / "summary.json")["signature"]
    few = tmp_path / "few.json"
    wanted = [{"id": sample_id, "output": "3"} for sample_id in (*chosen, other_user)]
    few.write_text(json.dumps({"task": "LaMP_3", "golds": wanted}))
    assert run("check", name, "--golds", golds, "--samples", samples, "--preds", few).exit_code == 0
    assert run("check", name, "--golds", golds, "--preds", few).exit_code == 2
    for content, said in (
        ({"users": ["u1"]}, "expected a samples file"),
        ({"samples": ["u1"]}, "samples.json: no rows here for 1 of its 1 sample (first: 'u1')"),
        ({"recipe": {"split": "test"}, "samples": chosen}, "found samples of 'test'"),
        ({"samples": [other_user]}, "none of these samples"),
    ):
        samples.write_text(json.dumps(content))
        assert said in fails(*plain, *subset["all"], "--samples", samples)


def test_a_folder_of_another_config_is_refused_as_the_loader_refuses_it(made, fails):
    _, golds, _ = made.by_user("LaMP_2_news_time")
    message = fails("eval-task", "--task_name", "LaMP_2_time", "--data-dir", golds.parent, "--preds_json", golds)
    assert "expected labels of LaMP_2_time as golds" in message


OF_A_FOLDER = {
    "eval-task": ("eval-task", "--task_name", "LaMP_3_time", "--preds_json", "PREDS"),
    "compare": ("compare", "LaMP_3_time", "--preds", "PREDS", "OTHERS"),
    "check": ("check", "LaMP_3_time", "--preds", "PREDS"),
    "pack": ("pack", "LaMP_3_time=PREDS", "--partial", "--output", "ZIP", "--split", "validation"),
}


@pytest.mark.parametrize("words", OF_A_FOLDER.values(), ids=OF_A_FOLDER)
def test_a_folder_is_read_with_all_checks_of_its_rows(run, subset, made, words):
    places = {"PREDS": subset["preds"][0], "OTHERS": subset["preds"][1], "ZIP": made.folder / "s.zip"}
    words = [str(places.get(word, word)).replace("=PREDS", f"={places['PREDS']}") for word in words]
    folder, path = subset["all"][1], subset["files"][1]
    for _ in range(2):
        assert run(*words, "--data-dir", folder).exit_code == 0
    rows = read_json(path)
    path.write_text(json.dumps([{**row, "input": "x"} for row in rows]))
    result = run(*words, "--data-dir", folder)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "expected inputs of LaMP_3_time that begin 'What is the score of" in result.stderr
    path.write_text(json.dumps([{**row, "profile": [{"id": "1", "text": "late"}]} for row in rows]))
    result = run(*words, "--data-dir", folder)
    assert result.exit_code == 2
    assert "sample '" in result.stderr
    assert "'score'" in result.stderr


@pytest.mark.parametrize("kind", ["users", "samples"])
def test_a_subset_of_another_version_of_the_data_is_refused(run, subset, made, kind):
    path = subset["files"][1]
    content = read_split(Files(str(path), None), TASKS[subset["name"]])
    recipe = {"config": subset["name"], "split": "validation"}
    recipe["data"] = data_of(content.ids, content.users, content.sizes)
    file = made.folder / "subset.json"
    file.write_text(
        json.dumps({"recipe": recipe, kind: sorted(set(getattr(content, "ids" if kind == "samples" else kind)))[:3]})
    )
    everything = ("compare", subset["name"], *subset["all"][:2], f"--{kind}", file, "--preds", *subset["preds"])
    assert run(*everything).exit_code == 0
    rows = read_json(path)
    path.write_text(
        json.dumps([{**row, "user_id": "u3" if row["user_id"] == "u4" else row["user_id"]} for row in rows])
    )
    result = run(*everything)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert (
        f"subset.json: expected {kind} of this version of the data (users {len(set(content.users)) - 1}, "
        in result.stderr
    )


def test_golds_and_predictions_that_are_swapped_are_said_where_the_split_is_known(made, run):
    """Both files are valid golds of the task; the split lies beside its questions."""
    name = "LaMP_3_time"
    _, golds, questions = made.by_user(name)
    by_gold, by_pred = made.outputs(name, n=40)
    mine, copy = made.write("mine.json", name, by_pred), made.write("copy.json", name, by_gold)
    (golds.parent / "odd_questions.json").write_text("[]")
    (golds.parent / "odd_outputs.json").write_text("<html>")
    swapped = f"{mine}: not the golds of {golds}, but the predictions in {{}} are: are the two swapped?\n"
    for given, preds, said in (
        ((mine,), golds, swapped.format(golds)),
        ((mine, "--questions", questions, "--confidence_level", "0.9"), golds, swapped.format(golds)),
        ((mine, "--questions", questions, "--confidence_level", "0.9"), copy, swapped.format(copy)),
        (
            (mine, "--questions", questions, "--confidence_level", "0.9"),
            mine,
            f"{mine}: not the golds of {golds}, which is next to the questions\n",
        ),
        ((golds,), mine, ""),
        ((copy, "--questions", questions, "--confidence_level", "0.9"), mine, ""),
        ((golds,), copy, ""),
        ((mine,), copy, ""),  # nothing says which are the golds
    ):
        result = run("eval-task", "--task_name", name, "--golds_json", *given, "--preds_json", preds)
        assert (result.exit_code, result.stderr) == (0, said), given
    assert run("check", name, "--golds", mine, "--preds", golds).stderr == swapped.format(golds)
    assert run("check", name, "--golds", golds, "--preds", mine).stderr == ""
    result = run("compare", name, "--golds", mine, "--preds", golds, copy)
    assert result.stderr.startswith(swapped.format(golds))
