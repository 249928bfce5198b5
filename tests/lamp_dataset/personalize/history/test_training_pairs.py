import dataclasses
import random
import stat
import tempfile
from pathlib import Path

import datasets
import pyarrow as pa
import pytest
from made_users import odd_histories
from pairs_oracle import expected

import lamp_dataset
from lamp_dataset import TASKS, History, Personalizer
from lamp_dataset.loading.datasets_internals import fingerprint_of
from lamp_dataset.personalize import training_pairs as module
from lamp_dataset.personalize import training_pairs as user_items
from lamp_dataset.personalize.row_forms import schema_of
from lamp_dataset.tasks import LAMP

STYLES = [
    (name, style)
    for name, task in TASKS.items()
    for style in ("task", "official")
    if style == "official" or task.pair.instruction is None
]


def sample(name, split="train"):
    return datasets.load_dataset("lamp", name, data_dir=lamp_dataset.SAMPLE, split=split)


@pytest.mark.parametrize(("name", "style"), STYLES)
def test_every_config_has_pairs_of_the_sample(name, style):
    history, train = History(name, style=style, visible="others"), sample(name)
    pairs = history.pairs(train, exclude=[sample(name, "validation")])
    assert pairs.features == history.features()
    assert history.counts.pairs == len(pairs) > 0
    assert len(set(pairs["id"])) == len({*zip(pairs["user_id"], pairs["input"], strict=True)}) == len(pairs)
    assert set(pairs["user_id"]) == set(lamp_dataset.users_of(train))
    asked = {row["input"] for split in ("train", "validation") for row in sample(name, split)}
    assert not asked & set(pairs["input"])
    again = history.pairs(train.shuffle(seed=1).to_list(), exclude=[sample(name, "validation").to_iterable_dataset()])
    assert again.to_list() == pairs.to_list()


@pytest.mark.oldest
@pytest.mark.parametrize("visible", ["none", "earlier", "others"])
@pytest.mark.parametrize(
    ("name", "style"), [pair for pair in STYLES if TASKS[pair[0]].time_based and TASKS[pair[0]].family is LAMP]
)
def test_pairs_equal_those_of_the_rules_in_plain_python(name, style, visible):
    for seed, limit in enumerate([16, 3, 1, 0, None]):
        rows, exclude = (
            odd_histories(TASKS[name], seed=seed),
            odd_histories(TASKS[name], users=5, rows=1, seed=seed + 9),
        )
        history = History(name, visible=visible, style=style, limit=limit, seed=seed)
        found = history.pairs(rows, exclude=[exclude])
        pairs, counts = expected(TASKS[name], rows, exclude, visible, style, limit, seed)
        assert found.to_list() == pairs
        assert dataclasses.asdict(history.counts) == {key: counts[key] for key in dataclasses.asdict(history.counts)}


@pytest.mark.parametrize(
    ("base", "asks"),
    [
        ("LongLaMP_abstract", 'Generate an abstract for the title "{title}"'),
        ("LongLaMP_topic", "Generate the content for a reddit post {summary}"),
        ("LongLaMP_email", "Complete the text of the following email. title: {title}. text:"),
        (
            "LongLaMP_review",
            "Generate the review text written by a reviewer who has a given an overall rating of "
            '"{overall}" for a product with description "{description}". '
            'The summary of the review text is "{summary}".',
        ),
    ],
)
@pytest.mark.parametrize("setting", ["", "_time"])
def test_pairs_of_long_texts_ask_as_their_task_does_and_see_what_is_stored_before(base, setting, asks):
    task, rows = TASKS[base + setting], sample(base + setting, "validation")
    row = rows[0]
    pairs = History(task, visible="earlier", limit=1).pairs(rows.select([0]))
    items = [item for item in row["profile"] if item[task.pair.text].strip() != task.subject_of(row["input"])]
    assert pairs["input"][:] == [asks.format_map(item) for item in items]
    assert pairs["output"][:] == [item[task.output_field].strip() for item in items]
    seen = [[item["id"] for item in profile] for profile in pairs["profile"]]
    assert seen == [[], *([item["id"]] for item in items[:-1])]


