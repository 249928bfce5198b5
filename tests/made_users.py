"""Seeded made-up users of one task with profiles of very different sizes, and the predictions of three systems."""

import json
import math
import random

import made_up

from lamp_dataset.tasks import TASKS
from lamp_metric.predictions.scored_samples import measure
from lamp_metric.report.gains import Frame
from lamp_metric.report.profile_similarity import Profile

WORDS = "rain tea fog late coat lamp road boat moss salt wind kite drum fern clay"


class Users:
    """Made-up users of one task with profiles of very different sizes, and three systems: none, own and other.

    Args:
        name: config name, time-based.
        effect: whether "own" gains more the larger the profile is; otherwise it is as good as "none".
        words: what texts are made of.
    """

    def __init__(self, name, effect, seed=0, users=150, words=WORDS):
        self.task, self.effect, self.words = TASKS[name], effect, words.split()
        self.rng = random.Random(f"{name} {effect} {seed}")
        self.rows, self.golds = [], {}
        self.outputs = {"none": {}, "own": {}, "other": {}}
        for number in range(users):
            size = round(math.exp(self.rng.uniform(math.log(2), math.log(40))))
            for _ in range(self.rng.choice([1, 1, 2, 5])):
                self._sample(f"U{number}", size)

    def _text(self):
        return " ".join(self.rng.choices(self.words, k=self.rng.randint(4, 9)))

    def _sample(self, user, size):
        sample_id = f"9{len(self.rows)}"
        fields = dict.fromkeys(self.task.profile_fields, "")
        profile = [
            {"id": f"{sample_id}{n}", "date": "2013-05-29", **{field: self._text() for field in fields}}
            for n in range(size)
        ]
        text = f"{self.task.instruction} {self._text()}"
        self.rows.append({"id": sample_id, "user_id": user, "input": text, "profile": profile})
        self.golds[sample_id] = self.rng.choice(self.task.labels) if self.task.labels else self._text()
        good = 0.2 + 0.75 * math.log(size / 2) / math.log(20) if self.effect else 0.2
        for system, chance in (("none", 0.2), ("own", good), ("other", 0.2)):
            self.outputs[system][sample_id] = self._output(self.golds[sample_id], chance)

    def _output(self, gold, chance):
        if not self.task.labels:
            return " ".join(word if self.rng.random() < chance else "nothing" for word in gold.split())
        if self.rng.random() < chance:
            return gold
        # a neighbor: errors of 1 vary little, so that few users are enough to see an effect
        place = self.task.labels.index(gold)
        return self.task.labels[place - 1 if place else 1]

    def write(self, folder):
        """The official files of the split in ``folder / "data"``; returns system -> path of its predictions."""
        for path, content in (
            (self.task.questions_path("validation"), self.rows),
            (self.task.outputs_path("validation"), made_up.outputs(self.task, self.golds)),
        ):
            place = folder / "data" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(content), encoding="utf-8")
        for system, outputs in self.outputs.items():
            (folder / f"{system}.json").write_text(json.dumps(made_up.outputs(self.task, outputs)), encoding="utf-8")
        return {system: folder / f"{system}.json" for system in self.outputs}

    def frame(self):
        """All of it without files; inputs are no nearer to any item than 0.5."""
        ids, users = list(self.golds), [row["user_id"] for row in self.rows]
        systems = {
            name: [measure(self.task, list(outputs.values()), list(self.golds.values()), ids, users=users)]
            for name, outputs in self.outputs.items()
        }
        rng = random.Random(1)
        return Frame(systems, [Profile(len(row["profile"]), round(rng.random() / 2, 3)) for row in self.rows])
