import pytest
from accounting_kit import loaded


@pytest.fixture
def tables(repository):
    """The shipped tables and pack files."""
    return loaded(repository)
