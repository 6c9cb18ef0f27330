"""The generated module is what the published schema makes, and agrees with the daemon that runs."""

import builtins
import subprocess
import sys
import unittest
from pathlib import Path
from typing import get_type_hints

import finetuned_client as finetuned
from finetuned_client import _generated

from .daemon import Daemon

PACKAGE = Path(__file__).resolve().parents[1]


class TypeTests(unittest.TestCase):
    def test_the_generated_module_is_current(self):
        checked = subprocess.run(
            [sys.executable, PACKAGE / "generate_types.py", "--check"], capture_output=True, text=True, check=False
        )
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_no_name_hides_one_of_pythons_own(self):
        self.assertEqual([name for name in dir(finetuned) if not name.startswith("_") and hasattr(builtins, name)], [])

    def test_every_annotation_resolves(self):
        for name, value in vars(_generated).items():
            if isinstance(value, type) and hasattr(value, "__annotations__"):
                get_type_hints(value, vars(_generated))
        for method in vars(finetuned.Methods).values():
            if callable(method):
                get_type_hints(method, vars(_generated))

    def test_the_daemon_has_the_same_methods(self):
        daemon = Daemon()
        self.addCleanup(daemon.remove)
        with finetuned.Client(daemon.socket) as client:
            document = client.rpc_discover()
        names = {method["name"].replace(".", "_") for method in document["methods"]}
        for mixin in (finetuned.Methods, finetuned.AsyncMethods):
            self.assertEqual({name for name in vars(mixin) if not name.startswith("_")} - {"call"}, names)
        errors = document["components"]["errors"]
        kinds = {error["data"]["kind"] for error in (errors.values() if isinstance(errors, dict) else errors)}
        self.assertEqual(set(finetuned.ERRORS), kinds)


if __name__ == "__main__":
    unittest.main()
