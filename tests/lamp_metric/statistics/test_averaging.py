import math

import pytest

import lamp_metric
from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.measuring import measure
from lamp_metric.statistics.averaging import users_as_samples

GOLDS, USERS = ["5", "5", "1", "3"], ["ann", "ann", "bob", "cy"]


def test_the_scores_are_means_of_each_users_own_by_hand():
    samples = measure(TASKS["LaMP_3"], ["4", "2", "1", "5"], GOLDS, users=USERS, also=["accuracy", "pearson"])
    found = users_as_samples(samples)
    assert found.ids == found.users == ["ann", "bob", "cy"]
    assert found.statistics["MAE"] == [2.0, 0.0, 2.0]
    assert found.statistics["RMSE"] == [math.sqrt(5), 0.0, 2.0]
    assert found.scores == pytest.approx({"MAE": 4 / 3, "RMSE": (math.sqrt(5) + 2) / 3, "accuracy": 1 / 3})
    assert found.scorer.higher_is_better == {"MAE": False, "RMSE": False, "accuracy": True}


def test_macro_f1_which_a_user_does_not_have_is_left_out():
    samples = measure(TASKS["LaMP_2"], ["comedy", "action"], ["comedy", "classic"], users=["ann", "bob"])
    assert users_as_samples(samples).scores == {"accuracy": 0.5}


def test_users_of_one_sample_each_have_the_same_mean_interval_and_p():
    systems, users = {"none": ["3"] * 40, "own": GOLDS * 10}, [f"u{place}" for place in range(40)]
    options = {"task": "LaMP_3", "references": GOLDS * 10, "users": users, "n_resamples": 99}
    plain, averaged = (lamp_metric.compare(systems, **options, average=over) for over in ("samples", "users"))
    assert averaged.contrasts["own"]["MAE"] == plain.contrasts["own"]["MAE"]
    assert "|average:users|clusters:users|users:40|" in averaged.signature
    assert (averaged.n, averaged.users) == (40, 40)


def test_a_user_of_many_samples_counts_as_much_as_one_of_few():
    systems, users = {"none": ["3"] * 4, "own": ["5", "5", "1", "1"]}, ["ann", "ann", "ann", "bob"]
    found = lamp_metric.compare(
        systems, task="LaMP_3", references=["5", "5", "1", "3"], users=users, average="users"
    ).contrasts["own"]["MAE"]
    assert found.difference == 0.0
    assert (found.wins, found.losses) == (1, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"average": "users"}, "means of users' means need the user"), ({"average": "user"}, "expected 'samples' or")],
)
def test_an_average_that_cannot_be_taken_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        lamp_metric.compare({"a": ["4"], "b": ["5"]}, task="LaMP_3", references=["5"], **options)
