import io
import json

import made_up
import pyarrow as pa
import pytest
from made_up import GOOD

from lamp_dataset.loading.rows import read_golds, read_tables
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.oldest


def load(text, task, golds=None, block_bytes=1 << 20):
    data = text if isinstance(text, bytes) else text.encode()
    tables = list(read_tables(io.BytesIO(data), "q.json", task, golds, "o.json", block_bytes))
    return pa.concat_tables(tables).to_pylist()


@pytest.mark.parametrize("block_bytes", [200, 1 << 20])
@pytest.mark.parametrize("name", TASKS)
def test_rows_get_their_golds_by_id(name, block_bytes):
    task = TASKS[name]
    made = made_up.rows(task, 40)
    golds = made_up.golds(task, made)
    assert load(json.dumps(made), task, golds, block_bytes) == made_up.expected(task, made, golds)
    assert load(json.dumps(made), task, None, block_bytes) == made_up.expected(task, made)


def test_a_sample_without_its_instruction_is_kept_verbatim():
    task = TASKS["LaMP_2"]
    made = made_up.rows(task, 9)
    made[0]["input"] = "x Lost in the fog by the lighthouse"
    assert load(json.dumps(made), task)[0]["input"] == "x Lost in the fog by the lighthouse"


@pytest.mark.parametrize(
    ("loaded_as", "file_of", "message"),
    [
        (
            "LaMP_1",
            "LaMP_5",
            "expected inputs of LaMP_1 that begin 'For an .* \\(the input begins like those of LaMP_5",
        ),
        ("LaMP_5", "LaMP_1", "those of LaMP_1\\)"),
        ("LaMP_4", "LaMP_6", "those of LaMP_6\\)"),
        ("LaMP_6", "LaMP_4", "those of LaMP_4\\)"),
        ("LaMP_2", "LaMP_2_news", "expected a string as 'tag' .* those of LaMP_2_news\\)"),
        ("LaMP_2_news", "LaMP_2", "expected a string as 'text' .* those of LaMP_2\\)"),
        ("LaMP_7", "LaMP_3", "those of LaMP_3\\)"),
        ("LaMP_4_time", "LaMP_4", "sample '10' has no 'user_id': is this a file of the user-based setting, LaMP_4"),
        ("LaMP_4", "LaMP_4_time", "sample '10' has a 'user_id': this is a file of the time-based setting, LaMP_4_time"),
    ],
)
def test_the_file_of_another_config_is_recognized(loaded_as, file_of, message):
    text = json.dumps(made_up.rows(TASKS[file_of], 5, items=(1, 3)))
    with pytest.raises(ValueError, match=message):
        load(text, TASKS[loaded_as])


def test_file_names_in_place_of_mails_and_profile_texts_are_recognized():
    task = TASKS["LaMP_6"]
    stubs = [{"id": "500", "input": "147-000874-EM.txt", "profile": [{"text": "147-000137-EM.txt", "id": "5000"}]}]
    message = "file names .*first '147-000874-EM.txt'. Build"
    with pytest.raises(ValueError, match=message):
        load(json.dumps(stubs), task)
    stubs[0]["profile"][0]["title"] = "x"
    with pytest.raises(ValueError, match=message):
        load(json.dumps(stubs), task)
    stubs[0]["input"] = f"{task.instruction} hello"
    with pytest.raises(ValueError, match="first '147-000875-EM.txt'"):
        load(json.dumps(stubs), task, {"500": "147-000875-EM.txt"})
    made = made_up.rows(task, 3, items=(2, 2), odd=False)
    made[1]["profile"][1]["title"] = "147-000137-EM.txt"
    with pytest.raises(ValueError, match="file names .*first '147-000137-EM.txt'"):
        load(json.dumps(made), task)


@pytest.mark.parametrize("block_bytes", [1, 1 << 20])
def test_whether_a_file_is_of_the_task_does_not_hang_on_order_or_block_size(block_bytes):
    task = TASKS["LaMP_2"]
    made = made_up.rows(task, 40, odd=False)
    for row in made[:15]:
        row["input"] = "x Lost in the fog by the lighthouse"
    assert load(json.dumps(made), task, block_bytes=block_bytes) == made_up.expected(task, made)
    assert load(json.dumps(made[:1]), task) == made_up.expected(task, made[:1])
    with pytest.raises(ValueError, match="expected inputs of LaMP_2 that begin .*, found 'x Lost in the fog"):
        load(json.dumps(made[:20]), task, block_bytes=block_bytes)


def test_the_golds_of_another_task_of_the_same_name_are_recognized():
    found = dict.fromkeys("123", "politics")
    data = json.dumps(made_up.outputs(TASKS["LaMP_2"], found)).encode()
    with pytest.raises(ValueError, match="labels of LaMP_2 .* 3 .*'politics' .* label of LaMP_2_news"):
        read_golds(data, "o.json", TASKS["LaMP_2"])
    assert read_golds(data, "o.json", TASKS["LaMP_2_news"]) == found
    one_odd = {**found, "4": "no label"}
    data = json.dumps(made_up.outputs(TASKS["LaMP_2"], one_odd)).encode()
    assert read_golds(data, "o.json", TASKS["LaMP_2_news"]) == one_odd
    ratings = b'{"task": "LaMP_2", "golds": [{"id": "30", "output": "5"}]}'
    assert read_golds(ratings, "o.json", TASKS["LaMP_3"]) == {"30": "5"}
    with pytest.raises(ValueError, match="o.json: expected the golds of task 'LaMP_4', found 'LaMP_2'"):
        read_golds(ratings, "o.json", TASKS["LaMP_4"])


def test_golds_missing_or_extra():
    task = TASKS["LaMP_4"]
    made = json.loads(GOOD)
    golds = made_up.golds(task, made)
    with pytest.raises(ValueError, match="o.json has 1 .*q.json.*'99'"):
        load(GOOD, task, {**golds, "99": "x"})
    del golds["13"]
    with pytest.raises(ValueError, match="q.json .*o.json .*1; .*'13'"):
        load(GOOD, task, golds)
