import pytest
from console import printed_by

from lamp_dataset import __version__
from lamp_dataset.tasks import TASKS
from lamp_metric.scoring import score, signature_of

SAMPLES = {
    "classification": lambda task: ([task.labels[0], "x"], [task.labels[0], task.labels[1]]),
    "ordinal": lambda task: (["4", "no idea"], ["5", "2"]),
    "generation": lambda task: (["a title", "x"], ["the title", "y"]),
    "long-generation": lambda task: (["a long text", "x"], ["the long text", "y"]),
}


@pytest.mark.parametrize("name", TASKS)
def test_every_config_has_the_keys_of_the_benchmark(name, nltk_data):
    task = TASKS[name]
    result = score(name, *SAMPLES[task.kind](task))
    assert tuple(result) == task.scores
    assert all(type(value) is float for value in result.values())
    assert result == score(task.base, *SAMPLES[task.kind](task))


def test_extracted_answers_are_opt_in():
    said, golds = ["The answer is [1].", "no idea"], ["[1]", "[2]"]
    assert score("LaMP_1", said, golds)["accuracy"] == 0.0
    assert score("LaMP_1", said, golds, extract_answers=True)["accuracy"] == 0.5
    # Where no answer is found, the prediction stays what it is.
    assert score("LaMP_3", ["9"], ["4"], extract_answers=True)["MAE"] == 5.0
    with pytest.warns(UserWarning, match="1 of 1 answers look wrapped .*; extract_answers=True takes that off"):
        assert score("LaMP_4", ["Title: a"], ["a"])["rouge-1"] == 2 / 3
    assert score("LaMP_4", ["Title: a"], ["a"], extract_answers=True)["rouge-1"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("LaMP_4", ["a", None], ["a", "b"]), "prediction of sample 1: .*string.*LaMP_4.*None"),
        (("LaMP_4", ["a"], None), "references: .*list.*None"),
        (("LaMP-4", ["a"], ["a"]), "'LaMP_4'"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        score(*arguments)


def test_signature_holds_what_decides_the_figures():
    assert signature_of(TASKS["LaMP_3_time"], 12) == signature_of("LaMP_3_time", 12)
    assert signature_of("LaMP_3_time", 12) == f"task:LaMP_3_time|n:12|rule:1|version:{__version__}"
    assert (
        signature_of(TASKS["LaMP_1"], 2, confidence_level=0.9, n_resamples=50, seed=7, extract_answers=True)
        == "task:LaMP_1|n:2|rule:1|extracted:yes|intervals:t(accuracy),bootstrap(f1)|confidence:0.9|resamples:50|seed:7"
        f"|version:{__version__}"
    )


@pytest.mark.parametrize(
    ("call", "libraries"),
    [
        ("lamp_metric.signature_of('LaMP_3', 5)", []),
        ("lamp_metric.extract_answer('LaMP_3', '4')", []),
        ("lamp_metric.score('LaMP_3', ['4'], ['5'])", ["numpy", "sklearn"]),
    ],
)
def test_the_libraries_are_imported_only_to_score(call, libraries):
    code = (
        f"import sys, lamp_metric; {call}\n"
        "print(sorted({'numpy', 'sklearn', 'rouge_score', 'nltk', 'datasets', 'evaluate', 'torch'} & set(sys.modules)))"
    )
    assert printed_by(code) == [str(libraries)]


def test_doubled_ids_are_an_error_and_generators_work():
    with pytest.raises(ValueError, match="ids.*'1'"):
        score("LaMP_4", ["a", "b"], ["a", "b"], ids=["1", "1"])
    found = score("LaMP_4", iter("ab"), iter("ab"), ids=iter(["1", "2"]), per_sample=True)
    assert list(found["per_sample"]) == ["1", "2"]


def test_users_change_the_intervals_alone_and_go_with_the_references():
    preds, golds, users = ["1", "1", "1", "5"] * 5, ["1"] * 20, ["a", "a", "b", "c", "d"] * 4
    plain = score("LaMP_3", preds, golds, confidence_level=0.9)
    clustered = score("LaMP_3", preds, golds, confidence_level=0.9, users=users)
    assert {key for key in plain if plain[key] != clustered[key]} == {"MAE_ci", "RMSE_ci"}
    assert score("LaMP_3", preds, golds, users=users) == score("LaMP_3", preds, golds)
    golds = [{"id": str(i), "output": str(1 + i % 5)} for i in range(20)]
    preds = [{"id": gold["id"], "output": "3"} for gold in golds]
    users = [f"u{i // 5}" for i in range(20)]
    drawing = {"confidence_level": 0.9, "users": users}
    assert score("LaMP_3", preds[::-1], golds, **drawing) == score("LaMP_3", preds, golds, **drawing)
