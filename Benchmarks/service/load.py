"""What the service does under load: a restart with a full store, requests while a job trains, a hundred watchers.

usage: load.py [--jobs 10000] [--watchers 100] [--pairs 3] [--steps 300] [--training FILE]

Needs `make build` and, for the full store, `swift build -c release --product scripted-worker`: its jobs are played by
the tests' scripted worker. The watched training is that of FILE, a run's YAML, or of the bundled example model, whose
steps of five milliseconds make more events than any real run; the watchers run in one process of their own, on the
same processors.
"""
import argparse
import os
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients/python"))
from finetuned_client import Client, protocol  # noqa: E402

EXAMPLE = ROOT / "examples/valley"


class Daemon:
    """A daemon with a socket and a state of its own."""

    def __init__(self, folder: Path, environment: dict[str, str] = {}, settings: str = "") -> None:
        folder.mkdir(parents=True)
        self.folder, self.environment = folder, {**os.environ, **environment}
        self.settings = folder / "finetuned.yaml"
        self.settings.write_text(settings or "{}\n")
        self.start()

    def start(self) -> float:
        """Seconds from its start until it has answered."""
        begin = time.perf_counter()
        # To a file: a pipe that nobody reads would stop the daemon once it is full.
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [ROOT / "bin/finetuned", "--socket", self.folder / "s", "--state-dir", self.folder / "state",
                 "--config", self.settings], env=self.environment, stderr=log)
        with Client(self.folder / "s", patience=30) as client:
            client.call("system.info")
        return time.perf_counter() - begin

    def stop(self, sent: int = signal.SIGTERM) -> None:
        self.process.send_signal(sent)
        self.process.wait()

    def client(self) -> Client:
        return Client(self.folder / "s")


def spread(name: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    half, most = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    print(f"{name}: p50 {half * 1e3:.2f} ms, p99 {most * 1e3:.2f} ms", flush=True)


def timed(client: Client, method: str, params: dict) -> float:
    begin = time.perf_counter()
    client.call(method, params)
    return time.perf_counter() - begin


def full_store(folder: Path, count: int) -> None:
    worker = subprocess.run(["swift", "build", "-c", "release", "--show-bin-path"], cwd=ROOT, capture_output=True,
                            text=True).stdout.strip() + "/scripted-worker"
    daemon = Daemon(folder, {"FINETUNED_WORKER": worker})
    client = daemon.client()
    config = {"model_name_or_path": "quick", "stage": "sft", "do_train": True, "finetuning_type": "lora",
              "dataset": "none", "template": "xverse", "max_steps": 1}
    taken = [timed(client, "job.submit", {"config": {"object": {**config, "output_dir": f"out-{number}"}},
                                          "working_directory": str(folder), "client_token": str(number)})
             for number in range(count)]
    spread(f"job.submit, the first {count // 10}", taken[:count // 10])
    spread(f"job.submit, the last {count // 10}", taken[-(count // 10):])
    spread("job.list, its newest hundred", [timed(client, "job.list", {"limit": 100}) for _ in range(200)])
    client.close()
    for name, sent in (("SIGTERM", signal.SIGTERM), ("SIGKILL", signal.SIGKILL)):
        daemon.stop(sent)
        print(f"ready after {name} with {count} jobs in the store: {daemon.start():.2f} s", flush=True)
    states: dict[str, int] = {}
    for job in daemon.client().call("job.list", {"limit": 10000})["jobs"]:
        states[job["state"]] = states.get(job["state"], 0) + 1
    print(f"their states: {states}")
    daemon.stop(signal.SIGKILL)


def run(client: Client, folder: Path, name: str, steps: int, training: Path | None = None) -> str:
    """Submits a job: of the file, or on the example model."""
    if training:
        return client.submit(training, [f"output_dir={folder / name}", f"max_steps={steps}", "save_strategy=no"])["id"]
    return client.submit({
        "model_name_or_path": str(EXAMPLE / "base"), "stage": "sft", "do_train": True, "finetuning_type": "lora",
        "dataset_dir": str(EXAMPLE / "data"), "dataset": "valley_questions", "template": "xverse", "cutoff_len": 64,
        "per_device_train_batch_size": 8, "logging_steps": 1, "max_steps": steps, "save_strategy": "no",
        "output_dir": str(folder / name)})["id"]


def requests_while_training(client: Client, folder: Path, steps: int) -> None:
    job = run(client, folder, "busy", steps)
    while client.call("job.get", {"job": job})["state"] != "running":
        time.sleep(0.05)
    time.sleep(1)
    for method in ("system.info", "job.list"):
        spread(f"{method} while a job trains", [timed(client, method, {}) for _ in range(1000)])
    client.call("job.cancel", {"job": job})
    client.wait(job, check=False)


def watch(path: Path, job: str, count: int) -> None:
    """Reads all the events of a job on many connections, until each has its answer."""
    ready, received, waiting = selectors.DefaultSelector(), 0, count
    for _ in range(count):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(path))
        connection.sendall(protocol.request(1, "job.watch", {"job": job, "since": 0}))
        ready.register(connection, selectors.EVENT_READ, bytearray())
    while waiting:
        for key, _ in ready.select():
            text = key.fileobj.recv(1 << 16)
            received += text.count(b"job.event")
            key.data[:] = (key.data + text)[-4096:]
            if not text or b'"result"' in key.data:
                ready.unregister(key.fileobj)
                waiting -= 1
    print(f"  the watchers had {received} events")


def watched_training(client: Client, folder: Path, pairs: int, steps: int, watchers: int,
                     training: Path | None) -> None:
    ratios = []
    for pair in range(pairs):
        seconds = []
        for count in (0, watchers) if pair % 2 == 0 else (watchers, 0):
            job = run(client, folder, f"watched-{pair}-{count}", steps, training)
            child = os.fork() if count else 0
            if count and child == 0:
                watch(client.path, job, count)
                os._exit(0)
            finished = client.wait(job)
            if child:
                os.waitpid(child, 0)
            seconds.append((count, finished["metrics"]["train_runtime"]))
        times = dict(seconds)
        ratios.append(times[watchers] / times[0])
        print(f"pair {pair + 1}: {times[0]:.2f} s alone, {times[watchers]:.2f} s with {watchers} watchers", flush=True)
    print(f"training of {steps} steps with {watchers} watchers takes {statistics.median(ratios):.3f} of its time "
          f"alone (median of {pairs})")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=10000)
    parser.add_argument("--watchers", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--training", type=Path)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="finetuned-load-"))
    try:
        daemon = Daemon(folder / "training")
        client = daemon.client()
        requests_while_training(client, folder, 30_000)
        watched_training(client, folder, arguments.pairs, arguments.steps, arguments.watchers, arguments.training)
        daemon.stop()
        full_store(folder / "full", arguments.jobs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
