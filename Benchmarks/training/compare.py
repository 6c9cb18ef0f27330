"""Runs finetuned and LLaMA-Factory on the same YAML file and checkpoint, interleaved, and prints the ratios.

usage: compare.py --data FOLDER --tokenizer FOLDER [--method lora|full] [--packing no,yes] [--rounds 5] [--last 12]
                  [--shape 0.5B] [--programs FOLDER] [--work FOLDER] [--json FILE]

The peer runs with every setting that its user could choose, float32 and bfloat16, recomputing activations and not;
what counts is the best of them. finetuned runs the file as it is, and beside that with what else the table compares.
Settings of the peer that reach less than 0.8 of its best in the first round are not run again.

Real tokens per second: unpadded tokens over steps 3 to 12, or to another last step on a slow machine; and per second of
the processors, which other programs on the machine disturb less. Peak memory: VmHWM of the training processes (ours:
worker plus daemon). Printed are medians over the rounds, in brackets the extremes.
"""
import argparse
import datetime
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TICKS = os.sysconf("SC_CLK_TCK")

# Name, overrides, and the settings of the peer that it is compared with (nil: the best of all).
OURS = [
    ("bf16: true", ["bf16=true"], None),
    ("matmul_precision: high", ["bf16=true", "matmul_precision=high"], None),
    ("matmul_precision: highest", ["bf16=true", "matmul_precision=highest"], None),
    ("bf16: true, both recomputing", ["bf16=true", "disable_gradient_checkpointing=false"], "recomputing"),
]
PEERS = [
    (f"{'bf16' if bf16 == 'true' else 'float32'}, {'kept' if kept == 'true' else 'recomputing'}",
     [f"bf16={bf16}", f"disable_gradient_checkpointing={kept}"])
    for bf16, kept in itertools.product(["false", "true"], ["false", "true"])
]


def peak_bytes(process: int) -> int:
    try:
        with open(f"/proc/{process}/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def processor_seconds(process: int) -> float:
    """What the process has used of the processors; 0 once it is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    except (FileNotFoundError, ProcessLookupError):
        return 0


def children(process: int) -> list[int]:
    try:
        tasks = Path(f"/proc/{process}/task").iterdir()
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except FileNotFoundError:
        return []


def result(first: tuple, end: tuple, peak: int) -> dict:
    """- first, end: seconds, unpadded tokens and seconds of the processors up to a step"""
    seconds, tokens, processor = (b - a for a, b in zip(first, end))
    return {"tokens_per_second": tokens / seconds, "tokens_per_processor_second": tokens / processor,
            "peak_bytes": peak}


def ours(work: Path, last: int, overrides: list[str] = (), programs: Path = ROOT / "bin") -> dict:
    """One run through the daemon; the steps' times come from the job's events as they arrive."""
    socket, state = work / "socket", work / "state"
    socket.unlink(missing_ok=True)
    daemon = subprocess.Popen(
        [programs / "finetuned", "--socket", socket, "--state-dir", state], stderr=subprocess.DEVNULL)
    environment = {**os.environ, "FINETUNED_SOCKET": str(socket)}
    try:
        submitted = subprocess.run(
            [programs / "tunectl", "submit", HERE / "sft.yaml", "output_dir=output-ours", f"max_steps={last}",
             *overrides],
            cwd=work, env=environment, check=True, capture_output=True, text=True)
        watch = subprocess.Popen(
            [programs / "tunectl", "watch", submitted.stdout.strip(), "--events"], cwd=work, env=environment,
            stdout=subprocess.PIPE, text=True)
        steps, peak = {}, 0
        for line in watch.stdout:
            event = json.loads(line)
            fields = event.get("fields", {})
            workers = children(daemon.pid)
            peak = max([peak] + [peak_bytes(worker) for worker in workers])
            if event.get("kind") == "progress" and "tokens_per_second" in fields:
                elapsed = fields["elapsed"]
                steps[fields["step"]] = (
                    elapsed, round(elapsed * fields["tokens_per_second"]),
                    max(map(processor_seconds, workers), default=0))
        if watch.wait() != 0:
            sys.exit(f"finetuned's run failed: see {state}")
        peak += peak_bytes(daemon.pid)
    finally:
        daemon.terminate()
        daemon.wait()
    # The last step's figures may come when the worker has ended.
    end = last if steps[last][2] > 0 else last - 1
    return result(steps[2], steps[end], peak)


def reference(work: Path, last: int, overrides: list[str]) -> dict:
    finished = subprocess.run(
        [sys.executable, HERE / "reference.py", HERE / "sft.yaml", "output_dir=output-reference", "use_cpu=true",
         f"max_steps={last}", *overrides],
        cwd=work, env={**os.environ, "DISABLE_VERSION_CHECK": "1"}, capture_output=True, text=True)
    for line in finished.stdout.splitlines():
        if line.startswith("RESULT "):
            found = json.loads(line[7:])
            return result(found["first"], found["last"], found["peak_bytes"])
    sys.exit(f"LLaMA-Factory's run failed:\n{finished.stderr[-3000:]}")


def prepare(work: Path, folder: Path, tokenizer: Path, shape: str = "0.5B") -> None:
    """The folder in which both sides run: the data and a random checkpoint."""
    work.mkdir(parents=True, exist_ok=True)
    data = work / "data"
    data.unlink(missing_ok=True)
    data.symlink_to(folder.resolve())
    if not (work / "checkpoint/model.safetensors").exists():
        subprocess.run(
            [sys.executable, HERE / "random_checkpoint.py", tokenizer, work / "checkpoint", shape], check=True)


def processor() -> str:
    """The processor's name, how many are used, and those of its instruction sets that matter here."""
    text = Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*:\s*(.*)", text)[1]
    family, model = (re.search(rf"{key}\s*:\s*(\d+)", text)[1] for key in ("cpu family", r"model\t"))
    flags = set(re.search(r"flags\s*:\s*(.*)", text)[1].split())
    sets = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "avx_vnni", "amx_bf16") if flag in flags]
    return f"{name} (family {family}, model {model}), {os.cpu_count()} processors, {' '.join(sets)}"