@pytest.mark.oldest
def test_form_order_and_size_of_pieces_do_not_matter(monkeypatch, tmp_path):
    task = TASKS["LaMP_7_time"]
    rows = odd_histories(task, users=9)
    history = History(task.name, visible="earlier", style="official")
    pairs = history.pairs(rows).to_list()
    # datasets 3 gives each row of a shuffled stream types of its own, and cannot join texts and None in Arrow.
    whole_types = int(datasets.__version__.partition(".")[0]) > 3
    for size in (module.SIZE, 300, 1):
        monkeypatch.setattr(module, "SIZE", size)
        monkeypatch.setattr(user_items, "PIECE", size)
        random.Random(size).shuffle(rows)
        mapped = datasets.Dataset.from_list(rows)
        mapped.save_to_disk(tmp_path / str(size))
        mapped = datasets.load_from_disk(tmp_path / str(size))
        twice = datasets.concatenate_datasets([mapped.select([0, 2]), mapped, mapped.shuffle(seed=size)])
        stream = mapped.to_iterable_dataset(num_shards=3)
        forms = {
            "generator": (row for row in rows),
            "memory": datasets.Dataset.from_list(rows),
            "mapped": mapped,
            "selection": mapped.select(range(len(rows))[::-1]),
            "slice": twice.select(range(2, 2 + len(rows))),
            "filter": twice.filter(lambda _, number: number >= 2 + len(rows), with_indices=True),
            "renamed": mapped.rename_columns({"input": "x"}).rename_columns({"x": "input"}),
            "stream": stream.shuffle(seed=size, buffer_size=5) if whole_types else stream,
            "table": pa.Table.from_pylist(rows),
            "chunks": pa.concat_tables([pa.Table.from_pylist(rows[:5]), pa.Table.from_pylist(rows[5:])]),
        }
        for form, given in forms.items():
            assert history.pairs(given).to_list() == pairs, form


def test_inferred_users_have_the_pairs_of_named_ones():
    task = TASKS["LaMP_4"]
    rows = odd_histories(task, items=30)
    named = dict(zip((row["id"] for row in rows), lamp_dataset.users_of(rows), strict=True))
    plain = [{key: row[key] for key in row if key != "user_id"} for row in rows]
    inferred = dict(zip((row["id"] for row in rows), lamp_dataset.users_of(plain), strict=True))
    assert len(set(inferred.values())) < len(rows)
    history = History("LaMP_4", visible="others")
    pairs = history.pairs(plain).to_list()
    assert pairs == expected(task, [{**row, "user_id": inferred[row["id"]]} for row in rows], visible="others")[0]
    assert set(named.values()) == {"u/0", "u/1", "u/2", "u/3"}


def items_of(texts, task="LaMP_4"):
    return [{"id": str(n), "text": text, "title": f"title of {text}"} for n, text in enumerate(texts)]


def row(number, texts, asked, output=None, **more):
    question = f"Generate a headline for the following article: {asked}"
    return {"id": number, "input": question, "output": output, "profile": items_of(texts), **more}


def test_a_test_in_rows_to_exclude_leaks_only_to_its_own_user():
    rows = [row("1", ["a", "b", "c", "d"], "x"), row("2", ["e", "f", "g", "h"], "y")]
    others = [row("8", ["a", "b", "c", "d", "z"], " e "), row("9", ["a", "b", "c"], "b", output="title of d")]
    history = History("LaMP_4")
    assert len(history.pairs(rows)) == 8
    pairs = history.pairs(rows, exclude=[[], others])
    assert [pair["output"] for pair in pairs] == [f"title of {text}" for text in "acefgh"]
    assert history.counts.leaks == 2
    assert set(pairs["user_id"]) == {"1", "2"}  # as users_of names them, whatever is excluded


def test_the_same_rows_to_exclude_change_nothing_and_gated_pairs_are_private():
    rows = sample("LaMP_4")
    history = History("LaMP_4", visible="others")
    assert history.pairs(rows, exclude=[rows, rows]).to_list() == history.pairs(rows).to_list()
    for rows in (sample("LaMP_6"), sample("LaMP_6").to_list()):
        (file,) = History("LaMP_6").pairs(rows).cache_files
        assert stat.S_IMODE(Path(file["filename"]).stat().st_mode) == 0o600


def test_a_rating_that_is_a_gold_is_no_leak():
    rows = [
        {"id": "1", "user_id": "u", "input": "… review: so so", "output": "4", "profile": [
            {"id": "1", "text": "fine", "score": 4}, {"id": "2", "text": "so so ", "score": "4"},
            {"id": "3", "text": "bad", "score": None}, {"id": "4", "text": None, "score": 1},
        ]}
    ]  # fmt: skip
    history = History("LaMP_3", visible="others")
    assert [(pair["output"], pair["profile"]) for pair in history.pairs(rows)] == [("4", [])]
    assert str(history.counts) == "1 user, 4 items, 1 pair; left out: 1 leak, 2 incomplete, 0 duplicates"


