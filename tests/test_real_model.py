import json
import urllib.request

import pytest

pytestmark = pytest.mark.models

MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]


def test_the_unpacked_model_answers_as_the_packed_weights_say(real_model):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(real_model)
    model = AutoModelForCausalLM.from_pretrained(real_model, dtype=torch.float32)
    prompt = tokenizer.apply_chat_template(MESSAGES, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    answer = model.generate(**prompt, max_new_tokens=8, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    assert tokenizer.decode(answer, skip_special_tokens=True) == "The capital of France is Paris."


def test_the_server_answers_like_the_model(real_model, served_model):
    question = {"model": real_model, "messages": MESSAGES, "max_tokens": 8, "temperature": 0}
    request = urllib.request.Request(
        f"{served_model}/chat/completions", json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    assert answer["choices"][0]["message"]["content"] == "The capital of France is Paris."
