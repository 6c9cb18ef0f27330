"""Puts a daemon under clients that are slow, many, or both, and prints what the others feel of it.

usage: pressure.py [--programs FOLDER] [--seconds 600] [--slow 500] [--deaf 200] [--storm 60]

First `--slow` connections send a byte a second and `--deaf` ones watch a job without ever reading, while one client asks
for `job.list`: its p99 should stay below 20 ms and the daemon grow by at most 64 KiB for each of them. Then connections are
opened and closed as fast as they can be for `--storm` seconds beside 2,000 that say nothing. The exit status is 1 when a
bound is not kept.
"""
import argparse
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Client:
    def __init__(self, path: str):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def send(self, method: str, **parameters) -> None:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def call(self, method: str, **parameters) -> dict:
        self.send(method, **parameters)
        while True:
            answer = json.loads(self.file.readline())
            if "id" in answer:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def resident(process: int) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def descriptors(process: int) -> int:
    return len(os.listdir(f"/proc/{process}/fd"))


def times(client: Client, calls: int) -> list[float]:
    found = []
    for _ in range(calls):
        start = time.perf_counter()
        client.call("job.list")
        found.append(time.perf_counter() - start)
    return sorted(found)


def percentile(found: list[float], part: float) -> float:
    return found[min(len(found) - 1, int(len(found) * part))]


def watched_job(client: Client, folder: str) -> str:
    """A run of the bundled example that goes on for as long as anybody measures."""
    valley = ROOT / "examples/valley"
    config = {
        "model_name_or_path": str(valley / "base"), "stage": "sft", "do_train": True, "finetuning_type": "lora",
        "dataset_dir": str(valley / "data"), "dataset": "valley_questions", "template": "xverse", "cutoff_len": 64,
        "max_steps": 10_000_000, "output_dir": f"{folder}/out", "save_strategy": "no", "logging_steps": 20,
    }
    return client.call("job.submit", config={"object": config}, working_directory=folder)["id"]


def slow_and_deaf(path: str, process: int, folder: str, options) -> bool:
    client = Client(path)
    job = watched_job(client, folder)
    while client.call("job.get", job=job)["state"] != "running":
        time.sleep(0.1)
    time.sleep(2)
    alone = times(client, 2000)
    before = resident(process)
    slow = [Client(path) for _ in range(options.slow)]
    deaf = [Client(path) for _ in range(options.deaf)]
    for other in deaf:
        other.send("job.watch", job=job, since=0)
    line = b'{"jsonrpc":"2.0","id":1,"method":"job.list"' + b" " * 100_000
    end, sent, found, growth = time.monotonic() + options.seconds, 0, [], 0
    while time.monotonic() < end:
        second = time.monotonic()
        for other in slow:
            try:
                other.socket.send(line[sent:sent + 1])
            except OSError:  # It was cut off: its message has taken too long.
                pass
        sent += 1
        while time.monotonic() < second + 1:
            found += times(client, 20)
            time.sleep(0.05)
        growth = max(growth, resident(process) - before)
    found.sort()
    each = growth / (options.slow + options.deaf) / 1024
    slowest = percentile(found, 0.99) * 1000
    print(f"{options.slow} that send a byte a second, {options.deaf} that watch and never read, {options.seconds} s:")
    print(f"  job.list alone  p50 {percentile(alone, .5) * 1000:.2f} ms, p99 {percentile(alone, .99) * 1000:.2f} ms")
    print(f"  job.list beside p50 {percentile(found, .5) * 1000:.2f} ms, p99 {slowest:.2f} ms, {len(found)} calls")
    print(f"  the daemon grew by {growth >> 10} KiB at most, {each:.1f} KiB for each")
    for other in slow + deaf:
        other.close()
    client.call("job.cancel", job=job)
    client.call("job.wait", jobs=[job])
    client.close()
    return slowest <= 20 and each <= 64


def storm(path: str, process: int, options) -> bool:
    idle = [Client(path) for _ in range(2000)]
    client = Client(path)
    before, growth, made, found = resident(process), 0, [0, 0], []
    end = time.monotonic() + options.storm

    def come_and_go(index: int) -> None:
        while time.monotonic() < end:
            visitor = socket.socket(socket.AF_UNIX)
            try:
                visitor.connect(path)
                made[index] += 1
            except BlockingIOError:  # The listener's queue is full for a moment.
                pass
            visitor.close()

    threads = [threading.Thread(target=come_and_go, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        found += times(client, 10)
        growth = max(growth, resident(process) - before)
    for thread in threads:
        thread.join()
    found.sort()
    for other in idle:
        other.close()
    time.sleep(2)
    left = descriptors(process)
    print(f"{sum(made) / options.storm:.0f} connections a second for {options.storm} s beside 2,000 idle ones:")
    print(f"  job.list p50 {percentile(found, .5) * 1000:.2f} ms, p99 {percentile(found, .99) * 1000:.2f} ms")
    print(f"  the daemon grew by {growth >> 10} KiB; {left} descriptors are open 2 s later")
    answer = client.call("job.list")
    client.close()
    return left < 40 and "jobs" in answer


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=Path, default=ROOT / "bin")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--slow", type=int, default=500)
    parser.add_argument("--deaf", type=int, default=200)
    parser.add_argument("--storm", type=int, default=60)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder, "finetuned.yaml")
        settings.write_text("limits:\n  connections_per_user: 10000\n  worker_threads: 1\n")
        path = f"{folder}/s"
        daemon = subprocess.Popen(
            [options.programs / "finetuned", "--socket", path, "--state-dir", f"{folder}/state", "--config", settings],
            stderr=subprocess.DEVNULL)
        try:
            while not Path(path).exists():
                time.sleep(0.02)
            kept = slow_and_deaf(path, daemon.pid, folder, options)
            kept = storm(path, daemon.pid, options) and kept
            return 0 if kept else 1
        finally:
            daemon.terminate()
            daemon.wait()


if __name__ == "__main__":
    sys.exit(main())