def test_doubled_texts_and_users_with_one_item_or_none():
    profile = [{"id": "a", "text": "t", "title": ""}, {"id": "b", "text": "t", "title": "1"},
               {"id": "c", "text": "t", "title": "2"}]  # fmt: skip
    history = History("LaMP_4", visible="others")
    pairs = history.pairs([{"id": "1", "input": "x", "profile": profile}])
    assert [(pair["id"], pair["output"], pair["profile"]) for pair in pairs] == [("1/b", "1", [])]
    assert (history.counts.incomplete, history.counts.duplicates) == (1, 1)
    rows = [row("1", ["only"], "x"), row("2", [], "x"), {**row("3", [], "x"), "profile": None}]
    history = History("LaMP_4", visible="others")
    assert [(pair["user_id"], pair["profile"]) for pair in history.pairs(rows)] == [("1", [])]
    assert (history.counts.users, history.counts.items) == (3, 1)


@pytest.mark.parametrize("rows", [[], [row("1", [], "x")], pa.table({"id": ["1"], "input": ["x"], "profile": [[]]})])
def test_no_items_at_all_give_no_pairs(rows):
    history = History("LaMP_4", visible="others")
    pairs = history.pairs(rows)
    assert (len(pairs), pairs.features) == (0, history.features())


def test_memory_stays_flat_however_many_rows_pass(tmp_path):
    """60 MB of items in 60 users, and 480 MB of profiles: some megabytes are held at a time."""

    def users():
        for user in range(60):
            profile = [
                {"id": str(n), "date": f"{1000 + n}", "text": f"{n} {'x' * 10_000}", "title": f"{n}"}
                for n in range(100)
            ]
            yield {"id": str(user), "user_id": str(user), "input": "x", "output": None, "profile": profile}

    history = History("LaMP_4_time", visible="earlier", limit=8)
    rows = datasets.Dataset.from_generator(
        users, features=history.features(), cache_dir=str(tmp_path), writer_batch_size=4
    )
    pool, before = pa.proxy_memory_pool(pa.default_memory_pool()), pa.default_memory_pool()
    pa.set_memory_pool(pool)
    try:
        seen = sum(table["profile"].combine_chunks().flatten().field("text").cast(pa.string()).nbytes
                   for table in history.tables(rows))  # fmt: skip
    finally:
        pa.set_memory_pool(before)
    assert history.counts.pairs == 6000
    assert seen > 400_000_000
    assert pool.max_memory() < 60_000_000


def test_tables_stay_small_where_answers_are_long(monkeypatch):
    task = TASKS["LongLaMP_topic"]
    items = [{"id": str(n), "author": "a", "summary": str(n), "content": f"{n} {'x' * 1000}"} for n in range(40)]
    monkeypatch.setattr(module, "SIZE", 100_000)
    tables = History(task, visible="others", limit=None).tables([{"id": "1", "input": "x", "profile": items}])
    sizes = [table.cast(schema_of(task)).nbytes for table in tables]
    assert (len(sizes) >= 16, max(sizes) < 200_000, sum(sizes) > 1_600_000) == (True, True, True)


def test_pairs_go_through_the_personalizer_like_rows():
    pairs = History("LaMP_4_time", visible="earlier").pairs(sample("LaMP_4_time"))
    personalizer = Personalizer("LaMP_4_time", retriever="recency", k=1)
    prompts = pairs.map(
        personalizer, batched=True, remove_columns=["profile"], features=personalizer.features(pairs.features)
    )
    assert prompts[0]["target"] == pairs[0]["output"]
    for pair, prompt in zip(pairs, prompts, strict=True):
        newest = [item["id"] for item in pair["profile"][-1:]]
        assert prompt["retrieved_ids"] == newest
        assert prompt["personalized"] == bool(newest)


def test_a_task_is_as_good_as_its_name_and_need_not_be_registered():
    rows = sample("LaMP_3")
    own = dataclasses.replace(lamp_dataset.TASKS["LaMP_3"], name="Ratings", base="Ratings")
    expected, found = History("LaMP_3").pairs(rows), History(own).pairs(rows)
    assert found.to_list() == expected.to_list()
    with pytest.raises(ValueError, match="Ratings has no dates to say what is earlier$"):
        History(own, visible="earlier")


