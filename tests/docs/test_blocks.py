"""Every code block of README and manual runs, each as a test of its own that is named by file and line."""

import pytest
from blocks import PAGES, RUN, SHOWN, blocks_of, run

BLOCKS = [block for path in PAGES for block in blocks_of(path)]


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language in RUN and b.kind != "not run"], ids=str)
def test_block_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(block)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language not in RUN or b.kind == "not run"], ids=str)
def test_block_that_does_not_run_says_why(block):
    assert block.language in SHOWN or (block.language in RUN and block.reason)


def test_both_languages_are_among_the_blocks():
    assert {block.language for block in BLOCKS if block.kind != "not run"} >= set(RUN)
