import math
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from rouge_score.rouge_scorer import RougeScorer

import lamp_metric
from lamp_dataset import SAMPLE, Personalizer, load_split
from lamp_dataset.tasks import TASKS
from lamp_metric import preferences, reward
from lamp_metric.learning.rewards_and_preferences import SingleScores
from lamp_metric.measures.measure import Column
from lamp_metric.predictions.scored_samples import measure


class Words(Column):
    """An error without a scale: the difference in words."""

    def values(self, predictions, references):
        return [float(abs(len(p.split()) - len(r.split()))) for p, r in zip(predictions, references, strict=True)]


@pytest.fixture(autouse=True)
def _measure(registry):
    lamp_metric.register_measure(Words("words-off", False))


def said(text):
    return [{"role": "user", "content": "Go on."}, {"role": "assistant", "content": text}]


@pytest.mark.parametrize(
    ("task", "options", "completions", "golds", "expected"),
    [
        ("LaMP_1", {}, ["[1]", "[2]", "1"], ["[1]", "[1]", "[1]"], [1, 0, 0]),
        ("LaMP_3", {}, ["4", "9", "no", " 5.0 "], ["5", "1", "3", "5"], [0.75, 0, 0, 1]),
        ("LaMP_3", {"score": "RMSE"}, [4, [], said(None)], ["5", "5", "5"], [0.75, 0, 0]),
        ("LaMP_3", {"extract_answers": True}, ["I say 4 stars.", "2 or 4"], ["5", "3"], [0.75, 0]),
        ("LaMP_4", {}, ["Rain in May", "…", ""], ["Rain in June", "Rain", "Rain"], [2 / 3, 0, 0]),
        ("LaMP_4", {"weights": {"rouge-1": 2, "rouge-L": 1}}, ["b a"], ["a b"], [2.5]),
        ("LaMP_4", {"score": "rouge-2"}, ["a b c"], ["a b d"], [0.5]),
        ("LaMP_4", {"score": "words-off"}, ["a b c", "…"], ["a", "a"], [-2, 0]),
        ("LaMP_4", {}, [], [], []),
    ],
)
def test_rewards_as_counted_by_hand(task, options, completions, golds, expected):
    found = reward(task, **options)(prompts=["p"] * len(golds), completions=completions, target=golds, other=[7])
    assert found == pytest.approx(expected)


def test_texts_equal_rouge_score_also_as_messages_and_from_another_column():
    texts, golds = ["Rain in May, again", "Snow"], ["In May: rain", "No snow"]
    scorer = RougeScorer(["rougeL"])
    expected = [scorer.score(gold, text)["rougeL"].fmeasure for gold, text in zip(golds, texts, strict=True)]
    rewarding = reward("LaMP_5", "rouge-L", target="answer")
    assert rewarding(completions=texts, answer=golds) == expected
    assert rewarding(list(map(said, texts)), answer=golds) == expected
    parts = [
        [{"type": "text", "text": text[:4]}, {"type": "image"}, {"type": "text", "text": text[4:]}] for text in texts
    ]
    assert rewarding(parts, answer=golds) == expected
    assert rewarding(list(map(said, parts)), answer=golds) == expected
    with pytest.raises(ValueError, match="completion of sample 0: expected a string"):
        rewarding([[{"type": "text", "text": 4}]], answer=golds[:1])
    assert rewarding([[{"role": "assistant", "tool_calls": [{"id": "1"}]}]], answer=golds[:1]) == [0.0]
    assert rewarding([[{"type": "output_text", "text": texts[0]}]], answer=golds[:1]) == expected[:1]
    assert rewarding.__name__ == "rouge-L"
    assert len({rewarding, reward("LaMP_5", "rouge-L", target="answer")}) == 2  # like any function


def test_it_is_pickled_and_works_in_threads_without_a_warning():
    rewarding = pickle.loads(pickle.dumps(reward("LaMP_3", weights={"MAE": 1, "accuracy": 1})))
    with warnings.catch_warnings(), ThreadPoolExecutor(4) as pool:
        warnings.simplefilter("error")
        found = list(pool.map(lambda n: rewarding(["no idea", str(n % 5 + 1)], target=["5", "1"]), range(40)))
    assert found == [[0, 1 - n % 5 / 4 + (n % 5 == 0)] for n in range(40)]