def test_the_same_rows_and_options_have_the_same_fingerprint_and_file(tmp_path):
    rows = sample("LaMP_4_time")
    first, again = (History("LaMP_4_time", visible="others").pairs(rows) for _ in range(2))
    assert fingerprint_of(first) == fingerprint_of(again)
    assert first.cache_files == again.cache_files
    assert first.to_list() == again.to_list()
    assert fingerprint_of(History("LaMP_4_time", visible="others", limit=1).pairs(rows)) != fingerprint_of(first)
    in_memory = rows.to_list()
    assert len({fingerprint_of(History("LaMP_4_time").pairs(in_memory)) for _ in range(2)}) == 2


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"visible": "later"}, "'later'"),
        ({"visible": ["none"]}, r"none, earlier, others.*\['none'\]"),
        ({"visible": "earlier"}, "LaMP_4_time"),
        ({"style": "oppu"}, "task or official.*'oppu'"),
        ({"limit": -1}, "-1"),
        ({"limit": 1.5}, "1.5"),
        ({"seed": None}, "None"),
    ],
)
def test_wrong_options_are_named(options, found):
    with pytest.raises(ValueError, match=found):
        History("LaMP_4", **options)


@pytest.mark.parametrize("name", ["LaMP_1", "LaMP_1_time", "LaMP_7", "LaMP_7_time"])
def test_configs_whose_items_cannot_answer_the_task_name_the_official_style(name):
    with pytest.raises(ValueError, match=f"{name} has no pairs.*Use the style 'official': '"):
        History(name)


@pytest.mark.parametrize(
    ("exclude", "found"),
    [
        (sample("LaMP_4_time"), "Dataset"),
        (None, "NoneType"),
        ("test", "str"),
        (["test"], "str"),
        ([{"id": "1"}], "dict"),
    ],
)
def test_rows_to_exclude_come_as_a_list_of_splits(exclude, found):
    with pytest.raises(ValueError, match=found):
        History("LaMP_4_time").pairs(sample("LaMP_4_time"), exclude=exclude)


def test_a_bad_date_is_named_and_none_in_a_field_stays_none():
    items = [{**item, "date": date} for item, date in zip(items_of("abc"), ["2013", "29 May", None], strict=True)]
    with pytest.raises(ValueError, match=r"item 'u/1': expected a date like .*, found '29 May'"):
        History("LaMP_4_time", visible="earlier").pairs([{"id": "8", "user_id": "u", "input": "x", "profile": items}])
    items = [{**item, "date": None, "id": None} for item in items_of("abc")]
    pairs = History("LaMP_4_time", visible="others").pairs(
        [{"id": "8", "user_id": "u", "input": "x", "profile": items}]
    )
    assert pairs["id"][:] == ["u/", "u//2", "u//3"]
    assert pairs[1]["profile"] == [{key: items[n][key] for key in ("id", "date", "text", "title")} for n in (0, 2)]


def test_texts_of_a_profile_are_there_once(monkeypatch):
    """A pair sees the 16 before it. If a dictionary holds a text twice, pyarrow writes free memory to Parquet."""
    titles = [*"abc", None]
    items = [{"id": str(n), "text": f"{n} {'x' * 1000}", "title": titles[n % 3], "date": f"{1000 + n}"}
             for n in range(500)]  # fmt: skip
    rows = [{"id": "8", "user_id": "u", "input": "x", "profile": items}]
    (table,) = History("LaMP_4_time", visible="earlier").tables(rows)
    (empty,) = History("LaMP_4_time").tables(rows)
    fields = table["profile"].combine_chunks().flatten()
    assert len(fields) > 7_000
    assert table.nbytes < 2_000_000
    for field in fields.flatten():
        assert len(field.dictionary) == len(field.dictionary.unique())
    assert [len(field.dictionary) for field in empty["profile"].combine_chunks().flatten().flatten()] == [0] * 4
    monkeypatch.setattr(module, "SIZE", 60_000)
    assert 100 < len(list(History("LaMP_4_time", visible="earlier").tables(rows))) < 200


def test_nothing_of_a_failed_run_is_left(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with pytest.raises(ValueError, match="row 3"):
        History("LaMP_4_time").pairs([*odd_histories(TASKS["LaMP_4_time"])[:3], {"id": "1"}])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
