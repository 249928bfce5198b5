import json
from pathlib import Path

import pytest

import lamp_metric
from lamp_dataset import TASKS
from lamp_metric.commands.compare import systems_of


def test_compare_of_few_samples_says_how_little_they_tell(made, run):
    """By hand: all three differ alike, so the interval leaves out 0; two of the eight swaps differ as much."""
    golds = made.write("g.json", "LaMP_3", {"1": "5", "2": "5", "3": "5"})
    preds = [made.write(f"{n}.json", "LaMP_3", dict.fromkeys("123", n)) for n in "54"]
    result = run("compare", "LaMP_3", "--golds", golds, "--preds", *preds[::-1])
    row = "5 MAE 0.0000 -1.0000 [-1.0000, -1.0000] 0.2500 0.2500 3/0/0"
    assert row.split() in [line.split() for line in result.stdout.splitlines()]
    expected = "few samples (3): the smallest possible p is 0.25, and the interval of RMSE tends to be too narrow\n"
    assert result.stderr == expected
    few = made.pair("LaMP_3", n=29)
    options = ["--golds", few[0], "--preds", *few]
    assert run("compare", "LaMP_3", *options, "--n_resamples", "99").stderr.startswith(
        "few samples (29): the smallest possible p is 0.02, and"
    )


@pytest.mark.parametrize("name", ["LaMP_2_time", "LaMP_3_time", "LaMP_4_time"])
def test_compare_draws_and_swaps_users_where_it_knows_them(made, run, name):
    folder, golds, questions = made.by_user(name)
    preds = [made.write(f"{i}.json", name, made.outputs(name, n=40, seed=0)[i]) for i in (0, 1)]
    options = ["--preds", *preds, "--n_resamples", "300", "--json"]
    result = json.loads(run("compare", name, "--data-dir", folder, *options).stdout)
    assert result == json.loads(run("compare", name, "--golds", golds, "--questions", questions, *options).stdout)
    by_gold, by_pred = made.outputs(name, n=40)
    users = made.users(by_gold)
    systems = {"0": list(by_gold.values()), "1": [by_pred[key] for key in by_gold]}
    expected = lamp_metric.compare(systems, task=name, references=systems["0"], users=users, n_resamples=300)
    assert result == expected.as_dict()


def three(made, name="LaMP_3_time", n=40):
    """Options for golds and users, and three files of predictions."""
    _, golds, questions = made.by_user(name, n)
    preds = [made.outputs(name, n=n, seed=0)[1]]
    for place in (1, 2):
        values = list(preds[0].values())
        preds.append(dict(zip(preds[0], values[place:] + values[:place], strict=True)))
    files = [made.write(f"{word}.json", name, pred) for word, pred in zip(("none", "own", "other"), preds, strict=True)]
    return ["--golds", golds, "--questions", questions], files, preds


def test_three_systems_are_compared_to_the_first_or_to_the_baseline(made, run):
    source, files, preds = three(made)
    golds = made.outputs("LaMP_3_time", n=40)[0]
    expected = lamp_metric.compare(
        {word: [pred[key] for key in golds] for word, pred in zip(("none", "own", "other"), preds, strict=True)},
        task="LaMP_3_time", references=list(golds.values()), users=made.users(golds), n_resamples=300,
    )  # fmt: skip
    options = [*source, "--n_resamples", "300"]
    for form in (["--json"], ["--format", "json"]):
        result = run("compare", "LaMP_3_time", *options, "--preds", *files, *form)
        assert json.loads(result.stdout) == expected.as_dict()
    assert run("compare", *options, "--preds", *files, "LaMP_3_time", "--format", "json").stdout == result.stdout
    other = json.loads(
        run("compare", "LaMP_3_time", *options, "--preds", *files, "--baseline", "other", "--json").stdout
    )
    assert (other["baseline"], list(other["contrasts"])) == ("other", ["none", "own"])
    text = run("compare", "LaMP_3_time", *options, "--preds", *files)
    assert [line.split()[0] for line in text.stdout.splitlines()[:7:2]] == ["system", "RMSE", "RMSE", "RMSE"]
    assert text.stderr.count("\n") == 1  # few users


