#!/usr/bin/env python3
"""Trains a small network in float32 and in bf16, from several seeds each, and holds their validation losses against each
other: the mean over the seeds in bf16 should be within 2 % of that in float32.

    tests/bench/precision.py                     2,000 steps, seeds 1 to 3, about half an hour on two free cores
    tests/bench/precision.py --steps 300 --seeds 1
    tests/bench/precision.py --config tests/bench/small.json --set train.batch=2 --set train.optimizer.lr=1e-3
                                                 a network of 160,000 parameters, six minutes
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PRECISIONS = ("float32", "bf16")


def train(arguments, seed, precision, folder):
    """The validation scores after the last step."""
    command = [arguments.program, "train", arguments.config, "--out", folder, "--seed", str(seed),
               "--threads", str(arguments.threads), "--precision", precision,
               "--set", f"train.steps={arguments.steps}", "--set", "train.early_stop=0",
               "--set", f"train.validate_every={arguments.steps}", "--set", "train.samples=0"]
    for setting in arguments.set:
        command += ["--set", setting]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    with open(os.path.join(folder, "metrics.jsonl")) as file:
        records = [json.loads(line) for line in file]
    return [record["validation"] for record in records if "validation" in record][-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/app/nextframe"))
    parser.add_argument("--config", default=os.path.join(ROOT, "configs/moving-digits-small.json"))
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of nextframe train")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3, help="how many, counted from 1")
    parser.add_argument("--threads", type=int, default=0, help="0: all")
    parser.add_argument("--score", default="loss", help="of the validation")
    arguments = parser.parse_args()
    scores = {precision: [] for precision in PRECISIONS}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, arguments.seeds + 1):
            for precision in PRECISIONS:
                scores[precision].append(
                    train(arguments, seed, precision, os.path.join(folder, f"{precision}-{seed}"))[arguments.score])
            exact, rounded = (scores[precision][-1] for precision in PRECISIONS)
            print(f"seed {seed}: float32 {exact:.6g}, bf16 {rounded:.6g} ({100 * (rounded / exact - 1):+.2f} %)", flush=True)
    exact, rounded = (sum(scores[precision]) / arguments.seeds for precision in PRECISIONS)
    change = rounded / exact - 1
    print(f"mean: float32 {exact:.6g}, bf16 {rounded:.6g} ({100 * change:+.2f} %)")
    return 0 if abs(change) <= 0.02 else 1


if __name__ == "__main__":
    sys.exit(main())
