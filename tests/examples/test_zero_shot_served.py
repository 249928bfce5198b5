"""examples/zero_shot.py --api: a served model, and a server that fails."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import example
import pytest
from fake_model import NAME

from lamp_dataset import SAMPLE, Personalizer, item_prompts, load_split, users_of
from lamp_dataset.formats.outputs import read_outputs
from lamp_dataset.personalize.prompt_files import write_prompts
from lamp_dataset.tasks import get_task
from lamp_metric.harness.rows_and_answers import MAX_ANSWER

pytestmark = pytest.mark.models

SCRIPT = example.FOLDER / "zero_shot.py"
AWAY = "https://models.invalid/v1"
#: Runs a script where torch and transformers are not to be found.
LIGHT = """
import runpy, sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *more: None if name in ("torch", "transformers") else find(name, *more)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def fake(fake):
    fake.answer = lambda text: str(1 + len(text) % 5)
    return fake


def given(url, target, **options):
    known = {"config": "LaMP_3", "data_dir": "sample", "k": 1, "model": NAME, "api": url, "output": target}
    return [*example.words(**{name: value for name, value in (known | options).items() if value is not None})]


@pytest.fixture
def main():
    return example.load("zero_shot").main


def command(arguments):
    """The script in a process of its own, without torch and transformers."""
    return [sys.executable, "-c", LIGHT, str(SCRIPT), *arguments]


def run(arguments, **environment):
    return subprocess.run(command(arguments), capture_output=True, text=True, env=os.environ | environment)


def answers(output):
    """The entries of the file of answers."""
    lines = map(json.loads, Path(f"{output}.answers.jsonl").read_bytes().splitlines())
    return [line for line in lines if "format" not in line]


@pytest.mark.parametrize("more", [{}, {"completions": True}])
def test_the_real_model_behind_a_real_server(real_model, served_model, tmp_path, more, main, capsys):
    output = tmp_path / "predictions.json"
    options = {"model": real_model, "max_answer": 8, "limit": 2, "config": "LaMP_4"}
    scores = main(given(served_model, output, **options, **more))
    predictions = read_outputs(output, get_task("LaMP_4"))
    assert len(predictions.by_id) == 2
    found = {entry["id"]: entry for entry in answers(output)}
    assert {name: entry["output"].strip() for name, entry in found.items()} == dict(predictions.by_id)
    assert {entry["model"] for entry in found.values()} == {real_model}
    assert {entry["finish_reason"] for entry in found.values()} <= {"length", "stop"}
    cut = sum(entry["finish_reason"] == "length" for entry in found.values())
    assert not cut or f"note: {cut} answer" in capsys.readouterr().err
    assert set(scores) == {"rouge-1", "rouge-L", "rouge-1_ci", "rouge-L_ci"}


def test_without_torch_predictions_are_official_and_what_the_server_said_is_kept_beside_them(fake, tmp_path):
    output, fake.key = tmp_path / "predictions.json", "sk-right-0123456789"
    done = run(given(fake.url, output), OPENAI_API_KEY=fake.key, OPENAI_LOG="debug")
    assert (done.returncode, "MAE_ci" in done.stdout) == (0, True), done.stderr
    assert "finish reasons: stop 3" in done.stderr
    predictions = read_outputs(output, get_task("LaMP_3"))
    assert list(predictions.by_id) == ["210", "211", "2110"]
    sent = {"max_tokens": MAX_ANSWER, "temperature": 0, "seed": 0}
    expected = [
        {"id": name, "output": text, "finish_reason": "stop", "model": "made-up-1.7", "sent": sent}
        for name, text in predictions.by_id.items()
    ]
    found = sorted(answers(output), key=lambda entry: list(predictions.by_id).index(entry["id"]))
    assert len({entry.pop("asked") for entry in found}) == 3
    assert found == expected
    assert sorted(os.listdir(tmp_path)) == ["predictions.json", "predictions.json.answers.jsonl"]
    files = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert "0123456789" not in files + done.stdout + done.stderr, "the key is in no file and no log"


