from types import SimpleNamespace

import pytest

from lamp_dataset.hub.errors import ContentError, RefusedError
from lamp_dataset.hub.guard import HIDE_AT_ONCE, look_private, open_private, require_unseen
from lamp_dataset.hub.remote import RepositoryState

PRIVATE, PUBLIC = RepositoryState("abc", private=True), RepositoryState("abc", private=False)


def remote(*states, seen=False):
    """A repository that looks like ``states``, one after the other; ``asked`` keeps what was asked of it."""
    asked, left = [], iter(states)
    return SimpleNamespace(
        repo_id="me/lamp",
        url="https://hub.example/datasets/me/lamp",
        so_far="nothing was sent",
        asked=asked,
        look=lambda: asked.append("look") or next(left),
        create=lambda: asked.append("create"),
        check_may_write=lambda: asked.append("may write"),
        is_seen_by_strangers=lambda: asked.append("stranger") or seen,
    )


def test_a_repository_is_made_if_missing_and_looked_at_by_its_owner_and_a_stranger():
    there = remote(PRIVATE, PRIVATE)
    assert open_private(there, dry_run=False) == PRIVATE
    assert there.asked == ["look", "may write", "look", "stranger"]
    assert open_private(missing := remote(None), dry_run=True) is None
    assert missing.asked == ["look"]
    assert open_private(missing := remote(None, PRIVATE), dry_run=False) == PRIVATE
    assert missing.asked == ["look", "create", "may write", "look", "stranger"]


@pytest.mark.parametrize("there", [remote(PUBLIC), remote(None), remote(PRIVATE, seen=True)])
def test_public_gone_or_seen_is_refused(there):
    with pytest.raises(RefusedError, match=r"me/lamp.*nothing was sent"):
        require_unseen(there)


def test_between_two_portions_only_the_owner_looks_and_after_the_commit_the_advice_is_another():
    assert look_private(there := remote(PRIVATE)) == PRIVATE
    assert there.asked == ["look"]
    with pytest.raises(RefusedError, match=f"{HIDE_AT_ONCE}: https://hub.example/datasets/me/lamp/settings"):
        require_unseen(remote(PUBLIC), HIDE_AT_ONCE)


def test_a_script_that_keeps_datasets_from_loading_is_found_before_anything_is_sent():
    unreadable = RepositoryState("abc", private=True, paths=frozenset(["README.md", "lamp.py"]))
    with pytest.raises(ContentError, match=r"me/lamp: holds lamp\.py.*nothing was sent"):
        open_private(remote(PRIVATE, unreadable), dry_run=True)
    other = RepositoryState("abc", private=True, paths=frozenset(["train.py"]))
    assert require_unseen(remote(other)) == other
