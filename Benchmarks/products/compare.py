#!/usr/bin/env python3
"""Products at each precision beside sgemm and PyTorch's bfloat16 and float32 linear, in turns.

    compare.py [--threads N] [--rounds 7] [--tokens 128,512,1024,2048] [--shapes 896x896,4864x896] [--build .build/release]

Shapes are OUTPUTSxINPUTS, those of Qwen2.5-0.5B and 1.5B unless told otherwise. Each line: GFLOP/s (the product counted
once, however many parts it takes), medians of the rounds' ratios to PyTorch's bfloat16 with their extremes, the error.
PyTorch gets activations that are bfloat16 already and gives bfloat16; ours are float32 on both sides. With one thread the
processor's seconds are compared, not the clock's: for a machine that others use.
"""

import argparse
import os
import statistics
import subprocess
import time

SHAPES = "896x896,4864x896,896x4864,1536x1536,8960x1536,1536x8960"
OURS = ["sgemm", "highest", "high", "medium"]


def peer(torch, clock, direction, kind, m, n, k):
    dtype = {"bf16": torch.bfloat16, "f32": torch.float32}[kind]
    weight = torch.randn(n, k).to(dtype)
    left = torch.randn(m, k if direction == "forward" else n).to(dtype)
    product = torch.nn.functional.linear if direction == "forward" else torch.matmul

    def measure():
        times = []
        with torch.no_grad():
            for _ in range(4):
                start = clock()
                product(left, weight)
                times.append(clock() - start)
        return min(times[1:])

    return measure


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tokens", default="128,512,1024,2048")
    parser.add_argument("--shapes", default=SHAPES)
    parser.add_argument("--directions", default="forward,gradient")
    parser.add_argument("--build", default=".build/release")
    options = parser.parse_args()
    try:
        import torch
        torch.set_num_threads(options.threads)
    except ImportError:
        torch = None
        print("without PyTorch")
    program = subprocess.Popen(
        [os.path.join(options.build, "products-benchmark")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "FINETUNED_THREADS": str(options.threads)})
    clock = time.thread_time if options.threads == 1 else time.perf_counter
    print(program.stdout.readline().strip())

    def ask(direction, kind, m, n, k):
        program.stdin.write(f"{direction} {kind} {m} {n} {k}\n")
        program.stdin.flush()
        seconds, error = program.stdout.readline().split()
        return float(seconds), float(error)

    for direction in options.directions.split(","):
        for shape in options.shapes.split(","):
            n, k = map(int, shape.split("x"))
            for m in map(int, options.tokens.split(",")):
                times = {kind: [] for kind in OURS}
                errors = {}
                peers = {kind: peer(torch, clock, direction, kind, m, n, k) for kind in ("bf16", "f32")} if torch else {}
                for kind in peers:
                    times[kind] = []
                for _ in range(options.rounds):
                    for kind in OURS:
                        seconds, errors[kind] = ask(direction, kind, m, n, k)
                        times[kind].append(seconds)
                    for kind, measure in peers.items():
                        times[kind].append(measure())
                base = times.get("bf16", times["sgemm"])
                print(f"{direction} {m} tokens, {n} x {k}")
                for kind, seconds in times.items():
                    ratios = [b / s for b, s in zip(base, seconds)]
                    rate = 2e-9 * m * n * k / statistics.median(seconds)
                    error = f"  error {errors[kind]:.1e}" if kind in errors else ""
                    print(f"  {kind:8s}{rate:7.0f} GFLOP/s  {statistics.median(ratios):5.2f} "
                          f"({min(ratios):.2f} to {max(ratios):.2f}){error}", flush=True)


main()
