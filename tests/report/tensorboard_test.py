#!/usr/bin/env python3
"""tensorboard_test.py PROGRAM: what a run writes for TensorBoard, read by TensorBoard itself, also after a resume.

Exits 77, which ctest takes for skipped, where TensorBoard is not installed (pip install tensorboard)."""

import json
import os
import subprocess
import sys
import tempfile

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError as error:
    print("skipped: no TensorBoard here:", error)
    sys.exit(77)

CONFIG = {
    "name": "events",
    "model": {"levels": [{"conv": {"channels": 4, "kernel": 3}, "hidden": 8, "kernel": 3}],
              "head": [{"kernel": 1, "activation": "sigmoid"}]},
    "data": {"sources": [{"type": "balls", "size": [16, 16]}], "context": 3, "horizon": 3},
    "train": {"batch": 2, "steps": 12, "validate_every": 4, "checkpoint_every": 4, "sample_every": 4},
}


def train(program, folder, *arguments):
    subprocess.run([program, "train", *arguments], check=True, cwd=folder, stderr=subprocess.DEVNULL,
                   env=dict(os.environ, OMP_WAIT_POLICY="passive"))


def compare(folder):
    run = os.path.join(folder, "run")
    with open(os.path.join(run, "metrics.jsonl"), encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    events = EventAccumulator(os.path.join(run, "events"), size_guidance={"scalars": 0, "images": 0}).Reload()
    expected = {}
    for record in records:
        for name in ("loss", "lr", "gradient_norm"):
            if name in record:
                expected.setdefault("train/" + name, []).append((record["step"], record[name]))
        for name, value in record.get("validation", {}).items():
            expected.setdefault("validation/" + name, []).append((record["step"], value))
    assert sorted(events.Tags()["scalars"]) == sorted(expected), events.Tags()
    for tag, values in expected.items():
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        assert [step for step, _ in found] == [step for step, _ in values], (tag, found, values)
        for (_, a), (_, b) in zip(found, values):
            assert abs(a - b) <= 1e-6 * max(1, abs(b)), (tag, a, b)
    assert events.Tags()["images"], events.Tags()
    for tag in events.Tags()["images"]:
        for image in events.Images(tag):
            picture = os.path.join(run, "samples", f"step_{image.step:07}_{tag.split('/')[1]}.png")
            with open(picture, "rb") as file:
                assert file.read() == image.encoded_image_string, picture
            assert image.width > image.height / 4 > 0, (image.width, image.height)
    return len(events.Scalars("train/loss"))


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "events.json"), "w", encoding="utf-8") as file:
            json.dump(CONFIG, file)
        train(program, folder, "events.json", "--out", "run")
        assert compare(folder) == 12
        # As after a crash: more was written than the state knows of.
        with open(os.path.join(folder, "run", "metrics.jsonl"), "a", encoding="utf-8") as file:
            file.write('{"step": 13, "loss": 99.0, "lr": 0.1, "gradient_norm": 1.0}\n')
        train(program, folder, "run", "--resume", "--steps", "20")
        assert compare(folder) == 20


main()
