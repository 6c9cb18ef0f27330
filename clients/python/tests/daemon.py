"""A daemon of a test's own, with private socket and state."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = Path(os.environ.get("FINETUNED_PROGRAMS", ROOT / "bin"))
MODEL = str(ROOT / "examples" / "valley" / "base")


class Daemon:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ft-py-", dir="/tmp"))
        self.socket = str(self.folder / "s")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [PROGRAMS / "finetuned", "--socket", self.socket, "--state-dir", self.folder / "state"],
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        for line in self.process.stderr:
            if line.startswith(b"ready "):
                break
        else:
            raise RuntimeError("the daemon did not become ready")
        # Nobody reads on; the pipe is closed with the process.

    def stop(self, sent: int = signal.SIGTERM) -> None:
        self.process.send_signal(sent)
        self.process.wait(timeout=30)
        self.process.stderr.close()

    def remove(self) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, steps: int, **changes: object) -> dict[str, object]:
        """A short training run on the bundled model."""
        return {
            "model_name_or_path": MODEL,
            "stage": "sft",
            "do_train": True,
            "finetuning_type": "lora",
            "lora_rank": 4,
            "dataset_dir": str(ROOT / "examples" / "valley" / "data"),
            "dataset": "valley_questions",
            "template": "xverse",
            "cutoff_len": 64,
            "max_samples": 32,
            "logging_steps": 1,
            "per_device_train_batch_size": 2,
            "learning_rate": 1e-3,
            "max_steps": steps,
            "output_dir": str(self.folder / f"out-{steps}"),
            **changes,
        }

    def yaml(self, steps: int) -> Path:
        """The same run as a YAML file; JSON is YAML."""
        path = self.folder / f"run-{steps}.yaml"
        path.write_text(json.dumps(self.run(steps)))
        return path