@pytest.mark.parametrize(
    ("options", "columns", "facts"),
    [
        ({"score": "MAE", "weights": {"MAE": 1}}, {}, "a score, or instead of it the weights"),
        ({"weights": {}}, {}, "the weights of one or more"),
        ({"weights": {"MAE": -1}}, {}, "numbers above 0, found -1 for 'MAE'"),
        ({"weights": {"MAE": math.inf}}, {}, "numbers above 0, found inf"),
        ({"weights": {"MAE": 10**400}}, {}, "numbers above 0, found 1000"),
        ({"score": "f1"}, {}, "f1"),
        ({}, {"gold": ["5"]}, "as 'target', found 0 in the columns: gold"),
        ({}, {"target": ["5", "5"]}, "a gold for each of 1 completions"),
        ({}, {"target": [None]}, "gold of sample 0.*None"),
        ({}, {"target": 5}, "target: expected a list"),
        ({}, {"target": ["7"]}, "gold of sample 0: '7' is not a label"),
    ],
)
def test_what_cannot_be_rewarded_is_named(options, columns, facts):
    with pytest.raises(ValueError, match=facts):
        reward("LaMP_3", **options)(completions=["5"], **columns)
    with pytest.raises(ValueError, match="completion of sample 0.*None"):
        reward("LaMP_3")(completions=[None], target=["5"])


@pytest.mark.parametrize(
    ("name", "keys", "predictions", "references"),
    [
        ("LaMP_1", ["accuracy"], ["[1]", "[2]", "no"], ["[1]", "[1]", "[2]"]),
        ("LaMP_3", ["MAE", "accuracy"], ["4", "no", "7"], ["5", "2", "1"]),
        ("LaMP_4", ["rouge-L", "rouge-1", "rouge-2"], ["Rain in May", "", "a b"], ["Rain, again, in May", "x", "b a"]),
    ],
)
def test_values_are_the_samples_parts_in_the_scores(name, keys, predictions, references):
    also = [key for key in keys if key not in TASKS[name].scores]
    measured = measure(TASKS[name], predictions, references, also=also)
    assert SingleScores(name, keys).values(predictions, references) == {key: measured.values(key) for key in keys}


def test_a_sample_alone_has_the_same_rmse_as_mae():
    assert SingleScores("LaMP_3", ["MAE", "RMSE"]).values(["4", "1"], ["5", "4"]) == {"MAE": [1, 3], "RMSE": [1, 3]}


def test_errors_turned_as_counted_by_hand():
    """The largest errors are 4, 3 and 2 stars; 7 stars for 1 are an error of 6."""
    ratings, values = SingleScores("LaMP_3", ["MAE"]), {"MAE": [1.0, 3.0, 1.0, 6.0]}
    assert ratings.turned(values, ["5", "4", "3", "1"]) == {"MAE": [0.75, 0.0, 0.5, -0.5]}
    assert ratings.turned(values) == {"MAE": [0.75, 0.25, 0.75, 0.0]}
    assert SingleScores("LaMP_4", ["rouge-1"]).turned({"rouge-1": [0.25]}, ["x"]) == {"rouge-1": [0.25]}


@pytest.mark.parametrize(
    ("name", "key", "facts"),
    [
        ("LaMP_2", "f1", "no sample of LaMP_2 has 'f1' by itself; expected one of accuracy"),
        ("LaMP_3", "pearson", "'pearson' by itself; expected one of MAE, RMSE"),
        ("LaMP_4", "rouge-9", "expected a measure for LaMP_4: rouge-2"),
    ],
)
def test_scores_that_no_sample_has_are_named(name, key, facts):
    with pytest.raises(ValueError, match=facts):
        SingleScores(name, [key])


#: So few steps that a real model trains in seconds.
FEW = {"max_steps": 3, "logging_steps": 1, "report_to": "none", "save_strategy": "no", "use_cpu": True, "bf16": False}
# most processors are several times slower with the 16 bits of the weights
FEW |= {"gradient_checkpointing": False, "model_init_kwargs": {"dtype": "float32"}}


@pytest.mark.models
@pytest.mark.parametrize("column", ["source", "messages"])
def test_trl_trains_three_steps_by_it(column, real_model, tmp_path):
    from trl import GRPOConfig, GRPOTrainer

    rows = load_split("LaMP_4", "train", SAMPLE)
    personalize = Personalizer("LaMP_4", k=0, rules="fixed")
    prompts = rows.map(personalize, batched=True, remove_columns=rows.column_names)
    settings = GRPOConfig(
        str(tmp_path), per_device_train_batch_size=2, num_generations=2, max_completion_length=8, **FEW
    )
    data = prompts.select_columns([column, "target"]).rename_column(column, "prompt")
    rewarding = reward("LaMP_4", weights={"rouge-1": 0.5, "rouge-L": 0.5})
    trainer = GRPOTrainer(real_model, reward_funcs=[rewarding], train_dataset=data, args=settings)
    trainer.train()
    logged = [entry["rewards/rouge-1+rouge-L/mean"] for entry in trainer.state.log_history if "reward" in entry]
    assert len(logged) == 3
    assert all(0 <= value <= 1 for value in logged)