def test_several_answers_to_each_sample_are_lists_with_scores_of_their_own(fake, tmp_path, main):
    output = tmp_path / "four.json"
    seeds = iter(range(100))
    fake.answer = lambda text: str(1 + next(seeds) % 5)
    scores = main(given(fake.url, output, n=4, temperature=0.7, concurrency=1))
    found = read_outputs(output, get_task("LaMP_3")).by_id
    assert found == {"210": ["1", "2", "3", "4"], "211": ["5", "1", "2", "3"], "2110": ["4", "5", "1", "2"]}
    assert len(scores) == 4
    assert {entry["sent"]["seed"] for entry in answers(output)} == {0, 1, 2, 3}
    before = output.read_bytes()
    main(given(fake.url, output, n=2, temperature=0.7))  # of which two are known
    main(given(fake.url, output, n=4, temperature=0.7))
    assert (len(fake.questions), output.read_bytes()) == (12, before)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        *(({"n": 4}, "several answers"), ({"n": 0}, "several answers")),
        *(({"temperature": -1}, "several answers"), ({"temperature": "nan"}, "several answers need a temperature")),
        ({"model_of_user": "adapter"}, "expected a name with {user} in it, found 'adapter'"),
        ({"model_of_user": "adapter-{user}"}, "not allowed with"),
        ({"api": None, "model": "{user}"}, "--model-of-user needs --api"),
        ({"prompts": "p.parquet"}, "--prompts are made already; leave out k"),
    ],
)
def test_options_that_do_not_go_together(more, said, tmp_path, main, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(given(**{"url": "http://127.0.0.1:1/v1", "target": tmp_path / "p.json"} | more))
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("config", ["LaMP_3", "LaMP_3_time"])
def test_each_sample_is_asked_of_its_users_own_model(fake, tmp_path, main, config):
    rows = load_split(config, "validation", SAMPLE)
    whose = [f"adapter-{user}" for user in users_of(rows)]
    fake.adapters = tuple(whose)
    fake.change = lambda completion: completion | {"model": fake.questions[-1]["model"]}
    for limit in (2, None):
        more = {"model": None, "model_of_user": "adapter-{user}", "config": config, "concurrency": 1, "limit": limit}
        main(given(fake.url, tmp_path / "own.json", **more))
    assert [question["model"] for question in fake.questions] == whose
    assert {entry["id"]: entry["model"] for entry in answers(tmp_path / "own.json")} == dict(
        zip(rows["id"], whose, strict=True)
    )
    main(given(fake.url, tmp_path / "own.json", config=config))  # the same prompts of one model for all
    assert len(fake.questions) == 2 * len(rows)


@pytest.mark.parametrize("name", ["items.parquet", "items.jsonl"])
@pytest.mark.parametrize("more", [{}, {"completions": True}, {"no_system": True}, {"n": 2, "temperature": 0.5}])
def test_a_file_of_prompts_is_asked_as_it_is_and_a_stopped_run_goes_on(fake, tmp_path, main, name, more):
    rows = load_split("LaMP_4", "validation", SAMPLE)
    prompts = item_prompts(rows, Personalizer("LaMP_4"), top=2)
    write_prompts(prompts, str(tmp_path / name))
    options = {"config": "LaMP_4", "prompts": tmp_path / name, "k": None, "data_dir": None, "concurrency": 1}
    for limit in (4, None):
        main(given(fake.url, tmp_path / "p.json", **options | more, limit=limit))
    assert len(fake.questions) == 9 * more.get("n", 1)
    assert list(read_outputs(tmp_path / "p.json").by_id) == prompts["id"][:]
    last = fake.questions[-1]
    asked = last["prompt"] if more.get("completions") else last["messages"][-1]["content"]
    assert asked == prompts[-1]["source"]
    assert len(last.get("messages", [1, 2])) == (1 if more.get("no_system") else 2)


def test_gated_prompts_leave_this_machine_only_with_the_license_whatever_config_is_named(fake, tmp_path, main):
    rows = load_split("LaMP_6", "validation", SAMPLE)
    write_prompts(item_prompts(rows, Personalizer("LaMP_6"), top=1), str(tmp_path / "items.parquet"))
    options = {"prompts": tmp_path / "items.parquet", "k": None, "data_dir": None}
    for config, url, said in (("LaMP_6", AWAY, "--acknowledge-license"), ("LaMP_4", fake.url, "expected prompts of L")):
        with pytest.raises(ValueError, match=said):
            main(given(url, tmp_path / "p.json", config=config, **options))
    assert sorted(os.listdir(tmp_path)) == ["items.parquet"]


def test_an_error_is_one_line_without_the_key(fake, tmp_path):
    fake.key = "sk-right-0123456789"
    done = run(given(fake.url, tmp_path / "p.json"), OPENAI_API_KEY="sk-wrong-0123456789")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"error: {fake.url}: answered 401 (Incorrect API key")
    assert "0123456789" not in done.stderr
    assert os.listdir(tmp_path) == []


