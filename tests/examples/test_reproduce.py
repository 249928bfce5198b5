import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import example
import pytest
from fake_model import NAME

from lamp_dataset import SAMPLE, TASKS
from lamp_dataset.formats.outputs import read_outputs

pytestmark = pytest.mark.models

HEAD = "| config | retriever | k | score | value | 95 % interval | published |"


@pytest.fixture
def reproduce(monkeypatch):
    """The script, with a zero_shot.py of its own."""
    monkeypatch.delitem(sys.modules, "zero_shot", raising=False)
    yield example.load("reproduce")
    sys.modules.pop("zero_shot", None)


def given(fake, folder, *more):
    return [*f"--data-dir sample --api {fake.url} --model {NAME} --output".split(), str(folder), *more]


def rows(text):
    return [line for line in text.splitlines() if line.startswith("| LaMP")]


def test_the_real_model_on_the_sample_by_the_example_in_the_help(reproduce, real_model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(reproduce.EXAMPLE.splitlines()[1].partition("reproduce.py")[2])
    words[words.index("--model") + 1] = real_model
    words += ["--configs", "LaMP_3_time", "LaMP_7", "--limit", "2", "--max-answer", "4", "--beams", "1"]
    text = reproduce.main(words)
    assert capsys.readouterr().out == f"{text}\n"
    assert text.splitlines()[0] == HEAD
    number, interval = r"\d+\.\d{3}", r"\[-?\d+\.\d{3}, \d+\.\d{3}\]"
    expected = [
        rf"\| LaMP_3_time \| bm25 \| 4 \| MAE \| {number} \| {interval} \| 0\.298 \(R †\), 0\.293 \(P\) \|",
        rf"\| LaMP_3_time \| bm25 \| 4 \| RMSE \| {number} \| {interval} \| 0\.611 \(R †\), 0\.585 \(P\) \|",
        rf"\| LaMP_7 \| bm25 \| 4 \| rouge-1 \| {number} \| {interval} \|  \|",
        rf"\| LaMP_7 \| bm25 \| 4 \| rouge-L \| {number} \| {interval} \|  \|",
    ]
    assert [re.fullmatch(line, row) is not None for line, row in zip(expected, rows(text), strict=True)] == [True] * 4
    assert (tmp_path / "small" / "table.md").read_text(encoding="utf-8") == text
    assert len(read_outputs(tmp_path / "small" / "LaMP_7-bm25-k4.json").by_id) == 2


def test_every_config_of_the_setting_with_a_published_figure_is_run_but_no_gated_one(reproduce, fake, tmp_path):
    text = reproduce.main(given(fake, tmp_path / "out", "--setting", "user", "--limit", "1", "-k", "0", "4", "0"))
    found = [tuple(row.split(" | ")[:4]) for row in rows(text)]
    configs = ["LaMP_1", "LaMP_2", "LaMP_3", "LaMP_4", "LaMP_5", "LaMP_7"]
    assert found == [
        (f"| {config}", retriever, k, score)
        for config in configs
        for retriever, k in (("none", "0"), ("bm25", "4"))
        for score in TASKS[config].scores
    ]
    assert len(fake.questions) == 12


def test_a_stopped_run_does_what_is_left_and_more_rows_join(reproduce, fake, tmp_path, monkeypatch, capsys):
    command = given(fake, tmp_path, "--configs", "LaMP_1", "LaMP_3", "-k", "1")
    done, ask = [], reproduce.zero_shot.main

    def stop_at_the_second(arguments):
        if done:
            raise KeyboardInterrupt
        done.append(arguments)
        return ask(arguments)

    monkeypatch.setattr(reproduce.zero_shot, "main", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        reproduce.main(command)
    assert not (tmp_path / "table.md").exists()
    monkeypatch.setattr(reproduce.zero_shot, "main", lambda arguments: done.append(arguments) or ask(arguments))
    text = reproduce.main(command)
    assert [arguments[1] for arguments in done] == ["LaMP_1", "LaMP_1", "LaMP_3"]
    asked = len(fake.questions)
    assert reproduce.main(command) == text
    assert len(fake.questions) == asked
    more = reproduce.main([*command[:-1], "1", "2", "--retriever", "bm25", "random", "--concurrency", "2"])
    assert len(fake.questions) == asked * 4
    assert set(rows(text)) < set(rows(more))
    assert reproduce.main(command) == text
    names = [f"{config} {made}" for config in ("LaMP_1", "LaMP_3") for made in ("bm25 k=2", "random k=1", "random k=2")]
    assert f"note: the table had {', '.join(names)}, which this call does not name" in capsys.readouterr().err


def test_rows_of_one_table_are_made_alike_and_scored_by_the_golds_of_today(reproduce, fake, tmp_path):
    shutil.copytree(Path(SAMPLE, "time", "LaMP_3"), tmp_path / "data" / "time" / "LaMP_3")
    command = [*given(fake, tmp_path, "--configs", "LaMP_3_time", "-k", "0"), "--data-dir", str(tmp_path / "data")]
    texts = [reproduce.main(command), reproduce.main([*command, "--max-answer", "7"])]
    asked = len(fake.questions)
    [golds] = tmp_path.rglob("dev_outputs.json")
    golds.write_text(golds.read_text().replace('"output": "', '"output": "1", "was": "'))
    texts.append(reproduce.main(command))
    assert len(fake.questions) == asked == 2 * len(json.loads(golds.read_text())["golds"])
    assert texts[0] == texts[1] != texts[2]
    lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert [line.get("run") for line in lines] == [None, "LaMP_3_time none k=0"]


@pytest.mark.parametrize("name", ["results.jsonl", "table.md", "LaMP_3-bm25-k4.json"])
def test_files_of_somebody_else_are_left_as_they_are(reproduce, fake, tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises((ValueError, FileExistsError), match=name):
        reproduce.main(given(fake, tmp_path, "--configs", "LaMP_1", "LaMP_3"))
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "mine")]
    assert fake.questions == []


def test_withheld_golds_give_no_scores_and_unknown_systems_are_named(reproduce, fake, tmp_path):
    text = reproduce.main(given(fake, tmp_path, "--configs", "LaMP_3_time", "--split", "test"))
    assert rows(text)[0] == "| LaMP_3_time | bm25 | 4 | MAE | withheld |  | 0.298 (R), 0.293 (P †) |"
    assert (tmp_path / "LaMP_3_time-bm25-k4.json").exists()
    with pytest.raises(ValueError, match=r"nothing of 'Me' is published; expected one of: .*GPT-3.5, zero-shot"):
        reproduce.main(given(fake, tmp_path, "--system", "Me"))


@pytest.mark.parametrize("script", ["reproduce", "summaries"])
def test_copied_alone_it_says_what_belongs_beside_it(script, tmp_path):
    copied = tmp_path / f"{script}.py"
    copied.write_bytes((example.FOLDER / copied.name).read_bytes())
    command = [sys.executable, copied, "--output", "o", "--config", "LaMP_3", "--model", "m"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: this needs zero_shot; zero_shot.py belongs in the same folder\n"
    assert os.listdir(tmp_path) == [copied.name]