def spread(values: list[float], digits: int = 1) -> str:
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}]"


class Comparison:
    """All rounds of one way to pack."""

    def __init__(self, run_ours, run_peer) -> None:
        self.runs = {("finetuned", name): (run_ours, overrides) for name, overrides, _ in OURS}
        self.runs |= {("LLaMA-Factory", name): (run_peer, overrides) for name, overrides in PEERS}
        self.results = {key: [] for key in self.runs}

    def round(self, number: int) -> None:
        keys = list(self.runs)
        # Not always in the same order: a machine gets warm, and other programs come and go.
        keys = keys[number % len(keys):] + keys[:number % len(keys)]
        for key in keys:
            run, overrides = self.runs[key]
            found = run(overrides)
            self.results[key].append(found)
            print(f"round {number + 1}  {key[0]:13} {key[1]:29} {found['tokens_per_second']:8.1f} tokens/s "
                  f"{found['tokens_per_processor_second']:8.1f} per processor second "
                  f"{found['peak_bytes'] / 2**30:6.2f} GiB", flush=True)
        if number == 0:
            self.drop_slow_peers()

    def drop_slow_peers(self) -> None:
        speed = {key: self.results[key][0]["tokens_per_second"] for key in self.runs if key[0] != "finetuned"}
        for key in speed:
            alike = [other for other in speed if not key[1].endswith("recomputing") or other[1].endswith("recomputing")]
            if speed[key] < 0.8 * max(speed[other] for other in alike):
                del self.runs[key]

    def best_peer(self, among: str | None) -> tuple:
        keys = [key for key in self.runs if key[0] != "finetuned" and (among is None or key[1].endswith(among))]
        return max(keys, key=lambda key: statistics.median(self.values(key, "tokens_per_second")))

    def values(self, key: tuple, figure: str) -> list[float]:
        return [found[figure] for found in self.results[key]]

    def table(self) -> str:
        lines = ["| | real tokens/s | per processor second | peak GiB |", "|---|---|---|---|"]
        for key, found in self.results.items():
            rounds = "" if len(found) > 1 else " (one round)"
            lines.append(
                f"| {key[0]}, {key[1]}{rounds} | {spread(self.values(key, 'tokens_per_second'))} "
                f"| {spread(self.values(key, 'tokens_per_processor_second'))} "
                f"| {max(self.values(key, 'peak_bytes')) / 2**30:.2f} |")
        lines += ["", "| finetuned | against | times its speed | by processor seconds | share of its memory |",
                  "|---|---|---|---|---|"]
        for name, _, among in OURS:
            mine, peer = ("finetuned", name), self.best_peer(among)

            def ratios(figure: str) -> list[float]:
                return [a / b for a, b in zip(self.values(mine, figure), self.values(peer, figure))]

            lines.append(
                f"| {name} | {peer[1]} | {spread(ratios('tokens_per_second'), 2)} "
                f"| {spread(ratios('tokens_per_processor_second'), 2)} "
                f"| {statistics.median(ratios('peak_bytes')):.2f} |")
        return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--tokenizer", required=True, type=Path)
    parser.add_argument("--work", type=Path, default=ROOT / ".build/benchmark-training")
    parser.add_argument("--programs", type=Path, default=ROOT / "bin")
    parser.add_argument("--method", choices=["lora", "full"], default="lora")
    parser.add_argument("--packing", default="no,yes")
    parser.add_argument("--shape", choices=["0.5B", "1.5B"], default="0.5B")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--last", type=int, default=12)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    work, last = arguments.work, arguments.last
    prepare(work, arguments.data, arguments.tokenizer, arguments.shape)
    print(f"{processor()}; {datetime.date.today()}; Qwen2.5-{arguments.shape}'s shape, {arguments.method}, "
          f"steps 3 to {last}, {arguments.rounds} rounds")
    kept = {}
    for packing in arguments.packing.split(","):
        common = [f"packing={'true' if packing == 'yes' else 'false'}", f"finetuning_type={arguments.method}"]
        comparison = Comparison(
            lambda overrides: ours(work, last, common + overrides, arguments.programs),
            lambda overrides: reference(work, last, common + overrides))
        for number in range(arguments.rounds):
            comparison.round(number)
        print(f"\n{'packed' if packing == 'yes' else 'not packed'}\n\n{comparison.table()}\n", flush=True)
        kept[packing] = {", ".join(key): found for key, found in comparison.results.items()}
    if arguments.json:
        arguments.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
