"""Runs LLaMA-Factory on a YAML file and prints one JSON line: seconds, real tokens and seconds of the processors up to
the second and the last step, and peak memory.

usage: reference.py FILE key=value...     (DISABLE_VERSION_CHECK=1, in an environment with LLaMA-Factory)
"""
import json
import sys
import time

import yaml
from llamafactory.train.tuner import run_exp
from transformers import TrainerCallback


class Clock(TrainerCallback):
    """Notes the time, the unpadded tokens seen and the processors' time at the end of every step."""

    def __init__(self) -> None:
        self.steps = {}

    def on_step_end(self, args, state, control, **kwargs):
        self.steps[state.global_step] = (
            time.perf_counter(), int(state.num_input_tokens_seen), time.process_time())


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
    print("RESULT " + json.dumps({
        "first": clock.steps[2], "last": clock.steps[arguments["max_steps"]], "peak_bytes": peak_bytes()}))


main()