def test_what_was_answered_is_never_asked_again(fake, tmp_path, main):
    output = tmp_path / "predictions.json"
    main(given(fake.url, output, limit=1))
    assert len(fake.questions) == 1
    scores = main(given(fake.url, output, concurrency=2, timeout=30))  # how they are asked decides nothing
    assert len(fake.questions) == 3
    before = output.read_bytes()
    output.unlink()
    assert main(given(fake.url, output)) == scores
    assert len(fake.questions) == 3
    assert output.read_bytes() == before


@pytest.mark.parametrize("option", [{"k": 2}, {"model": "made-up-2"}, {"max_answer": 7}, {"data_dir": "changed"}])
def test_what_is_no_longer_the_same_question_is_asked_again_and_the_answers_are_kept(
    fake, tmp_path, main, option, monkeypatch, caplog
):
    output = tmp_path / "predictions.json"
    main(given(fake.url, output))
    first = answers(output)
    monkeypatch.setattr("fake_model.NAME", option.get("model", NAME))
    if "data_dir" in option:
        option = {"data_dir": shutil.copytree(SAMPLE, tmp_path / "data")}
        path = tmp_path / "data" / "LaMP_3" / "dev" / "dev_questions.json"
        path.write_text(path.read_text(encoding="utf-8").replace(" the ", " that "), encoding="utf-8")
    for _ in range(2):
        main(given(fake.url, output, **option))
        assert len(fake.questions) == 6
    assert answers(output)[:3] == first
    assert "3 answers to another prompt, model or option" in caplog.text


@pytest.mark.parametrize(
    ("name", "empty"), [("p.json", "other"), ("p.json", "p.json.answers.jsonl"), ("p.json.answers.jsonl", "other")]
)
def test_a_file_that_no_run_made_is_left_as_it_is(fake, tmp_path, main, name, empty):
    (tmp_path / name).write_text("half a download")
    (tmp_path / empty).touch()
    with pytest.raises(
        (ValueError, FileExistsError), match=rf"{name}: (is there already|expected a file of an earlier run)"
    ):
        main(given(fake.url, tmp_path / "p.json"))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {name: "half a download", empty: ""}
    assert fake.questions == []


@contextmanager
def started(arguments, stderr=subprocess.DEVNULL):
    with subprocess.Popen(command(arguments), stderr=stderr, stdout=subprocess.DEVNULL, text=True) as process:
        yield process