def test_seeds_of_a_system_are_averaged(made, run):
    source, files, _ = three(made)
    systems = [f"none={files[0]}", f"own={files[1]},{files[2]}"]
    result = json.loads(run("compare", "LaMP_3_time", *source, "--preds", *systems, "--format", "json").stdout)
    assert result["systems"]["own"]["runs"] == 2
    assert set(result["systems"]["own"]["spread"]) == {"MAE", "RMSE"}


def test_what_cannot_be_used_is_said_for_each_file(made, run):
    golds = made.write("g.json", "LaMP_2", dict.fromkeys("123", "comedy"))
    good = made.write("good.json", "LaMP_2", dict.fromkeys("123", "comedy"))
    bad = made.write("bad.json", "LaMP_2", {"1": "Comedy.", "2": "", "3": "comedy"})
    result = run("compare", "LaMP_2", "--golds", golds, "--preds", good, bad, "--json")
    assert json.loads(result.stdout)["systems"]["bad"]["unusable"] == 2
    assert result.stderr.count("\n") == 2  # and few samples
    assert all(fact in result.stderr for fact in ("bad.json", "2 of 3", "'Comedy.'", "--extract_answers", "1 of them"))
    found = run("compare", "LaMP_2", "--golds", golds, "--preds", good, bad, "--format", "json", "--extract_answers")
    found = json.loads(found.stdout)
    assert (found["systems"]["bad"]["unusable"], "|extracted:yes|" in found["signature"]) == (1, True)


def test_wrapped_answers_of_all_files_are_one_line(made, run):
    golds = made.write("g.json", "LaMP_7", {"1": "sun", "2": "rain"})
    plain = made.write("plain.json", "LaMP_7", {"1": "sun", "2": "rain"})
    chat = made.write("chat.json", "LaMP_7", {"1": '"sun"', "2": "rain"})
    drawn = made.write("drawn.json", "LaMP_7", {"1": ['"sun"', "**sun**", "?"], "2": ["rain", '"rain"', "rain"]})
    result = run("compare", "LaMP_7", "--golds", golds, "--preds", plain, chat, drawn)
    lines = result.stderr.splitlines()
    assert lines[0].startswith(f"{drawn}: 1 of 6 predictions cannot be used for LaMP_7")
    assert lines[1] == (
        f"{chat} 1 of 2, {drawn} 3 of 6 answers look wrapped (quotes 3, asterisks 1), such as sample '1': "
        "'\"sun\"'; --extract_answers takes that off"
    )
    assert lines[2:] == [
        "2 comparisons: no p (Holm) can be below 1; that takes more users",
        "few samples (2): the smallest possible p is 0.5",
    ]


def test_several_answers_are_averaged_or_one_is_chosen(made, run, fails):
    golds = made.write("g.json", "LaMP_3", {"1": "5", "2": "5", "3": "1"})
    none = made.write("none.json", "LaMP_3", dict.fromkeys("123", "3"))
    lists = made.write("own.json", "LaMP_3", {"1": ["4", "1", "4"], "2": ["5", "2", "2"], "3": ["3", "3", "1"]})
    files = [
        made.write(f"o.{i}.json", "LaMP_3", dict(zip("123", said, strict=True)))
        for i, said in enumerate(["453", "123"])
    ]
    options = ["compare", "LaMP_3", "--golds", golds, "--format", "json", "--n_resamples", "99", "--preds", none]

    def result(own, *more):
        found = json.loads(run(*options, own, *more).stdout)
        return found["systems"]["own"]["scores"]["MAE"], found["systems"]["own"]["runs"], found["signature"]

    assert result(lists)[:2] == (pytest.approx((3 / 3 + 9 / 3 + 4 / 3) / 3), 3)
    by_file = result(f"own={files[0]},{files[1]}")[2]
    assert "|runs:1,2|" in by_file
    assert result(lists)[2] == by_file.replace("|runs:1,2|", "|answers:1,3|")
    both = result(f"own={lists},{made.write('o.3.json', 'LaMP_3', {key: ['4', '4', '5'] for key in '123'})}")
    assert (both[1], "|runs:1,2|answers:1,3|" in both[2]) == (6, True)
    mae, runs, signature = result(lists, "--answers", "best")
    assert (mae, runs) == (pytest.approx(1 / 3), 1)
    assert "|answers:best by gold (head-room, not a score) of 1,3|" in signature
    assert result(f"own={files[0]},{files[1]}", "--answers", "best")[0] == 1.0
    mae, runs, signature = result(lists, "--answers", "majority")
    assert (mae, runs, "|answers:majority of 1,3|" in signature) == (pytest.approx((1 + 3 + 2) / 3), 1, True)
    message = "--answers best: expected several answers to a sample, but each system has one"
    assert message in fails(*options, files[0], "--answers", "best")
    assert "for lamp-metric compare" in fails("eval-task", "--golds_json", golds, "--preds_json", lists)


