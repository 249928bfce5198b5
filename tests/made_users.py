"""Seeded made-up users of whom a test knows something: a taste, a habit, a history, whether they gain."""

import itertools
import math
import random

import datasets
import made_up

from lamp_dataset.tasks import TASKS, get_task

#: Users of three tastes: each writes about one of three subjects, in words that all users share.
TASTES = ("rain fog storm cloud wind hail", "tea cake bread jam milk plum", "goal team match ball coach cup")
SHARED = "the a of was very good again today never quite"


def taste_of(user):
    return int(user.removeprefix("u")) % 3


def rows_of_tastes(task="LaMP_3_time", users=12, items=8, seed=0):
    """A row for each user. Ratings go by taste: those of a taste differ by one at most, whoever's they are."""
    task, r, made = get_task(task), random.Random(seed), []
    for user in range(users):
        subject = TASTES[user % 3].split()
        texts = [" ".join(r.choices(subject, k=5) + r.choices(SHARED.split(), k=5)) for _ in range(items + 1)]
        rating = str((1, 3, 5)[user % 3] + user // 3 % 2 * (1, 1, -1)[user % 3])
        fields = [{name: f"{text} {name}" for name in task.profile_fields} for text in texts]
        fields = [{**item, **({task.output_field: rating} if task.labels else {})} for item in fields]
        *profile, asked = ({"id": f"{user}{n}", "date": "2013-05-29", **item} for n, item in enumerate(fields))
        question = {"input": f"{task.instruction} {asked[task.pair.text]}", "output": asked[task.pair.output]}
        made.append({"id": f"9{user}", "user_id": f"u{user}", **question, "profile": profile})
    return datasets.Dataset.from_list(made)


def share(near):
    """The share of neighbors that have the user's own taste."""
    same = [taste_of(user) == taste_of(other) for user, others in near.items() for other, _ in others]
    return sum(same) / len(same)


def history(r, size):
    return [{"title": f"paper {r.random()}", "abstract": f"on {r.random()}"} for _ in range(size)]


def samples(history, count, start, r=None):
    """Rows of one user: each lacks the item that its own question was made from."""
    rows = []
    for number in range(count):
        items = [{"id": f"{start + number}{k}", **item} for k, item in enumerate(history) if k != number]
        if r is not None:
            r.shuffle(items)
        rows.append({"id": str(start + number), "input": "which?", "profile": items})
    return rows


def scholars(seed):
    """Rows of the user-based setting and the user of each: some share a fifth of their papers, with co-authors, and the
    papers of students are all their advisor's.
    """
    r = random.Random(seed)
    histories = [history(r, r.randint(8, 60)) for _ in range(30)]
    for one, other in itertools.pairwise(histories[:20]):
        other[: len(other) // 5] = one[-(len(other) // 5) :]
    histories += [advisor[: r.randint(4, len(advisor) - 3)] for advisor in histories[20:]]
    rows, truth = [], []
    for user, papers in enumerate(histories):
        made = samples(papers, r.randint(1, 3), 1000 + 10 * user, r)
        rows, truth = rows + made, truth + [user] * len(made)
    return rows, truth


# Users with habits: who gives all about robots one star may give five to anything with horses, and the next user the
# other way round. A model that reads the right item of the right profile knows the rating; any other can but guess.
TASK, DATED = TASKS["LaMP_3"], TASKS["LaMP_3_time"]
SUBJECTS = ["robots", "horses", "sailors", "ghosts", "bakers", "spies", "twins", "kings"]
KINDS = ["old", "young", "sad", "merry", "brave", "lost"]


def review(rng, subject):
    """The subject stands twice, so that BM25 does not take another review of the same kind for nearer."""
    return f"{subject} and {rng.choice(KINDS)} {subject}"


def user(rng, sample_id):
    """One row and its gold."""
    likings = {subject: rng.choice(TASK.labels) for subject in rng.sample(SUBJECTS, 4)}
    profile = [
        {"id": f"{sample_id}{n}", "text": review(rng, subject), "score": score}
        for n, (subject, score) in enumerate(likings.items())
    ]
    subject = rng.choice(list(likings))
    question = f"{TASK.instruction} {review(rng, subject)}"
    return {"id": sample_id, "input": question, "profile": profile}, likings[subject]


def write(folder, counts, seed=0):
    """Official files of so many users a split; other users in each."""
    for digit, (split, count) in enumerate(counts.items()):
        rng = random.Random(f"{seed} {split}")
        write_pairs(folder, TASK, split, [user(rng, f"2{digit}{number}") for number in range(count)])


def write_pairs(folder, task, split, pairs):
    """The official files of pairs of row and gold."""
    found = {row["id"]: gold for row, gold in pairs}
    made_up.write_rows(folder, task, split, [row for row, _ in pairs], found)


def dated_user(name, number, seed=0, mark=""):
    """Four rows of one user with their golds: for each liking a sample, and profiles that lack its own item alone.

    Users love or hate: their ratings are 1 or 5. The word ``mark`` is at the end of all that they write.
    """
    rng = random.Random(f"{seed} {number}")
    items = [
        {"text": f"{subject} and {kind} {subject} {mark}".strip(), "score": score}
        for subject, score in {subject: rng.choice("15") for subject in rng.sample(SUBJECTS, 4)}.items()
        for kind in rng.sample(KINDS, 4)
    ]
    items = [{"id": f"9{number}{n:02}", "date": f"2015-01-{n + 1:02}", **item} for n, item in enumerate(items)]
    for n, own in enumerate(items[::4]):
        profile = [item for item in items if item is not own]
        row = {"id": f"9{number}9{n}", "user_id": name, "input": f"{TASK.instruction} {own['text']}"}
        yield {**row, "profile": profile}, own["score"]


def write_dated(folder, users, seed=0, marked=False):
    """Official files of the time-based validation split, of the users with these names."""
    numbered = [dated_user(name, n, seed, f"x{n}" if marked else "") for n, name in enumerate(users)]
    write_pairs(folder, DATED, "validation", [pair for rows in numbered for pair in rows])


ODD_WORDS = ["rain", "tea", "late", "so tired", "fog", "“é”", "", " ", "\u2003", "a  b", "x" * 30]
DATES = ["2011", "2012", "2012-05-01", "2012-05-02", "2012-07", "2013-01-31", None]


def odd_histories(task, users=4, rows=3, items=9, seed=0, named=True):
    """Rows of ``users``, mixed: leave-one-out copies of histories that hold copies, empty texts and odd dates."""
    r = random.Random(f"{task.name} {seed}")
    made = []
    for user in range(users):
        history = [_odd_item(task, r) for _ in range(items)]
        for number in range(rows):
            asked = r.choice(history)
            profile = [dict(item) for item in history if item is not asked or r.random() < 0.1]
            r.shuffle(profile)
            sample = f"{user}{number}"
            for position, item in enumerate(profile):
                item["id"] = f"{sample}{position % 7}"
            made.append({"id": sample, "user_id": f"u/{user}", "profile": profile, **_odd_question(task, asked)})
    r.shuffle(made)
    return made if named else [{key: row[key] for key in row if key != "user_id"} for row in made]


def _odd_item(task, r):
    item = {name: " ".join(r.choices(ODD_WORDS, k=r.randint(1, 3))) for name in task.profile_fields}
    if task.labels and task.output_field:
        item[task.output_field] = r.choice([*task.labels, ""])
    return {**item, "date": r.choice(DATES)} if task.time_based else item


def _odd_question(task, item):
    before = task.subject_frame[0] if task.subject_frame else f"{task.instruction} "
    after = task.subject_frame[1] if task.subject_frame else ""
    return {"input": f"{before}{item[task.pair.text]}{after}", "output": item[task.pair.output] or None}


GAINERS_WORDS = "rain tea fog late coat lamp road boat moss salt wind kite drum fern clay"


class Gainers:
    """Made-up users of one task with profiles of very different sizes, and three systems: none, own and other.

    Args:
        name: config name, time-based.
        effect: whether "own" gains more the larger the profile is; otherwise it is as good as "none".
        words: what texts are made of.
    """

    def __init__(self, name, effect, seed=0, users=150, words=GAINERS_WORDS):
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
        made_up.write_rows(folder / "data", self.task, "validation", self.rows, self.golds)
        for system, outputs in self.outputs.items():
            made_up.write_outputs(folder / f"{system}.json", self.task, outputs)
        return {system: folder / f"{system}.json" for system in self.outputs}

    def frame(self):
        """All of it without files; inputs are no nearer to any item than 0.5."""
        from lamp_metric.predictions.scored_samples import measure
        from lamp_metric.report.gains import Frame, Profile

        ids, users = list(self.golds), [row["user_id"] for row in self.rows]
        systems = {
            name: [measure(self.task, list(outputs.values()), list(self.golds.values()), ids, users=users)]
            for name, outputs in self.outputs.items()
        }
        rng = random.Random(1)
        return Frame(systems, [Profile(len(row["profile"]), round(rng.random() / 2, 3)) for row in self.rows])
