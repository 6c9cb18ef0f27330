"""Says what share of this machine's sgemm peak a training step reaches, and what the rest of its time is spent on.

usage: profile_step.py --data FOLDER --tokenizer FOLDER [--last 12] [--work FOLDER]

The peak is measured first: the largest of several runs of cblas_sgemm at the shapes of the model's widest layer, on
two threads. The step's operations are counted from the model's shape: two for each weight and token in the forward
pass, once more where it is recomputed, and two in the backward pass, since frozen weights pass gradients on but have
none. Where the time goes is what `perf` samples in the worker while it trains, by function.
"""
import argparse
import collections
import ctypes
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import compare

LAYERS, HIDDEN, FEED_FORWARD, KEYS, VOCABULARY = 24, 896, 4864, 128, 151936


def sgemm_peak(core_type: str) -> float:
    """Floating-point operations a second, in a process of its own since OpenBLAS reads the variable when loaded."""
    script = f"""
import ctypes, time
blas = ctypes.CDLL("libopenblas.so.0")
blas.openblas_set_num_threads({os.cpu_count()})
m, n, k = 1024, {FEED_FORWARD}, {HIDDEN}
a, b, c = ((ctypes.c_float * s)(*([0.5] * s)) for s in (m * k, n * k, m * n))
one, zero, best = ctypes.c_float(1), ctypes.c_float(0), 0
for _ in range(20):
    start = time.perf_counter()
    blas.cblas_sgemm(101, 111, 112, m, n, k, one, a, k, b, k, zero, c, n)
    best = max(best, 2 * m * n * k / (time.perf_counter() - start))
print(best)
"""
    printed = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "OPENBLAS_CORETYPE": core_type}, check=True,
        capture_output=True, text=True)
    return float(printed.stdout)


def core_type() -> str:
    """What the workers choose on this machine."""
    return os.environ.get("OPENBLAS_CORETYPE") or ("SkylakeX" if "avx512f" in Path("/proc/cpuinfo").read_text()
                                                   else "Haswell")


def group(function: str) -> str:
    if re.search("gemm|gemv|openblas", function):
        return "sgemm (OpenBLAS)"
    kernel = re.search(r"\bft_\w+|\bck_\w+", function)
    return kernel.group(0) if kernel else function[:60]


def sample_worker(found: list[Path], work: Path, finished: threading.Event) -> None:
    """Samples the worker that trains once it is past its first steps: the one that has used most of the processors,
    since those that only check a file come and go."""
    busiest, used = 0, 0
    while used < 25:
        if finished.wait(0.5):
            return
        workers = subprocess.run(["pgrep", "-f", "finetuned-worker"], capture_output=True, text=True).stdout.split()
        used, busiest = max(((compare.processor_seconds(int(worker)), int(worker)) for worker in workers), default=(0, 0))
    profile = work / "perf.data"
    subprocess.run(["perf", "record", "-q", "-F", "499", "-o", profile, "-p", str(busiest), "--", "sleep", "20"],
                   check=False)
    found.append(profile)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--tokenizer", required=True, type=Path)
    parser.add_argument("--work", type=Path, default=compare.ROOT / ".build/benchmark-training")
    parser.add_argument("--last", type=int, default=16)
    arguments = parser.parse_args()
    work = arguments.work
    compare.prepare(work, arguments.data, arguments.tokenizer)
    peak = sgemm_peak(core_type())
    found: list[Path] = []
    finished = threading.Event()
    sampler = threading.Thread(target=sample_worker, args=(found, work, finished))
    sampler.start()
    try:
        result = compare.ours(work, arguments.last)
    finally:
        finished.set()
        sampler.join()
    if not found:
        sys.exit("the run was over before a worker could be sampled: give more steps with --last")
    layers = LAYERS * (2 * HIDDEN * HIDDEN + 2 * HIDDEN * KEYS + 3 * HIDDEN * FEED_FORWARD)
    operations = 6 * layers * result["tokens_per_second"]
    print(f"{result['tokens_per_second']:.1f} real tokens/s; sgemm peak {peak / 1e9:.0f} GFLOP/s")
    print(f"products of the layers' weights, recomputation included: {operations / 1e9:.0f} GFLOP/s, "
          f"{operations / peak:.0%} of the peak (the output layer's and the attention's come on top)")
    report = subprocess.run(
        ["perf", "report", "-i", found[0], "--stdio", "-F", "overhead,dso,symbol", "-g", "none"],
        capture_output=True, text=True).stdout
    shares = collections.Counter()
    for line in report.splitlines():
        match = re.match(r"\s*([\d.]+)%\s+(\S+)\s+\[.\]\s+(.*)", line)
        if match:
            share, library, function = float(match[1]), match[2], match[3].strip()
            shares["sgemm (OpenBLAS)" if "openblas" in library else f"{library}: {group(function)}"] += share
    for name, share in shares.most_common(15):
        print(f"{share:6.1f} %  {name}")


if __name__ == "__main__":
    main()