def test_bad_input_is_one_line(made, fails, tmp_path):
    source, files, _ = three(made)
    task = ["compare", "LaMP_3_time"]
    assert "--baseline" in fails(*task, *source, "--preds", *files, "--baselines", "own")
    assert "xml" in fails(*task, *source, "--preds", *files, "--format", "xml")
    assert "--json" in fails(*task, *source, "--preds", *files, "--format", "csv", "--json")
    few = made.write("few.json", "LaMP_3_time", {"1": "5"})
    assert "few.json lacks 40 of the 40 ids" in fails(*task, *source, "--preds", files[0], few)
    rows = json.loads(source[3].read_text())
    for name, changed, fact in (
        ("one user", [{**row, "user_id": "7"} for row in rows], "two users"),
        ("no user", [{**rows[0], "user_id": None}, *rows[1:]], "user_id"),
    ):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(changed))
        assert fact in fails(*task, *source[:2], "--questions", path, "--preds", *files)


def test_published_results_are_added_on_demand_and_all_marked_beside_a_part_of_the_split(made, run, monkeypatch):
    folder, golds, _ = made.by_user("LaMP_3_time")
    preds = [golds, made.write("p.json", "LaMP_3_time", made.outputs("LaMP_3_time", n=40)[1])]
    compared = ["--preds", *preds, "--published", "--format", "json"]
    for options in (["--data-dir", folder], ["--golds", golds]):  # the folder has 40 samples of the split
        rows = json.loads(run("compare", "LaMP_3_time", *options, *compared).stdout)["published"]
        assert not any(row["comparable"] for row in rows)
    sizes = dict(TASKS["LaMP_3_time"].num_samples, validation=40)
    monkeypatch.setitem(TASKS["LaMP_3_time"].__dict__, "num_samples", sizes)
    rows = json.loads(run("compare", "LaMP_3_time", "--data-dir", folder, *compared).stdout)["published"]
    assert [row["comparable"] for row in rows] == [
        (row["config"], row["split"]) == ("LaMP_3_time", "validation") for row in rows
    ]
    assert "†" in run("compare", "LaMP_3_time", "--golds", golds, "--preds", *preds, "--published").stdout


@pytest.fixture
def judged(made):
    """A folder with a split of users, and two systems' predictions and values in three formats."""
    folder, golds, _ = made.by_user("LaMP_4_time")
    outputs = {entry["id"]: entry["output"] for entry in json.loads(golds.read_text())["golds"]}
    for place, name in enumerate(("none", "own")):
        texts = {key: " ".join(text.split()[: 2 + place]) for key, text in outputs.items()}
        made.write(f"{name}.json", "LaMP_4_time", texts)
        values = {key: len(text) % 7 + place for key, text in outputs.items()}
        (made.folder / f"v_{name}.json").write_text(json.dumps(values))
    lines = [json.dumps({"id": key, "value": value}) for key, value in values.items()]
    (made.folder / "v_own.jsonl").write_text("\n".join(lines))
    (made.folder / "v_own.csv").write_text("id,value\n" + "".join(f"{key},{value}\n" for key, value in values.items()))
    return made.folder, ["LaMP_4_time", "--data-dir", folder, "--n_resamples", 50]


