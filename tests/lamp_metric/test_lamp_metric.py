import doctest
import http.server
import json
import pickle
import threading
from pathlib import Path

import evaluate
import numpy as np
import pytest
from console import python

import lamp_metric
from lamp_dataset import __version__
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest

ROOT = Path(__file__).parents[2]

OTHER_METRIC = """
import datasets
import evaluate


class SameLength(evaluate.Metric):
    def _info(self):
        text = datasets.Value("string")
        return evaluate.MetricInfo(description="", citation="", inputs_description="",
                                   features=datasets.Features({"predictions": text, "references": text}))

    def _compute(self, predictions, references, slack=0):
        pairs = zip(predictions, references)
        return {"same_length": sum(abs(len(p) - len(r)) <= slack for p, r in pairs) / len(predictions)}
"""


@pytest.fixture
def load(tmp_path):
    def load_it(name=None, **options):
        return evaluate.load("lamp_metric", name, cache_dir=str(tmp_path / "cache"), **options)

    return load_it


def records(pairs):
    return [{"id": key, "output": value} for key, value in pairs]


def run(code, cwd, tmp_path, **variables):
    return python(code, cwd=cwd, **{"HF_HOME": str(tmp_path / "hf"), "HF_EVALUATE_OFFLINE": "1", **variables})


def test_in_the_folder_of_the_package_the_error_says_so(tmp_path):
    done = run("import lamp_metric", Path(lamp_metric.__file__).parent, tmp_path)
    assert "started inside the folder of the package" in done.stderr.splitlines()[-1]


def test_the_documented_examples_run(load):
    runner, finder = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS), doctest.DocTestParser()
    test = finder.get_doctest(load().inputs_description, {}, "inputs_description", None, 0)
    result = runner.run(test)
    assert (result.failed, result.attempted) == (0, 8)


@pytest.mark.parametrize("name", TASKS)
def test_every_config_scores_the_same_by_name_and_by_call_and_in_pure_form(load, name):
    task = TASKS[name]
    golds = [*task.labels[:2]] if task.labels else ["a title", "another one"]
    preds = [golds[0], "x y"]
    expected = lamp_metric.score(name, preds, golds)
    assert load(name).compute(predictions=preds, references=golds) == expected
    assert load().compute(predictions=preds, references=golds, task_name=name) == expected
    assert load(name).compute(predictions=preds, references=golds, task_name=name) == expected


def test_without_a_task_the_error_lists_them(load):
    with pytest.raises(ValueError, match=r"task_name.* LaMP_1, LaMP_1_time, .* LaMP_7_time, .*LongLaMP_email_time\b"):
        load().compute(predictions=["a"], references=["a"])
    with pytest.raises(ValueError, match="'LaMP_2_news'"):
        load("LaMP-2N")
    with pytest.raises(ValueError, match="'LaMP_3'.*'LaMP_4'"):
        load("LaMP_4").compute(predictions=["a"], references=["a"], task_name="LaMP_3")


def test_records_are_joined_by_id_in_any_order_across_batches(load):
    metric = load("LaMP_4")
    metric.add_batch(predictions=records([("2", "c d"), ("0", "a")]), references=records([("1", "b"), ("0", "a")]))
    metric.add(prediction={"id": "1", "output": "x"}, reference={"id": "2", "output": "c d e", "input": "ignored"})
    assert len(metric) == 3
    result = metric.compute(per_sample=True)
    assert result["rouge-1"] == pytest.approx((1 + 0 + 0.8) / 3, abs=1e-15)
    assert {key: values["rouge-1"] for key, values in result["per_sample"].items()} == {"1": 0.0, "0": 1.0, "2": 0.8}
    assert len(metric) == 0


def test_add_add_batch_and_compute_are_one_pile(load):
    metric = load("LaMP_1")
    metric.add(prediction="[1]", reference="[1]")
    metric.add(predictions="[2]", references="[1]")
    metric.add_batch(predictions=["[1]"], references=["[1]"])
    assert metric.compute(predictions=["[2]"], references=["[2]"])["accuracy"] == 0.75


