import pytest
from huggingface_hub import CommitOperationAdd

from lamp_dataset.hub.client_internals import client_factory, is_committed, is_ignored

pytestmark = pytest.mark.oldest


def test_the_factory_found_is_the_one_that_was_set():
    set_factory, old = client_factory()
    try:
        set_factory(make := lambda: None)
        assert client_factory()[1] is make
    finally:
        set_factory(old)
    assert client_factory()[1] is old


def test_a_new_file_is_neither_ignored_nor_committed():
    new = CommitOperationAdd("a.txt", b"a")
    assert not is_ignored(new)
    assert not is_committed(new)
