"""Runs finetuned and LLaMA-Factory on the same YAML file and checkpoint, interleaved, and prints the ratios.

usage: compare.py --data FOLDER --tokenizer FOLDER [--pairs 3] [--last 12] [--work FOLDER]

Real tokens per second: unpadded tokens over steps 3 to 12, or to another last step on a slow machine. Peak memory:
VmHWM of the training processes (ours: worker plus daemon). Ratios are medians over the pairs.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def peak_bytes(process: int) -> int:
    try:
        with open(f"/proc/{process}/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def children(process: int) -> list[int]:
    try:
        tasks = Path(f"/proc/{process}/task").iterdir()
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except FileNotFoundError:
        return []


def ours(work: Path, last: int) -> dict:
    """One run through the daemon; the steps' times come from the job's events."""
    socket, state = work / "socket", work / "state"
    for leftover in (socket,):
        leftover.unlink(missing_ok=True)
    daemon = subprocess.Popen(
        [ROOT / "bin/finetuned", "--socket", socket, "--state-dir", state], stderr=subprocess.DEVNULL)
    environment = {**os.environ, "FINETUNED_SOCKET": str(socket)}
    try:
        submitted = subprocess.run(
            [ROOT / "bin/tunectl", "submit", HERE / "sft.yaml", "output_dir=output-ours", f"max_steps={last}"],
            cwd=work,
            env=environment, check=True, capture_output=True, text=True)
        job = submitted.stdout.strip()
        watch = subprocess.Popen(
            [ROOT / "bin/tunectl", "watch", job, "--events"], cwd=work, env=environment, stdout=subprocess.DEVNULL)
        worker_peak = 0
        while watch.poll() is None:
            worker_peak = max([worker_peak] + [peak_bytes(child) for child in children(daemon.pid)])
            time.sleep(0.1)
        if watch.returncode != 0:
            sys.exit(f"finetuned's run failed: see {state}")
        daemon_peak = peak_bytes(daemon.pid)
        steps = step_times(socket, job, environment, work)
    finally:
        daemon.terminate()
        daemon.wait()
    seconds, tokens = (end - start for start, end in zip(steps[2], steps[last]))
    return {"tokens": tokens, "seconds": seconds, "tokens_per_second": tokens / seconds,
            "peak_bytes": worker_peak + daemon_peak}


def step_times(socket: Path, job: str, environment: dict, work: Path) -> dict:
    """Seconds and unpadded tokens since the start, by step, from the `progress` events."""
    events = subprocess.run(
        [ROOT / "bin/tunectl", "watch", job, "--events"], cwd=work, env=environment, capture_output=True, text=True)
    steps = {}
    for line in events.stdout.splitlines():
        event = json.loads(line)
        fields = event.get("fields", {})
        if event.get("kind") == "progress" and "tokens_per_second" in fields:
            elapsed = fields["elapsed"]
            steps[fields["step"]] = (elapsed, round(elapsed * fields["tokens_per_second"]))
    return steps


def reference(work: Path, last: int) -> dict:
    finished = subprocess.run(
        [sys.executable, HERE / "reference.py", HERE / "sft.yaml", "output_dir=output-reference", "use_cpu=true",
         "bf16=false", f"max_steps={last}"],
        cwd=work, env={**os.environ, "DISABLE_VERSION_CHECK": "1"}, capture_output=True, text=True)
    for line in finished.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[7:])
    sys.exit(f"LLaMA-Factory's run failed:\n{finished.stderr[-3000:]}")


def prepare(work: Path, folder: Path, tokenizer: Path) -> None:
    """The folder in which both sides run: the data and a random checkpoint."""
    work.mkdir(parents=True, exist_ok=True)
    data = work / "data"
    data.unlink(missing_ok=True)
    data.symlink_to(folder.resolve())
    if not (work / "checkpoint/model.safetensors").exists():
        subprocess.run([sys.executable, HERE / "random_checkpoint.py", tokenizer, work / "checkpoint"], check=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--tokenizer", required=True, type=Path)
    parser.add_argument("--work", type=Path, default=ROOT / ".build/benchmark-training")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--last", type=int, default=12)
    arguments = parser.parse_args()
    work = arguments.work
    prepare(work, arguments.data, arguments.tokenizer)
    pairs = []
    for number in range(arguments.pairs):
        pair = (ours(work, arguments.last), reference(work, arguments.last))
        pairs.append(pair)
        for name, result in zip(("finetuned", "LLaMA-Factory"), pair):
            print(f"pair {number + 1} {name:14} {result['tokens_per_second']:8.1f} real tokens/s "
                  f"{result['peak_bytes'] / 2**30:6.2f} GiB", flush=True)
    speed = statistics.median(a["tokens_per_second"] / b["tokens_per_second"] for a, b in pairs)
    memory = statistics.median(a["peak_bytes"] / b["peak_bytes"] for a, b in pairs)
    print(f"median of {len(pairs)}: {speed:.2f} times LLaMA-Factory's real tokens per second, "
          f"{memory:.2f} of its peak memory")


if __name__ == "__main__":
    main()