def test_numbers_are_ratings(load):
    metric = load("LaMP_3")
    assert metric.compute(predictions=[4, 4.5], references=["5", 4])["MAE"] == 0.75
    assert metric.compute(predictions=np.array([4, 5]), references=np.array(["5", "5"]))["MAE"] == 0.5
    late = load()
    late.add_batch(predictions=[4], references=["5"])
    assert late.compute(task_name="LaMP_3")["MAE"] == 1.0
    late.add_batch(predictions=[4], references=["5"])
    with pytest.raises(ValueError, match="prediction of sample 0: .* 4; LaMP_4"):
        late.compute(task_name="LaMP_4")


def test_instances_are_named_pickled_and_kept_apart(load):
    one, two = load("LaMP_4", keep_in_memory=True, experiment_id="first"), pickle.loads(pickle.dumps(load("LaMP_4")))
    assert one.experiment_id == "first"
    one.add(prediction="a", reference="a")
    two.add(prediction="b", reference="a")
    assert (one.compute()["rouge-1"], two.compute()["rouge-1"]) == (1.0, 0.0)
    assert one.compute(predictions=records([("0", "a")]), references=records([("0", "b")]))["rouge-1"] == 0.0


def test_options_reach_the_scores_and_the_signature(load):
    metric = load("LaMP_1")
    golds = ["[1]", "[2]"] * 20
    options = {"confidence_level": 0.9, "n_resamples": 200, "seed": 3}
    result = metric.compute(predictions=["[1]"] * 40, references=golds, **options)
    assert result == lamp_metric.score("LaMP_1", ["[1]"] * 40, golds, **options)
    assert metric.signature() == f"task:LaMP_1|n:40|rule:1|confidence:0.9|resamples:200|seed:3|version:{__version__}"
    metric.compute(predictions=["Answer: [1]"], references=["[1]"], extract_answers=True)
    assert metric.signature() == f"task:LaMP_1|n:1|rule:1|extracted:yes|version:{__version__}"
    with pytest.raises(ValueError, match="no signature yet"):
        load("LaMP_1").signature()


def test_beside_other_string_metrics_in_combine(load, tmp_path):
    folder = tmp_path / "same_length"
    folder.mkdir()
    (folder / "same_length.py").write_text(OTHER_METRIC)
    other = evaluate.load(str(folder))
    both = evaluate.combine([load("LaMP_4"), other])
    assert both.compute(predictions=["a b"], references=["a c"]) == {"rouge-1": 0.5, "rouge-L": 0.5, "same_length": 1.0}
    both.add_batch(predictions=["a b"], references=["a c"])
    both.add(prediction="a", reference="a")
    assert both.compute() == {"rouge-1": 0.75, "rouge-L": 0.75, "same_length": 1.0}
    with pytest.warns(UserWarning, match="'slack'"):
        assert both.compute(predictions=["a"], references=["abc"], slack=2)["same_length"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"predictions": ["a", None], "references": ["a", "b"]}, "prediction of sample 1: .*None"),
        ({"predictions": ["a"]}, "references: .*list"),
        ({}, "nothing to score"),
        ({"predictions": records([("1", "a")]), "references": ["a"]}, "reference 0: .*record.*'a'"),
        ({"predictions": ["a"], "references": ["a"], "confidence": 0.95}, "'confidence'.*'confidence_level'"),
    ],
)
def test_bad_input_is_named_and_the_next_call_is_clean(load, arguments, message):
    metric = load("LaMP_4")
    with pytest.raises(ValueError, match=message):
        metric.compute(**arguments)
    assert metric.compute(predictions=["a"], references=["a"]) == {"rouge-1": 1.0, "rouge-L": 1.0}


