import pytest
from made_users import Gainers


@pytest.fixture(scope="session")
def gainers():
    """Users with large profiles gain."""
    return Gainers("LaMP_3_time", effect=True)


@pytest.fixture(scope="session")
def nobody_gains():
    return Gainers("LaMP_3_time", effect=False)
