from lamp_dataset.tasks import TASKS
from lamp_metric.measuring import measure
from lamp_metric.outcomes import differences_by_user, outcomes, sample_values

GOLDS = ["3", "3", "3", "3", "3", "3"]
USERS = ["b", "a", "b", "c", "a", "c"]


def scored(predictions, users=USERS):
    return measure(TASKS["LaMP_3"], list(predictions), GOLDS, [f"s{i}" for i in range(6)], users=users)


def test_a_user_is_won_if_the_mean_error_is_smaller():
    """By hand: b's errors are 1 and 0 against 2 and 0, a's 1 and 0 against 0 and 1, c's 1 and 1 against 0 and 1."""
    a, b = scored(["4", "4", "3", "4", "3", "4"]), scored(["5", "3", "3", "3", "4", "4"])
    assert differences_by_user([a], [b], "MAE") == {"b": 0.5, "a": 0.0, "c": -0.5}
    assert outcomes([a], [b], "MAE") == (1, 1, 1)
    assert outcomes([a], [b], "RMSE") == (1, 1, 1)


def test_without_users_samples_are_counted():
    a, b = scored("433333", None), scored("343333", None)
    assert differences_by_user([a], [b], "MAE") == {"s0": -1.0, "s1": 1.0, "s2": 0, "s3": 0, "s4": 0, "s5": 0}
    assert outcomes([a], [b], "MAE") == (1, 4, 1)


def test_runs_are_averaged_by_sample():
    assert sample_values([scored("433333"), scored("533333")], "MAE") == [1.5, 0, 0, 0, 0, 0]


def test_macro_f1_has_no_values_by_sample():
    samples = measure(TASKS["LaMP_1"], ["[1]", "[2]"], ["[1]", "[1]"])
    assert sample_values([samples], "accuracy") == [1.0, 0.0]
    assert samples.values("f1") is None
    assert outcomes([samples], [samples], "f1") is None


def test_rounding_makes_no_winner():
    texts = ["a b c", "a b", "a", "a b c d e", "a c", "b d"]
    golds = ["a b c d e f g"] * 6
    a, b = (measure(TASKS["LaMP_4"], side, golds, users=["x"] * 5 + ["y"]) for side in (texts, [*texts[4::-1], "b d"]))
    assert outcomes([a], [b], "rouge-1") == (0, 2, 0)
