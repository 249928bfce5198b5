import json
import random
import shutil
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from lamp_dataset.tasks import OFFICIAL_NAMES, TASKS
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
            {"id": key, "input": f"{TASKS[name].opening} x", "profile": [], "user_id": user}
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
    monkeypatch.setattr(MEASURES, "rows", dict(MEASURES))


#: Of the packages wordnet-base and wordnet-sense-index.
DEBIAN = Path("/usr/share/wordnet")
#: Offset, part of speech, words of each synset; "taxi" and "cab" are synonyms, and so are "big" and "large".
SYNSETS = [("noun", "n", ["taxi", "cab"]), ("noun", "n", ["cat"]), ("adj", "a", ["big", "large"])]
KINDS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}


def made_up_wordnet(folder):
    """The few synsets as files in WordNet's format."""
    header = "  1 WordNet 3.0 Copyright, made up  \n"
    for kind, letter in KINDS.items():
        data, index = header, header
        for _, _, words in (synset for synset in SYNSETS if synset[0] == kind):
            offset = f"{len(data):08d}"
            data += f"{offset} 03 {letter} {len(words):02x} {' '.join(f'{word} 0' for word in words)} 000 | made up  \n"
            index += "".join(f"{word} {letter} 1 0 1 0 {offset}  \n" for word in words)
        (folder / f"data.{kind}").write_text(data)
        (folder / f"index.{kind}").write_text(index)
        (folder / f"{kind}.exc").write_text("")
    for name in ("cntlist.rev", "index.sense"):
        (folder / name).write_text("")


@pytest.fixture(scope="session")
def nltk_data(tmp_path_factory):
    """A folder for nltk with WordNet and punkt_tab, where nltk looks first."""
    nltk = pytest.importorskip("nltk", reason="an extra that is not installed")
    root = tmp_path_factory.mktemp("nltk_data")
    wordnet, punkt = root / "corpora" / "wordnet", root / "tokenizers" / "punkt_tab" / "english"
    punkt.mkdir(parents=True)
    for name in ("collocations.tab", "sent_starters.txt", "abbrev_types.txt", "ortho_context.tab"):
        (punkt / name).write_text("")
    if (DEBIAN / "index.sense").exists():
        shutil.copytree(DEBIAN, wordnet, ignore=lambda folder, names: [name for name in names if "." not in name])
    else:
        wordnet.mkdir(parents=True)
        made_up_wordnet(wordnet)
    (wordnet / "lexnames").write_text("".join(f"{number:02d}\tmade.up{number}\t1\n" for number in range(45)))
    nltk.data.path.insert(0, str(root))
    return root


@pytest.fixture(scope="session", autouse=True)
def wordnet_for_long_texts(request):
    """METEOR is a score of the benchmark; where nltk is not installed, the tests that need it fail by themselves."""
    if find_spec("nltk"):
        request.getfixturevalue("nltk_data")
