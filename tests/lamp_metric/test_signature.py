from lamp_metric.signature import signature
from lamp_metric.statistics.resampling import Resampling


def test_clusters_are_named_with_the_number_of_users():
    assert "|clusters:users|users:12|confidence:0.95|" in signature("LaMP_4", 40, Resampling(), 12)
    assert "clusters" not in signature("LaMP_4", 40, Resampling())
