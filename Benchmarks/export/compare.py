"""Merges a LoRA adapter of rank 8 into Qwen2.5-0.5B's shape with finetuned and with LLaMA-Factory, interleaved.

usage: compare.py --tokenizer FOLDER [--pairs 3] [--work FOLDER] [key=value...]

Time: from the command to its end. Peak memory: VmHWM of the processes that export (ours: worker plus daemon). Ours
includes the proof (the written files are read again and compared); `export_verify=false` leaves it out. Ratios are
medians over the pairs. The checkpoint's weights are random, in bfloat16; so is the adapter, in float32.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAMS = Path(os.environ.get("FINETUNED_BIN", ROOT / "bin"))
SETTINGS = """model_name_or_path: checkpoint
adapter_name_or_path: adapter
template: qwen
trust_remote_code: true
export_size: 5
export_device: cpu
export_legacy_format: false
"""
MAKE_ADAPTER = """
import peft, torch, transformers
model = transformers.AutoModelForCausalLM.from_pretrained("checkpoint", dtype=torch.bfloat16)
torch.manual_seed(1)
adapted = peft.get_peft_model(model, peft.LoraConfig(
    r=8, lora_alpha=16, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM"))
for name, parameter in adapted.named_parameters():
    if "lora_" in name:
        parameter.data = (parameter.data.float() * 0.1)
adapted.save_pretrained("adapter")
"""


def peak_bytes(process: int) -> int:
    try:
        with open(f"/proc/{process}/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def descendants(process: int) -> list[int]:
    try:
        found = [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []
    return found + [below for child in found for below in descendants(child)]


def watch(command: list, work: Path, environment: dict, parent: int | None = None) -> tuple[float, int]:
    """Seconds that a command takes, and the peak of what it (or `parent`) starts."""
    start = time.perf_counter()
    with open(work / "log", "w") as log:
        process = subprocess.Popen(command, cwd=work, env=environment, stdout=log, stderr=log)
        peaks: dict[int, int] = {}
        while process.poll() is None:
            for child in descendants(parent) if parent else [process.pid] + descendants(process.pid):
                peaks[child] = max(peaks.get(child, 0), peak_bytes(child))
            time.sleep(0.02)
    seconds = time.perf_counter() - start
    if process.returncode != 0:
        sys.exit(f"{command} failed:\n{(work / 'log').read_text()[-3000:]}")
    return seconds, max(peaks.values(), default=0)


def ours(work: Path, overrides: list[str]) -> tuple[float, int]:
    shutil.rmtree(work / "ours", ignore_errors=True)
    socket = work / "socket"
    daemon = subprocess.Popen(
        [PROGRAMS / "finetuned", "--socket", socket, "--state-dir", work / "state"], stderr=subprocess.DEVNULL)
    try:
        seconds, peak = watch(
            [PROGRAMS / "tunectl", "export", "export.yaml", "export_dir=ours", *overrides], work,
            {**os.environ, "FINETUNED_SOCKET": str(socket)}, parent=daemon.pid)
        return seconds, peak + peak_bytes(daemon.pid)
    finally:
        daemon.terminate()
        daemon.wait()


def reference(work: Path) -> tuple[float, int]:
    shutil.rmtree(work / "theirs", ignore_errors=True)
    program = (
        "import sys, yaml; from llamafactory.train.tuner import export_model; "
        "export_model({**yaml.safe_load(open('export.yaml')), 'export_dir': 'theirs'})")
    return watch([sys.executable, "-c", program], work, {**os.environ, "DISABLE_VERSION_CHECK": "1"})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokenizer", required=True, type=Path)
    parser.add_argument("--work", type=Path, default=ROOT / ".build/benchmark-export")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("overrides", nargs="*")
    arguments = parser.parse_args()
    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "checkpoint/model.safetensors").exists():
        subprocess.run(
            [sys.executable, HERE.parent / "training/random_checkpoint.py", arguments.tokenizer, work / "checkpoint"],
            check=True)
    if not (work / "adapter/adapter_model.safetensors").exists():
        subprocess.run([sys.executable, "-c", MAKE_ADAPTER], cwd=work, check=True)
    (work / "export.yaml").write_text(SETTINGS)
    pairs = []
    for number in range(arguments.pairs):
        pair = (ours(work, arguments.overrides), reference(work))
        pairs.append(pair)
        for name, (seconds, peak) in zip(("finetuned", "LLaMA-Factory"), pair):
            print(f"pair {number + 1} {name:14} {seconds:7.1f} s {peak / 2**30:6.2f} GiB", flush=True)
    speed = statistics.median(theirs[0] / mine[0] for mine, theirs in pairs)
    memory = statistics.median(mine[1] / theirs[1] for mine, theirs in pairs)
    print(f"median of {len(pairs)}: {speed:.2f} times LLaMA-Factory's speed, {memory:.2f} of its peak memory")


if __name__ == "__main__":
    main()
