"""What a daemon costs while nothing happens: alone, and with models in memory.

usage: idle.py [--models 4] [--seconds 60]

Needs `make build`. It runs as under systemd, with somebody who reads its status and a watchdog of 30 seconds.
"""
import argparse
import shutil
import socket
import tempfile
import time
from pathlib import Path

from load import EXAMPLE, Daemon


def computed(process: int) -> float:
    """Seconds that all threads of a process have run."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{process}/task").iterdir()) / 1e9


def measure(name: str, daemon: Daemon, seconds: float) -> None:
    time.sleep(5)
    before = computed(daemon.process.pid)
    time.sleep(seconds)
    share = (computed(daemon.process.pid) - before) / seconds
    print(f"{name}: {share * 100:.4f} % of a core over {seconds:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="finetuned-idle-"))
    notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notified.bind(str(folder / "notify"))
    daemon = Daemon(folder / "daemon", {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "30000000"},
                    f"limits:\n  resident_models: {arguments.models}\n")
    try:
        measure("nothing in memory", daemon, arguments.seconds)
        client = daemon.client()
        for number in range(arguments.models):
            model = folder / f"model-{number}"
            shutil.copytree(EXAMPLE / "base", model)
            client.call("generate", {"model": str(model), "prompt": "The river", "overrides": ["max_new_tokens=8"]})
        assert len(client.call("model.list")["models"]) == arguments.models
        measure(f"{arguments.models} models in memory", daemon, arguments.seconds)
        client.close()
    finally:
        daemon.stop()
        notified.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
