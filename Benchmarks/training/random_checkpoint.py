"""Writes a randomly initialised checkpoint of the shape of Qwen2.5-0.5B or 1.5B in bfloat16.

usage: random_checkpoint.py TOKENIZER_FOLDER OUTPUT_FOLDER [0.5B|1.5B]
"""
import shutil
import sys
from pathlib import Path

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM


SHAPES = {
    "0.5B": dict(hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14),
    "1.5B": dict(hidden_size=1536, intermediate_size=8960, num_hidden_layers=28, num_attention_heads=12),
}


def main() -> None:
    tokenizer, output = Path(sys.argv[1]), Path(sys.argv[2])
    config = Qwen2Config(
        vocab_size=151936, **SHAPES[sys.argv[3] if len(sys.argv) > 3 else "0.5B"],
        num_key_value_heads=2, max_position_embeddings=32768, rms_norm_eps=1e-6, rope_theta=1e6,
        tie_word_embeddings=True, bos_token_id=151643, eos_token_id=151645,
    )
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(config).to(torch.bfloat16)
    model.save_pretrained(output)
    for file in tokenizer.iterdir():
        if file.name != "cases.json":
            shutil.copyfile(file, output / file.name)


main()
