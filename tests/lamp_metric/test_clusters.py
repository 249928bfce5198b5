import re

import numpy as np
import pandas as pd
import pytest

from lamp_metric.clusters import check_users, numbered, user_means, user_names
from lamp_metric.comparison import compare
from lamp_metric.scoring import score


def test_strings_and_whole_numbers_are_users():
    assert check_users(["a", "b", "a"], 3) == ["a", "b", "a"]
    assert check_users((7, np.int64(8)), 2) == ["7", "8"]
    assert check_users(iter("ab"), 2) == ["a", "b"]
    assert check_users(pd.Series(["a", "b"]), 2) == ["a", "b"]


@pytest.mark.parametrize("user", [None, float("nan"), "", 1.5, True, ["a"], {"id": "1"}])
def test_a_sample_without_a_user_is_named(user):
    with pytest.raises(ValueError, match=f"sample 1.*{re.escape(repr(user))}"):
        user_names(["a", user])
    with pytest.raises(ValueError, match="sample 'y'"):
        check_users(["a", user], 2, ["x", "y"])


def test_the_number_of_users_must_be_that_of_the_samples():
    for users in (["a", "b"] * 3, ["a"]):
        with pytest.raises(ValueError, match=f"users.* 3 .*{len(users)}"):
            check_users(users, 3)
    with pytest.raises(ValueError, match="users.*2.*4"):
        compare("LaMP_3", ["1", "2"], ["1", "2"], ["1", "2"], users=list("abab"))


def test_one_user_alone_is_an_error():
    with pytest.raises(ValueError, match="two users.*'a'"):
        check_users(["a", "a"], 2)
    with pytest.raises(ValueError, match="two users.*'a'"):
        score("LaMP_3", ["1", "2"], ["1", "2"], users=["a", "a"], confidence_level=0.9)


def test_users_are_numbered_by_their_first_sample():
    assert numbered(["b", "a", "b", "c"]) == (["b", "a", "c"], [0, 1, 0, 2])


def test_means_by_user():
    assert user_means([0.25, 1.0, 0.75], ["b", "a", "b"]) == {"b": 0.5, "a": 1.0}
    assert user_means([0.1] * 10, ["a"] * 10) == {"a": 0.1}
