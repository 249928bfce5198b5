"""Every code block of README and manual runs, each as a test of its own that is named by file and line."""

import pytest
from blocks import PAGES, RUN, SHOWN, blocks_of, run

BLOCKS = [block for path in PAGES for block in blocks_of(path)]
RUNNING = [block for block in BLOCKS if block.language in RUN and block.kind != "not run"]


@pytest.mark.parametrize("block", RUNNING, ids=str)
def test_block_runs_and_shows_what_it_says(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(block)


def test_blocks_of_both_languages_run_and_the_others_say_why_not():
    assert {block.language for block in RUNNING} >= set(RUN)
    others = [block for block in BLOCKS if block not in RUNNING and block.language not in SHOWN]
    assert [str(block) for block in others if block.language not in RUN or not block.reason] == []
