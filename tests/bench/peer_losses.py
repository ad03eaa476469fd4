"""Both sides train from the same weights on the same sequences; their losses are held against each other."""

import array
import json
import os
import random
import tempfile

from peer_sides import HERE, Mode, Problem, Result

SEQUENCES, CONTEXT, HORIZON, SIZE = 4, 5, 5, 64
FIRST, STEPS, QUICK_STEPS = 50, 200, 60


def make_clips(path, length=CONTEXT + HORIZON, size=SIZE):
    """Bright squares that move and bounce, an npy array [N,T,H,W] of numbers from 0 to 1."""
    random.seed(1)
    numbers, side = array.array("f"), 9
    for _ in range(SEQUENCES):
        place = [random.uniform(0, size - side) for _ in range(2)]
        speed = [random.uniform(-3, 3) for _ in range(2)]
        for _ in range(length):
            for axis in range(2):
                if not 0 <= place[axis] + speed[axis] <= size - side:
                    speed[axis] = -speed[axis]
                place[axis] += speed[axis]
            top, left = (int(at) for at in place)
            numbers.extend(1.0 if 0 <= y - top < side and 0 <= x - left < side else 0.1
                           for y in range(size) for x in range(size))
    shape = (SEQUENCES, length, size, size)
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + numbers.tobytes())


def train(program, threads, folder, clips, name, settings, initial=None):
    """Trains into folder/name; returns the losses and the last model."""
    run = os.path.join(folder, name)
    settings = {
        "data.sources": json.dumps([{"type": "array", "path": clips}]),
        "data.split": json.dumps({"by": "clip", "train": 1, "validation": 0, "test": 0}),
        "data.normalise.by": "none", "data.scene_cuts": "ignore", "data.cache.dir": os.path.join(folder, "cache"),
        "data.context": CONTEXT, "data.horizon": HORIZON, "train.batch": SEQUENCES, **settings}
    arguments = [program.program, "train", os.path.join(HERE, "small.json"), "--out", run, "--threads", str(threads)]
    for key, value in settings.items():
        arguments += ["--set", f"{key}={value}"]
    program.run(arguments + (["--init", initial] if initial else []))
    with open(os.path.join(run, "metrics.jsonl")) as file:
        losses = [record["loss"] for record in map(json.loads, file) if "loss" in record]
    return losses, os.path.join(run, "last.safetensors")


def loss_curves(comparison):
    """Every step sees all sequences, so that their order is no matter. Rounding grows over the steps, hence two bounds
    for float32; bf16 is held against PyTorch's float32 by the mean of the last steps."""
    steps = QUICK_STEPS if comparison.quick else STEPS
    ours = {}
    with tempfile.TemporaryDirectory() as folder:
        clips = os.path.join(folder, "clips.npy")
        make_clips(clips)

        def run(name, settings, initial=None):
            return train(comparison.ours, comparison.ours.threads, folder, clips, name, settings, initial)

        # A step too small to change any weight leaves the initial weights in the model file.
        _, initial = run("initial", {"train.steps": 1, "train.optimizer.lr": 1e-30})
        for precision in comparison.precisions:
            ours[precision], _ = run(precision, {"train.steps": steps, "train.precision": precision}, initial)
        problem = Problem(os.path.join(HERE, "small.json"), SEQUENCES, CONTEXT, HORIZON, SIZE)
        peer = comparison.peer.measure(problem, Mode(), ["losses"], weights=initial, clips=clips, steps=steps)["losses"]
    if "float32" in ours:
        differences = [abs(a - b) / b for a, b in zip(ours["float32"], peer, strict=True)]
        for last, goal in ((FIRST, "at most 0.001"), (steps, "at most 0.01")):
            yield Result(f"losses of {last} steps, float32: largest relative difference",
                         f"{ours['float32'][last - 1]:.6f}", f"{peer[last - 1]:.6f}", max(differences[:last]), goal,
                         "the last loss of each")
    if "bf16" in ours:
        means = [sum(curve[-FIRST:]) / FIRST for curve in (ours["bf16"], peer)]
        yield Result(f"losses of the last {FIRST} of {steps} steps, bf16: difference of the means", f"{means[0]:.6f}",
                     f"{means[1]:.6f}", abs(means[0] - means[1]) / means[1], "at most 0.02", "PyTorch: float32")