def test_a_failed_call_leaves_no_files_but_those_of_other_instances_and_no_task(load, tmp_path):
    metric = load("LaMP_4")
    with pytest.raises(ValueError, match="predictions .*1 of the 1 ids.*'2'"):
        metric.compute(predictions=records([("1", "a")]), references=records([("2", "a")]))
    assert not list((tmp_path / "cache").rglob("*.arrow"))
    metric.add(prediction="a", reference="a")
    assert Path(metric.cache_file_name).name == "default_experiment-1-0.arrow"  # no longer locked
    one, other = load("LaMP_4"), load("LaMP_4")
    one.compute(predictions=["a"], references=["a"])
    other.add(prediction="b", reference="b")  # under the file name that the first has given back
    with pytest.raises(ValueError, match="nothing to score"):
        one.compute()
    assert other.compute() == {"rouge-1": 1.0, "rouge-L": 1.0}
    metric = load()
    with pytest.raises(ValueError, match="'persample'.*'per_sample'"):
        metric.compute(predictions=["a"], references=["a"], task_name="LaMP_4", persample=True)
    metric.add_batch(predictions=[4], references=["5"])
    assert metric.compute(task_name="LaMP_3")["MAE"] == 1.0


def test_a_wrong_batch_leaves_the_good_ones(load):
    metric = load("LaMP_3")
    metric.add_batch(predictions=["4"], references=["5"])
    with pytest.raises(ValueError, match="prediction of sample 1: .*number.*None"):
        metric.add_batch(predictions=[None], references=["5"])
    with pytest.raises(ValueError, match="prediction 1: .*string.*record"):
        metric.add_batch(predictions=records([("1", "4")]), references=records([("1", "4")]))
    for level in (2, 0):
        with pytest.raises(ValueError, match="confidence_level"):
            metric.compute(confidence_level=level)
    assert metric.compute()["MAE"] == 1.0


PROCESS = """
import json
import sys
import evaluate
import lamp_metric

number, folder, shares = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
metric = evaluate.load("lamp_metric", "LaMP_3", num_process=len(shares), process_id=number, experiment_id="together",
                       cache_dir=folder, timeout=60)
preds, golds = shares[number]
if preds:
    metric.add_batch(predictions=preds[:2], references=golds[:2])
    print(metric.compute(predictions=preds[2:], references=golds[2:]))
else:
    print(metric.compute())
"""


def together(forks, folder, shares):
    """Score each share in a process of its own; what each prints, and its errors."""
    started = [forks.start(PROCESS, number, folder, json.dumps(shares)) for number in range(len(shares))]
    return [(ended.stdout, ended.stderr) for ended in [process.ended() for process in started]]


STRINGS = [([str(1 + number)] * 4, ["5", "4", "3", "2"]) for number in range(2)]


def numbered(shares):
    """The shares as records, the references of each in another order."""
    return [
        tuple(
            records([(f"{number}{place}", value) for place, value in enumerate(side)])[:: 1 - 2 * is_gold]
            for is_gold, side in enumerate(share)
        )
        for number, share in enumerate(shares)
    ]


@pytest.mark.parametrize(
    "shares",
    [[*STRINGS, ([], [])], [([], []), *numbered(STRINGS)]],
    ids=["strings and an empty share", "an empty share and records"],
)
def test_several_processes_score_as_one(forks, tmp_path, shares):
    results = together(forks, tmp_path, shares)
    expected = lamp_metric.score("LaMP_3", ["1"] * 4 + ["2"] * 4, ["5", "4", "3", "2"] * 2)
    assert results[0][0].strip() == repr(expected), results
    assert {out.strip() for out, _ in results[1:]} == {"None"}


def test_processes_that_do_not_agree_on_a_form_are_an_error(forks, tmp_path):
    results = together(forks, tmp_path, [STRINGS[0], numbered(STRINGS)[1]])
    assert "4 strings among records" in results[0][1]


LOAD = """
import json
{imports}
metric = evaluate.load({name!r}, "LaMP_3")
print(json.dumps([metric.compute(predictions=["4"], references=["5"]), metric.signature()]))
"""