def test_a_killed_run_loses_no_answer_and_asks_none_twice_and_a_second_one_at_its_time_is_refused(fake, tmp_path, main):
    whole, output = tmp_path / "whole.json", tmp_path / "killed.json"
    main(given(fake.url, whole))
    texts = {question["messages"][-1]["content"] for question in fake.questions}
    first, answer, fake.questions = threading.Event(), fake.answer, []

    def all_but_the_first_hang(text):
        if first.is_set():
            fake.released.wait(60)
        first.set()
        return answer(text)

    fake.answer = all_but_the_first_hang
    with started(given(fake.url, output)) as process:
        while not (os.path.exists(f"{output}.answers.jsonl") and len(answers(output)) == 1):
            threading.Event().wait(0.01)  # the test's own time-out ends it
        with pytest.raises(BlockingIOError, match=r"killed.json: another run is writing it"):
            main(given(fake.url, output))
        process.send_signal(signal.SIGKILL)
    assert not output.exists()
    [kept] = answers(output)
    fake.answer, fake.questions = answer, []
    main(given(fake.url, output))
    assert {question["messages"][-1]["content"] for question in fake.questions} < texts
    assert len(fake.questions) == 2
    assert kept in answers(output)
    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_but_the_answers_and_keeps_those_on_their_way(fake, tmp_path, number):
    output, asked = tmp_path / "predictions.json", threading.Barrier(3)

    def hang(text):
        asked.wait(60)
        fake.released.wait(60)
        return "4"

    fake.answer = hang
    with started(given(fake.url, output, concurrency=2), subprocess.PIPE) as process:
        asked.wait(60)
        process.send_signal(number)
        fake.released.set()
        said = process.stderr.read()
    assert process.returncode == 128 + number
    assert said.endswith("stopped; the same command asks for the rest\n")
    assert len(answers(output)) == 2
    assert os.listdir(tmp_path) == ["predictions.json.answers.jsonl"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "nobody"}, rf"sample '21\d+': .*answered 404 .*it has the models {NAME}; kept 0 answers"),
        ({"api": "http://127.0.0.1:1/v1"}, r"http://127.0.0.1:1/v1: no answer .*start the server"),
        ({"config": "LaMP_6", "api": AWAY}, r"LaMP_6: .*--acknowledge-license"),
        ({"config": "LaMP_6", "api": AWAY, "acknowledge_license": True}, "OPENAI_API_KEY"),  # the next thing to check
        ({"output": "nowhere/p.json"}, r"nowhere/p.json: expected .* a folder that exists"),
        ({"output": "."}, r"\.: expected the name of a file"),
        ({"limit": 0}, r"limit: expected at least 1, found 0"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, dict) else "",
)
def test_bad_input_is_told_and_leaves_no_file(fake, tmp_path, monkeypatch, main, options, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, OSError), match=message):
        main(given(fake.url, "p.json", **options))
    assert os.listdir(tmp_path) == []


def test_answers_that_are_empty_or_cut_off_are_counted(fake, tmp_path, main, capsys):
    ends = iter(["length", "length", "stop"])

    def change(completion):
        message = {"role": "assistant", "content": None}
        return completion | {"choices": [{"index": 0, "message": message, "finish_reason": next(ends)}]}

    fake.change = change
    with pytest.warns(UserWarning, match="3 predictions"):
        main(given(fake.url, tmp_path / "p.json"))
    said = capsys.readouterr().err
    assert "finish reasons: length 2, stop 1" in said
    assert "note: 2 answers cut off" in said
    assert "note: 3 answers empty" in said
    assert set(read_outputs(tmp_path / "p.json").by_id.values()) == {""}


def test_what_is_written_of_a_gated_task_is_for_its_owner_alone(fake, tmp_path, main):
    main(given(fake.url, tmp_path / "p.json", config="LaMP_6"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"p.json": 0o600, "p.json.answers.jsonl": 0o600}


def test_the_example_in_the_help_runs(fake, tmp_path, monkeypatch, main):
    monkeypatch.chdir(tmp_path)
    shown = example.load("zero_shot").EXAMPLE.partition("python examples/zero_shot.py")[2].replace("\\\n", " ")
    words = shlex.split(shown.replace("http://127.0.0.1:8000/v1", fake.url).replace("NAME", NAME))
    assert "sample" in words
    main(words)
    assert len(read_outputs("served.json").by_id) == len(read_outputs(f"{SAMPLE}/LaMP_3/dev/dev_outputs.json").by_id)