def test_values_are_compared_in_each_format_and_by_user(run, judged):
    folder, options = judged
    found = [
        run("compare", *options, "--values", f"none={folder}/v_none.json", f"own={folder}/v_own.{form}", "--json")
        for form in ("json", "jsonl", "csv")
    ]
    assert found[0].stdout == found[1].stdout == found[2].stdout
    contrast = json.loads(found[0].stdout)["contrasts"]["own"]["value"]
    assert (contrast["difference"], contrast["better"]) == (1.0, "own")
    assert "|also:value(better:higher)|test:paired-randomization|clusters:users|" in found[0].stdout


def test_values_measures_and_scores_stand_side_by_side(run, judged):
    folder, options = judged
    files = ["--preds", *(f"{name}={folder}/{name}.json" for name in ("none", "own"))]
    values = ["--values", *(f"{name}={folder}/v_{name}.json" for name in ("none", "own")), "--lower-is-better"]
    found = json.loads(run("compare", *options, *files, *values, "--also", "rouge-2", "--json").stdout)
    assert list(found["systems"]["own"]["scores"]) == ["rouge-1", "rouge-L", "rouge-2", "value"]
    assert found["contrasts"]["own"]["value"]["better"] == "none"
    plain = json.loads(run("compare", *options, *files, "--json").stdout)
    assert found["contrasts"]["own"]["rouge-1"] == plain["contrasts"]["own"]["rouge-1"]
    averaged = run("compare", *options, *values, "--average", "users").stdout
    assert "|average:users|" in averaged


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--preds: expected the files of two systems"),
        (("--values", "a.json"), "--values: expected the files of two systems"),
        (("--values", "a=a", "a=b"), "--values: two systems are called a"),
        (("--values", "a=a", "b=b", "--also", "bleu"), "--also and --without need predictions"),
        (("--preds", "a=a", "b=b", "--lower-is-better"), "--lower-is-better is about --values"),
        (("--preds", "a=a", "b=b,c", "--values", "a=d", "b=e"), "expected as many files of each system as in --preds"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(fails, options, message):
    assert message in fails("compare", "LaMP_4", "--golds", "g.json", *options)


def test_names_come_from_the_user_or_from_the_files(monkeypatch):
    assert systems_of(["none=n.json", "d/own.json", "x=a.json,b.json", "k=16=b=c.json"]) == {
        "none": [Path("n.json")],
        "own": [Path("d/own.json")],
        "x": [Path("a.json"), Path("b.json")],
        "k=16": [Path("b=c.json")],
    }
    assert list(systems_of(["a/p.json", "b/p.json", "c/q.json"])) == ["a/p.json", "b/p.json", "q"]
    monkeypatch.setenv("HOME", "/me")
    assert systems_of(["~/a.json", "b=~/b.json"]) == {"a": [Path("/me/a.json")], "b": [Path("/me/b.json")]}


def test_a_file_may_have_an_equals_sign_or_a_comma_in_its_name(tmp_path):
    for name in ("k=4.json", "1,2.json"):
        (tmp_path / name).write_text("")
    found = systems_of([f"{tmp_path}/k=4.json", f"two={tmp_path}/1,2.json"])
    assert {name: len(paths) for name, paths in found.items()} == {"k=4": 1, "two": 1}
    (tmp_path / "b").symlink_to(tmp_path / "k=4.json")
    with pytest.raises(ValueError, match="twice"):  # a link to one of the files
        systems_of([f"{tmp_path}/k=4.json", f"{tmp_path}/b"])


@pytest.mark.parametrize(
    ("values", "facts"),
    [
        (["a.json"], "two.*1"),
        (["a.json", "a.json"], "twice.*a.json"),
        (["x=a.json,b.json", "y=b.json"], "twice.*b.json"),
        (["x=a.json", "x=b.json"], "called x"),
        (["=a.json", "b.json"], "NAME=FILE.*'=a.json'"),
        (["x=", "b.json"], "NAME=FILE.*'x='"),
        (["x=a.json,", "b.json"], "NAME=FILE.*'x=a.json,'"),
    ],
)
def test_what_is_no_comparison_is_named(values, facts):
    with pytest.raises(ValueError, match=f"--preds.*{facts}"):
        systems_of(values)