MESSAGES = [{"role": "user", "content": "Stars?"}]


def pairs(answers, reference="5", **options):
    """Of the answers to one prompt, chosen and rejected."""
    found = preferences("LaMP_3", ["p"], [answers], [reference], **options)
    return [(pair["chosen"], pair["rejected"]) for pair in found]


@pytest.mark.parametrize(
    ("answers", "options", "expected"),
    [
        (["4", "1", "4 "], {}, [("4", "1")]),
        (["3", "1", "4"], {}, [("4", "1"), ("3", "1"), ("4", "3")]),
        (["3", "1", "4"], {"max_pairs": 2}, [("4", "1"), ("3", "1")]),
        (["3", "1", "4"], {"margin": 0.5}, [("3", "1"), ("4", "1")][::-1]),
        (["3", "1", "4"], {"margin": 0.75}, [("4", "1")]),
        (["3", "5", "no"], {"gold": True}, [("5", "no"), ("5", "3")]),
        (["4", "4"], {}, []),
        ([5, 1], {}, [("5", "1")]),
        (["I say 4.", "It is 1."], {"extract_answers": True}, [("I say 4.", "It is 1.")]),
        (["4", "6"], {"score": "accuracy"}, []),
    ],
)
def test_pairs_as_counted_by_hand(answers, options, expected):
    assert pairs(answers, **options) == expected


def test_whole_rows_as_texts_and_as_messages():
    found = list(preferences("LaMP_4", ["p", MESSAGES], [["a b", "a"], ["b", "c"]], ["a b", "b"]))
    said = [[{"role": "assistant", "content": text}] for text in "bc"]
    assert found == [
        {"prompt": "p", "chosen": "a b", "rejected": "a"},
        {"prompt": MESSAGES, "chosen": said[0], "rejected": said[1]},
    ]


@pytest.mark.parametrize(
    ("answers", "gold", "options", "facts"),
    [
        (["4", None], "5", {}, "answer to prompt 0 of sample 1: expected a string or a number for LaMP_3, found None"),
        (["4"], None, {}, "gold of sample 0: None"),
        (["4"], "7", {}, "'7' is not a label of LaMP_3"),
        (["4"], "5", {"margin": -0.1}, "a margin of 0 or more.*-0.1"),
        (["4"], "5", {"margin": float("nan")}, "nan"),
        (["4"], "5", {"max_pairs": 0}, "at least 1 pair"),
        (["4"], "5", {"score": "f1"}, "f1"),
    ],
)
def test_what_makes_no_pairs_is_named(answers, gold, options, facts):
    with pytest.raises(ValueError, match=facts):
        pairs(answers, gold, **options)


@pytest.mark.models
@pytest.mark.parametrize("column", ["source", "messages"])
def test_trl_trains_three_steps_on_preferences(column, real_model, tmp_path):
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    rows = load_split("LaMP_4", "train", SAMPLE)
    asked = rows.map(Personalizer("LaMP_4", k=0, rules="fixed"), batched=True)
    answers = [[gold, gold.split()[0]] for gold in asked["target"]]
    made = Dataset.from_list(list(preferences("LaMP_4", asked[column], answers, asked["target"])))
    made.to_parquet(tmp_path / "pairs.parquet")
    settings = DPOConfig(str(tmp_path / "run"), per_device_train_batch_size=1, **FEW)
    data = Dataset.from_parquet(str(tmp_path / "pairs.parquet"))
    trainer = DPOTrainer(real_model, args=settings, train_dataset=data)
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert len(losses) == 3
    assert losses[0] == pytest.approx(0.6931, abs=1e-3)  # log 2: at the first step the model is its own reference


def test_wrapped_answers_are_counted_and_not_where_they_are_taken_out():
    said = [['"a b"', "a c"], ['Title: "a"', "a"]]
    match = (
        r"^2 of 4 answers look wrapped \(.*\), such as .*; extract_answers=True, or --extract_answers, takes that off"
    )
    with pytest.warns(UserWarning, match=match):
        list(preferences("LaMP_4", ["p", "q"], said, ["a b", "a"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(preferences("LaMP_4", ["p", "q"], said, ["a b", "a"], extract_answers=True))
