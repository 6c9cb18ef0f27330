"""Runs LLaMA-Factory on a YAML file and prints one JSON line: real tokens per second from step 3 on, peak memory.

usage: reference.py FILE key=value...     (DISABLE_VERSION_CHECK=1, in an environment with LLaMA-Factory)
"""
import json
import sys
import time

import yaml
from llamafactory.train.tuner import run_exp
from transformers import TrainerCallback


class Clock(TrainerCallback):
    """Notes the time and the unpadded tokens seen at the end of every step."""

    def __init__(self) -> None:
        self.steps = {}

    def on_step_end(self, args, state, control, **kwargs):
        self.steps[state.global_step] = (time.perf_counter(), int(state.num_input_tokens_seen))


def peak_bytes() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def main() -> None:
    with open(sys.argv[1]) as file:
        arguments = yaml.safe_load(file)
    for item in sys.argv[2:]:
        key, value = item.split("=", 1)
        arguments[key] = yaml.safe_load(value)
    clock = Clock()
    run_exp(arguments, callbacks=[clock])
    (start, before), (end, after) = clock.steps[2], clock.steps[arguments["max_steps"]]
    print("RESULT " + json.dumps({
        "tokens": after - before, "seconds": end - start, "tokens_per_second": (after - before) / (end - start),
        "peak_bytes": peak_bytes(),
    }))


main()
