import json
import random
import zipfile
from types import MappingProxyType

import pytest
from click.testing import CliRunner

from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS
from lamp_metric import measures
from lamp_metric.__main__ import main
from lamp_metric.measures import MEASURES

WORDS = "quiet harbour recipe garden winter model learning graphs letters from the of a and my new old lost found"


class Made:
    """Files of golds and predictions, made up from a seed, in the official format."""

    def __init__(self, folder):
        self.folder = folder

    def outputs(self, name, n=12, seed=0):
        """Config name -> golds and predictions, two dicts of id -> output."""
        rng, task = random.Random(f"{name} {seed}"), TASKS[name]
        ids = [f"{seed}{place}" for place in range(n)]

        def gold():
            return rng.choice(task.labels) if task.labels else " ".join(rng.choices(WORDS.split(), k=rng.randint(3, 9)))

        golds = {sample_id: gold() for sample_id in ids}
        preds = {sample_id: rng.choice([golds[sample_id], gold()]) for sample_id in rng.sample(ids, n)}
        return golds, preds

    def write(self, file_name, name, outputs):
        """Write an outputs file; ``outputs`` is a dict or a list of pairs."""
        pairs = outputs.items() if isinstance(outputs, dict) else outputs
        path = self.folder / file_name
        golds = [{"id": key, "output": value} for key, value in pairs]
        path.write_text(json.dumps({"task": TASKS[name].official_name, "golds": golds}))
        return path

    def pair(self, name, **options):
        """Paths of a file of golds and one of predictions."""
        golds, preds = self.outputs(name, **options)
        return self.write(f"{name}_golds.json", name, golds), self.write(f"{name}_preds.json", name, preds)

    def users(self, ids):
        """Eight users of unequal numbers of samples."""
        return [f"u{int(sample_id) ** 2 % 31 % 8}" for sample_id in ids]

    def by_user(self, name, n=40):
        """A folder with the validation split of a time-based config, and its files of golds and of questions."""
        golds, _ = self.outputs(name, n=n)
        place = self.folder / "data" / name
        place.mkdir(parents=True, exist_ok=True)
        rows = [
            {"id": key, "input": "x", "profile": [], "user_id": user}
            for key, user in zip(golds, self.users(golds), strict=True)
        ]
        questions = place / "dev_questions.json"
        questions.write_text(json.dumps(rows[::-1]))
        return self.folder / "data", self.write(place / "dev_outputs.json", name, golds), questions

    def zip(self, file_name, members):
        """Write a zip; ``members`` maps names to text or bytes."""
        path = self.folder / file_name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return path

    def whole_benchmark(self, names=OFFICIAL_NAMES):
        """Paths of a zip of golds and one of predictions for these configs."""
        zips = {"golds": {}, "preds": {}}
        for name in names:
            for side, path in zip(zips, self.pair(name), strict=True):
                zips[side][f"{side}/{name}/dev_outputs.json"] = path.read_bytes()
        return self.zip("golds.zip", zips["golds"]), self.zip("preds.zip", zips["preds"])


@pytest.fixture
def made(tmp_path):
    return Made(tmp_path)


@pytest.fixture
def run():
    """Run ``lamp-metric`` with these arguments."""
    return lambda *arguments: CliRunner().invoke(
        main, [str(argument) for argument in arguments], prog_name="lamp-metric"
    )


@pytest.fixture
def fails(run):
    """Run it, expect one line on standard error and exit status 2, and give the line."""

    def fail(*arguments):
        result = run(*arguments)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert result.stderr.startswith("error: ")
        assert result.stderr.count("\n") == 1
        return result.stderr.removeprefix("error: ").rstrip("\n")

    return fail


@pytest.fixture
def registry(monkeypatch):
    """The registry of measures, which is as before afterwards."""
    table = dict(MEASURES)
    monkeypatch.setattr(measures, "_measures", table)
    monkeypatch.setattr(measures, "MEASURES", MappingProxyType(table))
