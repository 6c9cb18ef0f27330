"""Time to the first token of a 128-token prompt, idle and while a job trains; and to swap an adapter.

usage: first_token.py SOCKET MODEL TRAINING_YAML [ADAPTER] [ROUNDS]

Needs a running daemon. The job of TRAINING_YAML is submitted, and cancelled at the end.
"""
import json
import shutil
import socket
import statistics
import sys
import tempfile
import time


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r")
        self.number = 0

    def call(self, method, **parameters):
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters}
        self.socket.sendall((json.dumps(message) + "\n").encode())
        while True:
            answer = json.loads(self.lines.readline())
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]


def timed(client, **parameters):
    start = time.monotonic()
    result = client.call("generate", ids=[(i * 977) % 150000 for i in range(128)], **parameters)
    return time.monotonic() - start, result


def line(name, seconds):
    ordered = sorted(seconds)
    print(f"{name}: median {statistics.median(ordered):.3f} s, least {ordered[0]:.3f} s, most {ordered[-1]:.3f} s")


def main():
    path, model, training = sys.argv[1:4]
    adapter = sys.argv[4] if len(sys.argv) > 4 else None
    rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 20
    client = Client(path)
    one = {"model": model, "overrides": ["do_sample=false", "max_new_tokens=1", "ignore_eos=true"]}
    timed(client, **one)
    idle = [timed(client, **one)[0] for _ in range(max(3, rounds // 2))]
    line("idle", idle)

    if adapter:
        with tempfile.TemporaryDirectory() as folder:
            cold, warm = [], []
            for number in range(5):
                copy = shutil.copytree(adapter, f"{folder}/{number}")
                start = time.monotonic()
                client.call("adapter.load", model=model, adapter=copy)
                cold.append(time.monotonic() - start)
                start = time.monotonic()
                client.call("adapter.load", model=model, adapter=copy)
                warm.append(time.monotonic() - start)
            line("an adapter from its files", cold)
            line("an adapter already loaded", warm)

    with open(training) as file:
        job = client.call(
            "job.submit", config={"text": file.read(), "name": training}, working_directory=tempfile.gettempdir())["id"]

    def progress():
        return client.call("job.get", job=job).get("progress") or {}

    while progress().get("step", 0) < 1:
        time.sleep(0.2)
    first, begun = progress()["step"], time.monotonic()
    busy = []
    for _ in range(rounds):
        # Longer than training waits for another request.
        time.sleep(2.5)
        busy.append(timed(client, **one)[0])
    line("while a job trains", busy)
    print(f"more than idle: median {statistics.median(busy) - statistics.median(idle):.3f} s, "
          f"most {max(busy) - statistics.median(idle):.3f} s")
    state = client.call("job.get", job=job)
    print(f"training: {state['progress']['step'] - first} steps in {time.monotonic() - begun:.0f} s, "
          f"attempt {state['attempt']}, state {state['state']}")
    seconds, result = timed(client, model=model, overrides=["do_sample=false", "max_new_tokens=65", "ignore_eos=true"])
    print(f"128 tokens of prompt in {result['prompt_seconds']:.3f} s, "
          f"{64 / result['generation_seconds']:.1f} tokens/s afterwards")
    client.call("job.cancel", job=job)


main()
