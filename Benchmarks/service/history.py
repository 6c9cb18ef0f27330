"""What others feel while clients watch a job from its beginning that has a long past.

usage: history.py [--events 100000] [--watchers 20]

Needs `make build` and `swift build -c release --product scripted-worker`. The watchers run in a process of their own,
on the same processors.
"""
import argparse
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

from load import ROOT, Daemon, spread, timed, watch


def past(daemon: Daemon, events: int) -> str:
    """A job that has ended, with so many figures in its log."""
    client = daemon.client()
    job = client.submit({"model_name_or_path": "quick", "stage": "sft", "do_train": True, "finetuning_type": "lora",
                         "dataset": "none", "template": "xverse", "max_steps": 1,
                         "output_dir": str(daemon.folder / "out")})["id"]
    client.wait(job)
    with sqlite3.connect(daemon.folder / "state/jobs.sqlite") as store:
        last = store.execute("SELECT max(seq) FROM events WHERE job = ?", (job,)).fetchone()[0]
    lines = []
    for number in range(1, events + 1):
        body = (f'{last + number} {{"kind":"progress","at":"2026-01-01T00:00:00.000Z","fields":{{"phase":"training",'
                f'"step":{number},"total_steps":{events},"epoch":{number / events},"loss":{1 / number},'
                f'"grad_norm":0.5,"learning_rate":0.0001,"tokens_per_second":812.5,"elapsed":{number / 10},'
                f'"remaining":{(events - number) / 10}}}}}')
        lines.append(f"{zlib.crc32(body.encode()):08x} {body}\n")
    with open(daemon.folder / f"state/jobs/{job}/metrics.log", "a") as log:
        log.writelines(lines)
    return job


def others(client, seconds: float, is_over) -> None:
    """Times requests in turn until `is_over`, or for so many seconds."""
    taken: dict[str, list[float]] = {"system.info": [], "job.list": [], "job.get": []}
    end = time.perf_counter() + seconds
    while not is_over() and time.perf_counter() < end:
        for method, times in taken.items():
            times.append(timed(client, method, {"job": "1"} if method == "job.get" else {}))
        time.sleep(0.001)
    for method, times in taken.items():
        spread(f"  {method}, {len(times)} times", times)
        print(f"    at most {max(times) * 1e3:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--watchers", type=int, default=20)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="finetuned-history-"))
    worker = subprocess.run(["swift", "build", "-c", "release", "--show-bin-path"], cwd=ROOT, capture_output=True,
                            text=True).stdout.strip() + "/scripted-worker"
    daemon = Daemon(folder / "daemon", {"FINETUNED_WORKER": worker})
    try:
        job = past(daemon, arguments.events)
        client = daemon.client()
        print("nobody watches:")
        others(client, 5, lambda: False)
        begin = time.perf_counter()
        child = os.fork()
        if child == 0:
            watch(daemon.folder / "s", job, arguments.watchers)
            os._exit(0)
        print(f"{arguments.watchers} clients watch {arguments.events} events:", flush=True)
        others(client, 600, lambda: os.waitpid(child, os.WNOHANG)[0] != 0)
        print(f"  they had all of them after {time.perf_counter() - begin:.1f} s")
    finally:
        daemon.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