@pytest.mark.parametrize("imports", ["import lamp_metric, evaluate", "import evaluate, lamp_metric"])
def test_found_from_any_directory_after_the_import(tmp_path, imports):
    result = run(LOAD.format(imports=imports, name="lamp_metric"), tmp_path, tmp_path)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == [{"MAE": 1.0, "RMSE": 1.0}, f"task:LaMP_3|n:1|rule:1|version:{__version__}"]


def test_found_from_a_checkouts_root_without_the_import_and_by_the_folders_path(tmp_path):
    names = ["lamp_metric", str(ROOT / "lamp_metric"), "./lamp_metric/lamp_metric.py"]
    code = f"import evaluate\nfor name in {names}:\n    metric = evaluate.load(name, 'LaMP_3')\n"
    result = run(code + "    print(metric.compute(predictions=['4'], references=['5']))", ROOT, tmp_path)
    assert result.stdout.splitlines() == ["{'MAE': 1.0, 'RMSE': 1.0}"] * 3, result.stderr


class Hub(http.server.BaseHTTPRequestHandler):
    """A Hub with one Space, whose only revision is main."""

    def do_GET(self):
        found = self.path == "/spaces/owner/lamp_metric/resolve/main/lamp_metric.py"
        body = (ROOT / "lamp_metric" / "lamp_metric.py").read_bytes() if found else b"Entry not found"
        self.send_response(200 if found else 404)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


def test_found_as_a_space_on_the_hub(tmp_path):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        variables = {
            "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "HF_EVALUATE_OFFLINE": "0",
            "NO_PROXY": "127.0.0.1",
        }
        code = LOAD.format(imports="import evaluate", name="owner/lamp_metric")
        result = run(code, tmp_path, tmp_path, **variables)
        server.shutdown()
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)[0] == {"MAE": 1.0, "RMSE": 1.0}
    assert list((tmp_path / "hf" / "modules").rglob("owner--lamp_metric/*/lamp_metric.py"))


def test_the_script_alone_names_what_to_install(tmp_path):
    space = tmp_path / "lamp_metric"
    space.mkdir()
    script = (ROOT / "lamp_metric" / "lamp_metric.py").read_text(encoding="utf-8")
    # As where lamp-hf is not installed: no package of these names.
    script = script.replace("from lamp_dataset.", "from lamp_dataset_missing.").replace(
        "from lamp_metric.", "from lamp_metric_missing."
    )
    (space / "lamp_metric.py").write_text(script, encoding="utf-8")
    result = run(LOAD.format(imports="import evaluate", name=str(space)), tmp_path, tmp_path)
    assert "using 'pip install lamp-hf" in result.stderr


def test_users_are_drawn_whatever_the_batches_and_a_missing_one_is_named():
    golds, preds, users = ["1", "2", "3", "4", "5"] * 4, ["3"] * 20, [f"u{i // 4}" for i in range(20)]
    metric = evaluate.load("lamp_metric", "LaMP_3")
    for start in (0, 10):
        metric.add_batch(predictions=preds[start : start + 10], references=golds[start : start + 10])
    result = metric.compute(users=iter(users), confidence_level=0.9)
    assert result == lamp_metric.score("LaMP_3", preds, golds, users=users, confidence_level=0.9)
    assert "|clusters:users|users:5|intervals:t(MAE),bootstrap(RMSE)|confidence:0.9|" in metric.signature()
    metric = evaluate.load("lamp_metric", "LaMP_3")
    metric.add_batch(predictions=["1", "2"], references=["1", "2"])
    with pytest.raises(ValueError, match="user of sample 1.*None"):
        metric.compute(users=["a", None])
    assert metric.compute(users=["a", "b"])["MAE"] == 0.0
    with pytest.raises(ValueError, match="users.* 2 .*3"):
        metric.compute(predictions=["1", "2"], references=["1", "2"], users=list("abc"))
