#!/usr/bin/env python3
"""Trains OpenSTL's ConvLSTM-S here and in PyTorch, from the same weights, on the same sequences, with the same choices of
what is fed back; holds the losses of every step and the time of a step against each other.

    tests/bench/peer_stack.py                     60 steps at batch 4: a quarter of an hour on two idle cores
    tests/bench/peer_stack.py --steps 3 --times-only --json times.json

PyTorch runs the network as OpenSTL's code writes it: eager, channels first, one convolution for the input and one for the
hidden state of every step. The two sides run one after the other, each in a process of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from model_file import read_config, read_model_file
from peer_losses import make_clips
from peer_sides import HERE, Nextframe, Result

CONFIG = os.path.join(HERE, "..", "..", "configs", "openstl-convlstm-s.json")
CONTEXT, HORIZON, BATCH, SEED = 10, 10, 4, 1
SAMPLING = {"start": 0.5, "decrease": 0.001, "stop": 1000}  # so that both kinds of frames come from the first step on
WORD = 2**64


class Random:
    """core/base/random.h, for the order of the sequences and the choices of what is fed back."""

    def __init__(self, seed, stream):
        mixed, _ = self.splitmix(stream)
        counter, self.state = seed ^ mixed, []
        for _ in range(4):
            word, counter = self.splitmix(counter)
            self.state.append(word)

    @staticmethod
    def splitmix(counter):
        counter = (counter + 0x9E3779B97F4A7C15) % WORD
        mixed = counter
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % WORD
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % WORD
        return mixed ^ (mixed >> 31), counter

    def next(self):
        def rotated(x, k):
            return (x << k | x >> (64 - k)) % WORD

        s = self.state
        result = rotated(s[1] * 5 % WORD, 7) * 9 % WORD
        shifted = (s[1] << 17) % WORD
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotated(s[3], 45)
        return result

    def uniform(self):
        return (self.next() >> 11) / 2**53

    def below(self, count):
        while (value := self.next()) < (WORD - count) % count:
            pass
        return value % count


def order_of(step):
    """core/frames/batch.cpp: one batch is an epoch here."""
    order, random = list(range(BATCH)), Random(SEED, 0x6F72646572000000 + step)
    for i in range(BATCH, 1, -1):
        j = random.below(i)
        order[i - 1], order[j] = order[j], order[i - 1]
    return order


def truth_of(step):
    """core/train/scheduled_sampling.cpp: one row a step behind the context."""
    probability = max(0.0, SAMPLING["start"] - SAMPLING["decrease"] * (step + 1)) if step < SAMPLING["stop"] else 0.0
    random = Random(SEED, (0x5C4ED << 44) + (step << 16))
    return [[random.uniform() < probability for _ in range(BATCH)] for _ in range(HORIZON - 1)]


def peer(task):
    """PyTorch's side: losses and seconds of every step."""
    import numpy
    import torch
    from torch.nn import functional

    torch.set_num_threads(task["threads"])
    model = read_config(CONFIG)["model"]
    patch, layers = model["patch"], len(model["levels"])
    weights = {name: torch.frombuffer(data, dtype=torch.float32).reshape(shape).clone().requires_grad_()
               for name, (shape, data) in read_model_file(task["weights"]).items()}
    clips = torch.from_numpy(numpy.load(task["clips"])).unsqueeze(2)
    # Rows and columns of a patch first, then channels: the order of nextframe's patches; with one channel it is PyTorch's.
    clips = functional.pixel_unshuffle(clips.flatten(0, 1), patch).reshape(*clips.shape[:2], -1, *[
        side // patch for side in clips.shape[-2:]])
    optimizer = torch.optim.Adam(weights.values(), lr=task["lr"])

    def forward(frames, truth):
        hidden = [model["levels"][k]["hidden"] for k in range(layers)]
        h = [torch.zeros(BATCH, width, *frames.shape[-2:]) for width in hidden]
        c, outputs = list(h), []
        for t in range(CONTEXT + HORIZON - 1):
            x = frames[:, t]
            if t >= CONTEXT:
                mask = truth[t - CONTEXT].view(BATCH, 1, 1, 1)
                x = mask * x + (1 - mask) * outputs[-1]
            for k in range(layers):
                w, u = weights[f"stack.{k}.rnn.input.weight"], weights[f"stack.{k}.rnn.hidden.weight"]
                sums = functional.conv2d(x, w, padding=w.shape[-1] // 2) + functional.conv2d(
                    h[k], u, padding=u.shape[-1] // 2)
                i, f, g, o = sums.split(hidden[k], 1)
                c[k] = f.sigmoid() * c[k] + i.sigmoid() * g.tanh()
                h[k] = o.sigmoid() * c[k].tanh()
                x = h[k]
            outputs.append(functional.conv2d(x, weights["head.0.weight"]))
        return torch.stack(outputs, 1)

    losses, seconds = [], []
    for step in range(task["steps"]):
        start = time.perf_counter()
        frames = clips[order_of(step)]
        loss = functional.mse_loss(forward(frames, torch.tensor(truth_of(step)).float()), frames[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - start)
        print(f"PyTorch, step {step + 1}: loss {losses[-1]:.6f}, {seconds[-1]:.2f} s", file=sys.stderr, flush=True)
    json.dump({"torch": torch.__version__, "losses": losses, "seconds": seconds}, sys.stdout)


def train(program, threads, folder, clips, name, settings, initial=None):
    """Returns the losses and the last model."""
    run = os.path.join(folder, name)
    settings = {
        "data.sources": json.dumps([{"type": "array", "path": clips}]),
        "data.split": json.dumps({"by": "clip", "train": 1, "validation": 0, "test": 0}),
        "data.normalise.by": "none", "data.scene_cuts": "ignore", "data.cache.dir": os.path.join(folder, "cache"),
        "train.batch": BATCH, "train.seed": SEED, "train.scheduled_sampling": json.dumps(SAMPLING),
        "train.schedule": json.dumps({"type": "constant"}), **settings}
    arguments = [program.program, "train", CONFIG, "--out", run, "--threads", str(threads)]
    for key, value in settings.items():
        arguments += ["--set", f"{key}={value}"]
    program.run(arguments + (["--init", initial] if initial else []))
    with open(os.path.join(run, "metrics.jsonl")) as file:
        return [record["loss"] for record in map(json.loads, file) if "loss" in record], os.path.join(
            run, "last.safetensors")


def compare(options):
    os.environ.setdefault("NEXTFRAME_DATA", ".")  # the configuration's own data are not used
    program = Nextframe(options.program, options.threads)
    with tempfile.TemporaryDirectory() as folder:
        clips = os.path.join(folder, "clips.npy")
        make_clips(clips, CONTEXT + HORIZON, options.size)
        # A step too small to change any weight leaves the initial weights in the model file.
        _, initial = train(program, options.threads, folder, clips, "initial",
                           {"train.steps": 1, "train.optimizer.lr": 1e-30})
        ours = []
        if not options.times_only:
            ours, _ = train(program, options.threads, folder, clips, "ours", {"train.steps": options.steps}, initial)
        bench = [options.program, "bench", CONFIG, "--json", "--rounds", "1", "--threads", str(options.threads),
                 "--set", f"train.batch={BATCH}", "--set", f"data.size=[{options.size},{options.size}]",
                 "--set", "data.sources=" + json.dumps([{"type": "digits"}])]
        seconds = json.loads(program.run(bench))["step_seconds"]
        task = {"weights": initial, "clips": clips, "steps": options.steps, "lr": 5e-4, "threads": options.threads}
        answer = subprocess.run([options.python, __file__, "--peer"], input=json.dumps(task), text=True, check=True,
                                stdout=subprocess.PIPE)
    theirs = json.loads(answer.stdout)
    if ours:
        difference = max(abs(a - b) / b for a, b in zip(ours, theirs["losses"], strict=True))
        yield Result(f"losses of {options.steps} steps, {options.size}x{options.size}: largest relative difference", f"{ours[-1]:.6f}",
                     f"{theirs['losses'][-1]:.6f}", difference, "at most 0.01", "the last loss of each",
                     {"ours": ours, "peer": theirs["losses"]})
    fastest = min(theirs["seconds"])
    yield Result(f"training step at batch {BATCH}, {options.size}x{options.size}, float32", f"{seconds:.4g} s", f"{fastest:.4g} s", fastest / seconds,
                 "at least 2.2", f"PyTorch {theirs['torch']}, eager",
                 {"ours_seconds": seconds, "peer_seconds": fastest})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/app/nextframe")
    parser.add_argument("--python", default=sys.executable, help="the Python with PyTorch")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--size", type=int, default=64, help="of a frame's sides")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--times-only", action="store_true", help="leave the losses out")
    parser.add_argument("--json", metavar="FILE", help="write the results there too")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return peer(json.load(sys.stdin))
    results = []
    for result in compare(options):
        results.append(vars(result))
        reached = "  reached" if result.reached() else "  MISSED"
        print(f"{result.what:56} {result.ours:>12} {result.peer:>12} {result.ratio:8.3g}  {result.goal}{reached}   {result.note}",
              flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"threads": options.threads, "results": results}, file, indent=2)


if __name__ == "__main__":
    main()
