"""The exports of each world, through the bindings that componentize-py generates of `wit/`."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SDK = Path(__file__).parent.parent
WIT = SDK.parent.parent / "wit"
WORLDS = ["transform", "trainer", "predictor", "evaluator", "drift", "trigger"]


@unittest.skipUnless(importlib.util.find_spec("componentize_py"), "componentize-py is missing")
class Exports(unittest.TestCase):
    def test_each_world_speaks_its_contract(self) -> None:
        for world in WORLDS:
            with self.subTest(world), tempfile.TemporaryDirectory() as folder:
                self.check(world, Path(folder))

    def check(self, world: str, folder: Path) -> None:
        deps = folder / "wit" / "deps"
        deps.mkdir(parents=True)
        shutil.copy(WIT / world / "0.1.0" / f"{world}.wit", deps.parent)
        shutil.copy(WIT / "types" / "0.1.0" / "types.wit", deps)
        bindings = str(folder / "bindings")
        command = ["-q", "-d", str(deps.parent), "-w", world, "bindings", bindings]
        tool = "import componentize_py, sys; componentize_py.script()"
        subprocess.run([sys.executable, "-c", tool, *command], check=True)
        path = os.pathsep.join([bindings, str(SDK)])
        environment = os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        call = [sys.executable, "-m", "tests.exports", world]
        ran = subprocess.run(call, cwd=SDK, env=environment, capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stderr)
