from lamp_dataset import __version__
from lamp_metric.signature import RULE, signature


def test_it_names_task_samples_rule_options_and_version_in_this_order():
    assert signature("LaMP_4", 2500, test="x", seed=0) == (
        f"task:LaMP_4|n:2500|rule:{RULE}|test:x|seed:0|version:{__version__}"
    )


def test_false_and_none_are_left_out_and_true_is_yes():
    assert signature("LaMP_4", 1, extracted=False, confidence=None) == f"task:LaMP_4|n:1|rule:1|version:{__version__}"
    assert "|extracted:yes|" in signature("LaMP_4", 1, extracted=True)
