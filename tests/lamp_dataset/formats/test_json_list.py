import io
import json
import random

import made_up
import pytest

from lamp_dataset.formats import json_list
from lamp_dataset.formats.json_list import MARK, JsonList, first_rows
from lamp_dataset.tasks import TASKS

KEYS = ("input", "profile", "user_id")
STYLES = [{}, {"separators": (",", ":")}, {"indent": 2}, {"separators": ("\r\n,\t", ":\n")}, {"ensure_ascii": False}]


def source(content, block_bytes=500, **options):
    text = content if isinstance(content, (str, bytes)) else json.dumps(content)
    return JsonList(
        io.BytesIO(text if isinstance(text, bytes) else text.encode()), "q.json", KEYS, block_bytes, **options
    )


def rows_of(block):
    """The rows of a block, whose document must be whole."""
    first, *rows, last = json.loads(block.document)["rows"]
    assert first == last == {"id": MARK}
    assert json.loads(b"[%b]" % block.rows) == rows
    return rows


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("name", ["LaMP_1", "LaMP_3_time", "LaMP_7"])
def test_blocks_hold_all_rows_in_order(name, style):
    for seed in range(2):
        made = made_up.shuffled_keys(made_up.rows(TASKS[name], 40, seed=seed), seed)
        for block_bytes in (90, 700, 1 << 20):
            opened = source(json.dumps(made, **style), block_bytes)
            assert [row for block in opened.blocks() for row in rows_of(block)] == made
            assert opened.complete


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_rows_are_what_json_reads_with_numbers_as_spelled(style):
    made = made_up.rows(TASKS["LaMP_5"], 20)
    opened = source([{**row, "n": 5, "x": [1.50]} for row in made], **{})
    assert list(opened.rows()) == [{**row, "n": "5", "x": ["1.5"]} for row in made]
    assert opened.complete


def test_rows_go_on_where_blocks_were_put_back():
    made = made_up.rows(TASKS["LaMP_4"], 60)
    for kept in range(4):
        opened = source(made, 600)
        blocks = opened.blocks()
        taken = [next(blocks) for _ in range(kept + 3)]
        blocks.close()
        before = [row for block in taken[:kept] for row in rows_of(block)]
        opened.put_back(taken[kept:])
        assert before + list(opened.rows()) == made


def test_a_block_that_closes_the_list_itself_lacks_a_mark():
    opened = source('[{"input": 1}], "x": [{"input": 2}]', 1 << 20)
    document = json.loads(next(opened.blocks()).document)
    assert [row["id"] for row in document["rows"] if "id" in row] == [MARK]


def test_wrapped_lists_and_the_task_they_give():
    made = made_up.rows(TASKS["LaMP_6"], 10)
    for wrapped in ({"task": "LaMP_6", "golds": made}, {"golds": made, "task": "LaMP_6"}, {"golds": made}):
        tasks = []
        assert list(source(wrapped, check_task=tasks.append).rows()) == made
        found = source(json.dumps(wrapped, indent=1), check_task=tasks.append)
        assert [row for block in found.blocks() for row in rows_of(block)] == made
        assert tasks == ["LaMP_6"] * (2 * ("task" in wrapped))


@pytest.mark.parametrize("text", ["[]", " [ ] ", '{"golds": []}'])
def test_an_empty_list_has_no_rows(text):
    opened = source(text)
    assert (list(opened.rows()), opened.complete) == ([], True)
    opened = source(text)
    assert (list(opened.blocks()), opened.complete) == ([], True)


@pytest.mark.parametrize("length", [300, 3_000])
def test_rows_that_begin_with_a_long_plain_string_are_cut(length):
    made = [{"more": 'a "b" \\' * (length // 10), **row} for row in made_up.rows(TASKS["LaMP_4"], 50)]
    opened = source(made, 20_000)
    blocks = list(opened.blocks())
    assert len(blocks) > 2
    assert [row for block in blocks for row in rows_of(block)] == made


def test_the_search_for_a_place_to_cut_is_bounded(monkeypatch):
    """Rows whose start is longer than the window around a key: the file goes to the other reader, in linear time."""

    class Counting:
        calls = 0

        def __init__(self, pattern):
            self.pattern = pattern

        def finditer(self, *arguments):
            Counting.calls += 1
            return self.pattern.finditer(*arguments)

    monkeypatch.setattr(json_list, "MAX_BLOCK_BYTES", 1 << 20)
    made = [{"more": "x" * 100, "l": [], "y": "x" * 5_000, "input": "a", "profile": []} for _ in range(1_000)]
    opened = source(made, 1 << 16)
    opened._row_end = Counting(opened._row_end)
    assert list(opened.blocks()) == []
    assert Counting.calls <= (1 << 20 >> 16) * json_list._MAX_TRIES
    assert list(opened.rows()) == made


def test_first_rows_end_where_one_cannot_be_read():
    assert list(first_rows(memoryview(b'{"a": 1}, {"b": "2"}, {"c'))) == [{"a": "1"}, {"b": "2"}]
    assert list(first_rows(memoryview(b"[" * 100_000))) == []


def test_seeded_damage_gives_the_rows_or_an_error():
    good = json.dumps(made_up.rows(TASKS["LaMP_7"], 8, items=(1, 3))).encode()
    r = random.Random(11)
    outcomes = {"rows": 0, "error": 0}
    for _ in range(2_000):
        at = r.randrange(len(good))
        data = good[:at] + bytes([r.choice(b'{}[]",:\\ \n\xff0n')]) + good[at + r.randrange(2) :]
        try:
            found = list(source(data).rows())
        except ValueError:
            outcomes["error"] += 1
            continue
        outcomes["rows"] += 1
        assert found == json.loads(data, parse_int=str, parse_float=str)
    assert min(outcomes.values()) > 300
