"""Compares the preparation of a dataset for stage sft with LLaMA-Factory: both with two workers.

    swift build -c release --product data-benchmark
    DISABLE_VERSION_CHECK=1 python Benchmarks/data/compare.py [SHARED] [REPEATS]

SHARED holds data/alpaca_en_demo.json and golden/tokenizers/qwen2 (default: FINETUNED_SHARED, else ../shared). The set
is repeated REPEATS times (100). Both sides must find as many items and tokens. The reference's time is that of its
loading and tokenizing alone, without its imports.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["DISABLE_VERSION_CHECK"] = "1"
os.environ.setdefault("HF_DATASETS_CACHE", tempfile.mkdtemp())

ROOT = pathlib.Path(__file__).parents[2]
SHARED = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FINETUNED_SHARED", ROOT.parent / "shared"))
REPEATS = int(sys.argv[2]) if len(sys.argv) > 2 else 100
PROGRAM = os.environ.get("DATA_BENCHMARK", ROOT / ".build/release/data-benchmark")


def reference(folder, tokenizer_folder):
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from llamafactory.hparams import get_train_args
    from transformers import AutoTokenizer

    model_args, data_args, training_args, _, _ = get_train_args({
        "model_name_or_path": str(tokenizer_folder), "stage": "sft", "do_train": True, "dataset": "repeated",
        "dataset_dir": str(folder), "template": "qwen", "cutoff_len": 2048, "preprocessing_num_workers": 2,
        "overwrite_cache": True, "output_dir": str(folder / "out"), "report_to": "none", "use_cpu": True})
    tokenizer = AutoTokenizer.from_pretrained(str(tokenizer_folder), padding_side="right")
    template = get_template_and_fix_tokenizer(tokenizer, data_args)
    start = time.perf_counter()
    module = get_dataset(template, model_args, data_args, training_args, stage="sft", tokenizer=tokenizer)
    seconds = time.perf_counter() - start
    items = module["train_dataset"]
    return seconds, len(items), sum(len(ids) for ids in items["input_ids"])


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows = json.loads((SHARED / "data/alpaca_en_demo.json").read_text())
        (folder / "rows.json").write_text(json.dumps(rows * REPEATS, ensure_ascii=False, indent=2))
        (folder / "dataset_info.json").write_text(json.dumps({"repeated": {"file_name": "rows.json"}}))
        tokenizer = SHARED / "golden/tokenizers/qwen2"
        ours = json.loads(subprocess.check_output([PROGRAM, folder, "repeated", tokenizer, "qwen"]))
        size = ours["file_bytes"] / 1e6
        print(f"{ours['items']} rows, {ours['tokens'] / 1e6:.1f} million tokens, {size:.1f} MB")
        print(f"finetuned prepares them in {ours['seconds']:.2f} s and writes {ours['jsonl_bytes'] / 1e6:.0f} MB of "
              f"JSON Lines in {ours['jsonl_seconds']:.2f} s")
        print(f"finding the rows of the file: {size / ours['scan_seconds']:.0f} MB/s; reading all of them, one thread: "
              f"{size / ours['read_seconds']:.0f} MB/s", flush=True)
        seconds, items, tokens = reference(folder, tokenizer)
        if (items, tokens) != (ours["items"], ours["tokens"]):
            sys.exit(f"the reference finds {items} items and {tokens} tokens")
        print(f"LLaMA-Factory prepares them in {seconds:.2f} s: ratio {seconds / ours['seconds']:.1f}")


main()
