#!/usr/bin/env python3
"""Runs ours and the peers alternately, and prints a table. Started by `run.sh`.

Every figure is the wall time of a whole process, its start included, unless it says otherwise.
The files are read once before, so that none pays for a cold page cache.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PIPELINE = HERE.parents[1] / "examples" / "flights" / "pipeline.yaml"
COLD_ROUNDS = 3
NOOP_ROUNDS = 10
COLD_RATIO_MAX = 1.0  # ours must take no longer than pandas in memory
NOOP_RATIO_MIN = 30.0  # and be this many times faster than DVC


def timed(command, environment=None):
    """Wall seconds and the answer of a command that must succeed."""
    began = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment
    )
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return seconds, done.stdout


def ours(refrain, store, compiled):
    """One run of the example on a store; compiled components are looked for in a folder."""
    environment = os.environ | {"REFRAIN_COMPILED_DIR": str(compiled)}
    seconds, answer = timed([refrain, "run", PIPELINE, "--store", store, "--json"], environment)
    return seconds, json.loads(answer)


def noop(refrain, store, compiled):
    """Runs in which nothing must be executed."""
    times = []
    for _ in range(NOOP_ROUNDS):
        seconds, answer = ours(refrain, store, compiled)
        if answer["units_executed"] != 0:
            sys.exit(f"a no-op run executed {answer['units_executed']} units")
        times.append(seconds)
    return times


def dvc(*options):
    """Seconds of each no-op `dvc repro`."""
    _, answer = timed([HERE / "dvc_noop.sh", *options])
    return [float(line) for line in answer.split()]


def row(name, times, versus=None):
    """One line: median, minimum, and the ratio to the median of ours."""
    middle = statistics.median(times)
    ratio = f"{middle / statistics.median(versus):8.2f}x" if versus else ""
    print(f"{name:44} {middle * 1000:10.1f} {min(times) * 1000:10.1f} {ratio}")


def header(title):
    print(f"\n{title:44} {'median ms':>10} {'best ms':>10}    ratio")


def verdict(claim, holds):
    print(f"{'holds' if holds else 'FAILS'}: {claim}")
    return holds


def main():
    refrain = pathlib.Path(sys.argv[1]).resolve()
    for file in (PIPELINE.parent / "data").glob("*.gz"):
        file.read_bytes()

    cold, compiled_before, script, in_memory, answers, fits = [], [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for index in range(COLD_ROUNDS):
            folder_of = lambda what: pathlib.Path(folder) / f"{what}-{index}"
            compiled = folder_of("compiled")
            seconds, answer = ours(refrain, folder_of("store"), compiled)
            cold.append(seconds)
            answers.append(answer)
            compiled_before.append(ours(refrain, folder_of("second-store"), compiled)[0])
            seconds, peer = timed([sys.executable, HERE / "pandas_sklearn.py"])
            script.append(seconds)
            peer = json.loads(peer)
            in_memory.append(peer["seconds_total"])
            fits.append(peer)
        again = noop(refrain, folder_of("store"), compiled)
    with_git, without_git = dvc(), dvc("--no-scm")

    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; pandas {fits[0]['pandas']}, "
          f"scikit-learn {fits[0]['scikit_learn']}")
    print(f"refrain:      {json.dumps(answers[0]['metrics'])[:300]}")
    print(f"scikit-learn: roc_auc {fits[0]['metrics']['roc_auc']:.6f}, stages {fits[0]['seconds']}")

    header("the flights pipeline, nothing stored")
    row("refrain run, durable, nothing compiled", cold)
    row("  a new store, components compiled before", compiled_before, cold)
    row("pandas + scikit-learn, in memory", script, cold)
    row("  the same without start and imports", in_memory, cold)
    header("nothing to do")
    row("refrain run", again)
    row("dvc repro", with_git, again)
    row("dvc repro, without git", without_git, again)

    print()
    cold_ratio = statistics.median(cold) / statistics.median(script)
    noop_ratio = statistics.median(with_git) / statistics.median(again)
    held = [
        verdict(f"cold run takes {cold_ratio:.2f} of pandas (at most {COLD_RATIO_MAX})", cold_ratio <= COLD_RATIO_MAX),
        verdict(f"no-op is {noop_ratio:.0f} times faster than DVC (at least {NOOP_RATIO_MIN:.0f})", noop_ratio >= NOOP_RATIO_MIN),
    ]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
