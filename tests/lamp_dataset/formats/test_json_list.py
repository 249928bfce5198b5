import io
import json
import re

import made_up
import pytest

from lamp_dataset.formats import json_files as json_list
from lamp_dataset.formats.json_files import MARK, JsonList
from lamp_dataset.formats.texts import Number
from lamp_dataset.tasks import TASKS

KEYS = ("input", "profile", "user_id")
STYLES = [{}, {"separators": (",", ":")}, {"indent": 2}, {"separators": ("\r\n,\t", ":\n")}, {"ensure_ascii": False}]


def source(content, block_bytes=500, **options):
    data = content if isinstance(content, bytes) else content.encode()
    return JsonList(io.BytesIO(data), "q.json", KEYS, block_bytes, **options)


def rows_of(block):
    """The rows of a block, whose document must be whole."""
    first, *rows, last = json.loads(block.document)["rows"]
    assert first == last == {"id": MARK}
    assert json.loads(b"[%b]" % block.rows) == rows
    return rows


def all_rows(opened):
    """The rows of all blocks, and then those that are left: at least one, if there are any."""
    of_blocks = [row for block in opened.blocks() for row in rows_of(block)]
    left = list(opened.rows())
    assert left or not of_blocks
    return of_blocks + left


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("name", ["LaMP_1", "LaMP_3_time", "LaMP_7"])
def test_blocks_and_the_rows_after_them_are_all_rows_in_order(name, style):
    for seed in range(2):
        made = made_up.shuffled_keys(made_up.rows(TASKS[name], 40, seed=seed), seed)
        for block_bytes in (90, 700, 1 << 20):
            assert all_rows(source(json.dumps(made, **style), block_bytes)) == made


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_rows_are_what_json_reads_with_numbers_as_spelled(style, monkeypatch):
    monkeypatch.setattr(json_list, "HEAD_BYTES", 2)
    made = [{**row, "n": 5, "x": [1.50, "5", -1e3, True, None]} for row in made_up.rows(TASKS["LaMP_5"], 20)]
    for block_bytes in (1, 700, 1 << 20):  # cut anywhere, and nowhere
        found = list(source(json.dumps(made, **style), block_bytes).rows())
        assert found == [{**row, "n": "5", "x": ["1.5", "5", "-1000.0", True, None]} for row in made]
        assert [type(value) for value in found[0]["x"][:3]] == [Number, str, Number]


def test_rows_go_on_where_blocks_were_put_back():
    made = made_up.rows(TASKS["LaMP_4"], 60)
    for kept in range(4):
        opened = source(json.dumps(made), 600)
        blocks = opened.blocks()
        taken = [next(blocks) for _ in range(kept + 3)]
        blocks.close()
        before = [row for block in taken[:kept] for row in rows_of(block)]
        opened.put_back(taken[kept:])
        assert before + list(opened.rows()) == made


def test_a_block_that_closes_the_list_itself_lacks_a_mark():
    opened = source('[{"input": 1}], "x": [{"input": 2}, {"input": 3}]', 1 << 20)
    document = json.loads(next(opened.blocks()).document)
    assert [row["id"] for row in document["rows"] if "id" in row] == [MARK]


def test_wrapped_lists_and_the_task_they_give():
    made = made_up.rows(TASKS["LaMP_6"], 10)
    for wrapped in ({"task": 'LaMP_"6', "golds": made}, {"golds": made, "task": 'LaMP_"6'}, {"golds": made}):
        for style in STYLES:
            tasks = []
            assert all_rows(source(json.dumps(wrapped, **style), check_task=tasks.append)) == made
            assert tasks == ['LaMP_"6'] * ("task" in wrapped)


@pytest.mark.parametrize("text", ["[]", " [ ] ", '{"golds": []}'])
def test_an_empty_list_has_no_rows(text):
    assert all_rows(source(text)) == []


@pytest.mark.parametrize("length", [300, 3_000])
def test_rows_that_begin_with_a_long_plain_string_are_cut(length):
    made = [{"more": 'a "b" \\' * (length // 10), **row} for row in made_up.rows(TASKS["LaMP_4"], 50)]
    assert len(list(source(json.dumps(made), 20_000).blocks())) > 2
    assert all_rows(source(json.dumps(made), 20_000)) == made


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
    opened = source(json.dumps(made), 1 << 16)
    opened._row_end = Counting(opened._row_end)
    assert list(opened.blocks()) == []
    assert Counting.calls <= (1 << 20 >> 16) * json_list._MAX_TRIES
    assert list(opened.rows()) == made


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("[", "the file ends in the middle of the list, at byte 1"),
        ("[{}", "expected ',' or ']' at byte 3, but the file ends"),
        ("[{}] [", "expected the end of the file at byte 5, found '['"),
        ('{"golds": [{}]', "expected '}' after the list, at byte 14"),
        ('{"golds": [{}], "more": 1}', "expected '}' after the list"),
        ('{"golds": [{}]} x', "at byte 16, found 'x'"),
        ("[5]", 'expected an object as row, found "5" at byte 1'),
        ('[{"a": "b', "the row that begins at byte 1 does not end"),
        ('[{"a": "b\\', "does not end"),
        ('[{"é": "漢"}, {"a": "\\x', "Invalid \\escape at byte 23"),
        ('[{"a": "\\u12"', "escape at byte 9"),
        ('[{"a": [}]', "at byte 8"),
        ('[{"a": ' + "[" * 100_000, "nested too deep"),
        (b'[{"\xc3\xa9": 1}, {"\xff": 1}]', "expected UTF-8, found b'\\xff' at byte 14"),
    ],
)
def test_what_is_not_a_list_of_objects_is_named_with_its_place(text, fact, monkeypatch):
    monkeypatch.setattr(json_list, "HEAD_BYTES", 11)
    with pytest.raises(ValueError, match=rf"q\.json: .*{re.escape(fact)}"):
        list(source(text, 1).rows())


def test_a_row_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(json_list, "MAX_ROW_BYTES", 1_000)
    with pytest.raises(ValueError, match="begins at byte 1 does not end"):
        list(source('[{"' + "x" * 1_000_000).rows())
