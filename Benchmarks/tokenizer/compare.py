"""Compares the encoding speed of this project with the `tokenizers` package: one thread, one text per call.

    swift build -c release --product tokenizer-benchmark
    python Benchmarks/tokenizer/compare.py [SHARED]

SHARED holds golden/tokenizers and data (default: FINETUNED_SHARED, else ../shared). Both sides read the same texts,
run the same number of rounds in turns, and must produce the same ids. Needs `tokenizers` 0.22.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import Tokenizer  # noqa: E402  (after the environment is set)

ROOT = pathlib.Path(__file__).parents[2]
SHARED = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FINETUNED_SHARED", ROOT.parent / "shared"))
PROGRAM = os.environ.get("TOKENIZER_BENCHMARK", ROOT / ".build/release/tokenizer-benchmark")
TURNS, ROUNDS = 3, 3


def corpus():
    data = SHARED / "data"
    texts = [row["instruction"] + "\n" + row["input"] + "\n" + row["output"]
             for row in json.loads((data / "alpaca_en_demo.json").read_text())]
    texts += [json.loads(line)["text"] for line in (data / "c4_demo.jsonl").read_text().splitlines() if line]
    texts += [part for part in (data / "wiki_demo.txt").read_text().split("\n\n") if part]
    return texts


def reference(tokenizer, texts):
    durations, count, digest = [], 0, 0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        encoded = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
        durations.append(time.perf_counter() - start)
    for encoding in encoded:
        count += len(encoding.ids)
        for identifier in encoding.ids:
            digest = (digest * 31 + identifier) & 0xFFFFFFFF
    return {"seconds": durations, "tokens": count, "digest": digest}


def main():
    texts = corpus()
    size = sum(len(text.encode()) for text in texts)
    print(f"{len(texts)} texts, {size / 1e6:.2f} MB")
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("".join(json.dumps(text) + "\n" for text in texts))
        file.flush()
        for name in ["qwen2", "llama3", "llama2"]:
            folder = SHARED / "golden/tokenizers" / name
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            ratios, first, ours, theirs, load = [], [], [], [], []
            for _ in range(TURNS):
                left = json.loads(subprocess.check_output([PROGRAM, folder, file.name, str(ROUNDS)]))
                right = reference(tokenizer, texts)
                if (left["tokens"], left["digest"]) != (right["tokens"], right["digest"]):
                    sys.exit(f"{name}: the ids differ")
                # The median round of each side; the first one warms the caches of both.
                ours.append(statistics.median(left["seconds"]))
                theirs.append(statistics.median(right["seconds"]))
                load.append(left["load_seconds"])
                ratios.append(theirs[-1] / ours[-1])
                first.append(left["seconds"][0])
            print(
                f"{name}: finetuned {size / statistics.median(ours) / 1e6:.1f} MB/s, "
                f"tokenizers {size / statistics.median(theirs) / 1e6:.1f} MB/s, "
                f"ratio {statistics.median(ratios):.1f}; "
                f"with cold caches {size / statistics.median(first) / 1e6:.1f} MB/s; loading {statistics.median(load):.2f} s"
            )


main()
