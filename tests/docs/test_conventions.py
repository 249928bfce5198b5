"""The convention for code blocks: what runs, in which order, and how a failure names its place."""

import subprocess
import sys
from pathlib import Path

import pytest
from blocks import blocks_of, run, steps_to
from console import COMMANDS

PAGE = """\
<!-- setup -->
```python
base = 1
```

```python
base + 1  # 2
```

<!-- goes on -->
```python
base + 2
# 4
```

1. A list.

   <!-- not run: it would
   take long -->
   ```console
   $ sleep 1000
   ```

```console
$ python -c "print('three', 'words')"
three …
```
"""


@pytest.fixture
def blocks(tmp_path):
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")
    return blocks_of(tmp_path / "page.md")


def test_blocks_have_place_kind_and_reason(blocks):
    found = [(block.line, block.language, block.kind, block.reason) for block in blocks]
    assert found == [
        (3, "python", "setup", None),
        (7, "python", "", None),
        (12, "python", "goes on", None),
        (21, "console", "not run", "it would\n   take long"),
        (25, "console", "", None),
    ]
    assert blocks[3].text == "$ sleep 1000\n"


def test_setup_runs_before_each_block_and_a_block_that_goes_on_after_the_one_before(blocks):
    setup, first, second, _, last = blocks
    assert steps_to(setup) == [setup]
    assert steps_to(second) == [setup, first, second]
    assert steps_to(last) == [setup, last]


def test_a_value_that_is_not_as_shown_fails_with_file_and_line(blocks):
    run(blocks[1])
    with pytest.raises(AssertionError, match=r"page\.md:12: shown is 4\nfound is 3"):
        run(blocks[2])


def test_output_that_does_not_come_fails_with_file_and_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```console\n$ python -c \"print('three')\"\nfour\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"page\.md:2: python .* does not print 'four'"):
        run(blocks_of(page)[0])


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_blocks_are_installed(command):
    result = subprocess.run([Path(sys.executable).with_name(command), "--version"], capture_output=True, text=True)
    assert (result.returncode, result.stdout.split(",")[0]) == (0, command), result.stderr
