import pytest
from made_users import Users


@pytest.fixture(scope="session")
def gainers():
    """Users with large profiles gain."""
    return Users("LaMP_3_time", effect=True)


@pytest.fixture(scope="session")
def nobody_gains():
    return Users("LaMP_3_time", effect=False)
