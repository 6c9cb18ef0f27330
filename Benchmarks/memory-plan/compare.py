"""Compares the plan of runs with what they hold and how long they take, over a grid, and prints a table.

usage: compare.py --model FOLDER --data FOLDER [--programs FOLDER] [--work FOLDER] [--cases NAME,...] [--steps N]

A row is good when the measured peak of anonymous memory (the largest RssAnon seen, every 20 ms) and the peak resident
size (VmHWM) lie within -3 %/+15 % of the plan: the plan is at most 3 % below and at most 15 % above what was measured.
The exit status is 1 when a row is not. With --tiny the model is small, and a constant of 8 MiB is allowed beside.
"""
import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MIB = 1 << 20

CASES = {
    "lora-short": dict(cutoff_len=256, per_device_train_batch_size=1),
    "lora": dict(cutoff_len=512, per_device_train_batch_size=4),
    "lora-kept": dict(cutoff_len=512, per_device_train_batch_size=2, disable_gradient_checkpointing=True),
    "lora-large": dict(cutoff_len=1024, per_device_train_batch_size=8),
    "lora-dropout": dict(cutoff_len=512, per_device_train_batch_size=2, lora_dropout=0.1),
    "pt": dict(stage="pt", dataset="c4_demo", cutoff_len=1024, per_device_train_batch_size=2),
    "full": dict(finetuning_type="full", cutoff_len=512, per_device_train_batch_size=1),
    "full-batch": dict(finetuning_type="full", cutoff_len=512, per_device_train_batch_size=4,
                       gradient_accumulation_steps=2),
    "evaluated": dict(cutoff_len=512, per_device_train_batch_size=1, val_size=0.1, eval_strategy="steps",
                      eval_steps=3, per_device_eval_batch_size=8),
}


def status(process: int) -> dict:
    try:
        with open(f"/proc/{process}/status") as file:
            fields = (line.split() for line in file if line.startswith(("VmHWM", "RssAnon")))
            return {name.rstrip(":"): int(size) * 1024 for name, size, _ in fields}
    except (FileNotFoundError, ProcessLookupError):
        return {}


class Peaks(threading.Thread):
    """The largest figures of a process's children until it is told to stop."""

    def __init__(self, parent: int):
        super().__init__(daemon=True)
        self.parent, self.anonymous, self.resident, self.running = parent, 0, 0, True
        # The worker that made the plan may still be there.
        self.others = set(self.children())

    def children(self) -> list[str]:
        try:
            tasks = Path(f"/proc/{self.parent}/task").iterdir()
            return [child for task in tasks for child in (task / "children").read_text().split()]
        except FileNotFoundError:
            return []

    def run(self) -> None:
        while self.running:
            for child in self.children():
                if child in self.others:
                    continue
                figures = status(int(child))
                self.anonymous = max(self.anonymous, figures.get("RssAnon", 0))
                self.resident = max(self.resident, figures.get("VmHWM", 0))
            time.sleep(0.02)


def tunectl(programs: Path, socket: Path, work: Path, *arguments: str) -> str:
    finished = subprocess.run(
        [programs / "tunectl", *arguments, "--socket", socket], cwd=work, capture_output=True, text=True)
    if finished.returncode not in (0, 78):
        sys.exit(f"tunectl {' '.join(arguments)}: {finished.stdout}{finished.stderr}")
    return finished.stdout


def compare(name: str, settings: dict, programs: Path, socket: Path, daemon: int, work: Path) -> dict:
    overrides = [f"{key}={json.dumps(value) if isinstance(value, bool) else value}" for key, value in settings.items()]
    plan = json.loads(tunectl(programs, socket, work, "plan", "run.yaml", *overrides, "--json"))
    peaks = Peaks(daemon)
    peaks.start()
    result = subprocess.run(
        [programs / "tunectl", "run", "run.yaml", *overrides, f"output_dir={work}/out-{name}", "--json", "--quiet",
         "--socket", socket], cwd=work, capture_output=True, text=True)
    peaks.running = False
    peaks.join()
    if result.returncode != 0:
        sys.exit(f"{name} failed: {result.stdout[-2000:]}{result.stderr[-2000:]}")
    results = json.loads((work / f"out-{name}/all_results.json").read_text())
    return {
        "name": name, "plan": plan, "anonymous": peaks.anonymous, "resident": peaks.resident,
        "seconds": results["train_runtime"],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--programs", type=Path, default=ROOT / "bin")
    parser.add_argument("--work", type=Path, default=ROOT / ".build/benchmark-memory-plan")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    (work / "run.yaml").write_text(f"""\
model_name_or_path: {arguments.model.resolve()}
stage: sft
do_train: true
finetuning_type: lora
dataset_dir: {arguments.data.resolve()}
dataset: alpaca_en_demo
template: qwen
max_samples: {arguments.samples}
output_dir: out
overwrite_output_dir: true
save_strategy: "no"
logging_steps: 5
max_steps: {arguments.steps}
learning_rate: 1.0e-4
""")
    socket = work / "socket"
    daemon = subprocess.Popen(
        [arguments.programs / "finetuned", "--socket", socket, "--state-dir", work / "state"],
        stderr=subprocess.DEVNULL)
    allowance = 8 * MIB if arguments.tiny else 0
    isGood = True
    print(f"{'case':14} {'plan':>9} {'RssAnon':>9} {'error':>7}   {'plan':>9} {'VmHWM':>9} {'error':>7}   "
          f"{'plan s':>7} {'took s':>7}", flush=True)
    try:
        while not socket.exists():
            time.sleep(0.05)
        for name in arguments.cases.split(","):
            row = compare(name, CASES[name], arguments.programs, socket, daemon.pid, work)
            line, plan = f"{name:14}", row["plan"]
            for kind, measured in (("peak_anonymous_bytes", row["anonymous"]), ("peak_resident_bytes", row["resident"])):
                error = plan[kind] / measured - 1
                good = plan[kind] >= 0.97 * measured - allowance and plan[kind] <= 1.15 * measured + allowance
                isGood = isGood and good
                line += f" {plan[kind] / MIB:8.0f}M {measured / MIB:8.0f}M {100 * error:+6.1f}%{' ' if good else '!'} "
            print(line + f" {plan['total_seconds']:7.1f} {row['seconds']:7.1f}", flush=True)
    finally:
        daemon.terminate()
        daemon.wait()
    sys.exit(0 if isGood else 1)


main()
