from lamp_dataset import __version__
from lamp_metric.signature import signature
from lamp_metric.statistics.resampling import Resampling


def test_false_and_none_are_left_out_and_true_is_yes():
    assert signature("LaMP_4", 1, extracted=False, confidence=None) == f"task:LaMP_4|n:1|rule:1|version:{__version__}"
    assert "|extracted:yes|" in signature("LaMP_4", 1, extracted=True)


def test_clusters_are_named_with_the_number_of_users():
    assert "|clusters:users|users:12|confidence:0.95|" in signature("LaMP_4", 40, Resampling(), 12)
    assert "clusters" not in signature("LaMP_4", 40, Resampling())
