from lamp_dataset import __version__
from lamp_metric.signature import RULE, clustered, signature


def test_it_names_task_samples_rule_options_and_version_in_this_order():
    assert signature("LaMP_4", 2500, test="x", seed=0) == (
        f"task:LaMP_4|n:2500|rule:{RULE}|test:x|seed:0|version:{__version__}"
    )


def test_false_and_none_are_left_out_and_true_is_yes():
    assert signature("LaMP_4", 1, extracted=False, confidence=None) == f"task:LaMP_4|n:1|rule:1|version:{__version__}"
    assert "|extracted:yes|" in signature("LaMP_4", 1, extracted=True)


def test_clusters_are_named_with_the_number_of_users():
    assert "|clusters:users|users:12|seed:0|" in signature("LaMP_4", 40, **clustered(12), seed=0)
    assert clustered(None) == {}
