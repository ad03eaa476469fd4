#!/usr/bin/env python3
"""Times nextframe against eager PyTorch on the reference networks, in turns on the same machine, and prints the ratios.

    tests/bench/peer.py --program build/release/app/nextframe [--rounds 3] [--threads 2] [--json FILE]

The peer is a restatement of jhhuang96/ConvLSTM-PyTorch's Moving MNIST network with one difference in its favour: the
coarsest forecaster layer has no input, so the peer computes nothing for it. Each side runs in a process of its own and
alone, since idle OpenMP threads of one program slow the other down several times.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

CONFIGS = {"convlstm": "configs/reference-convlstm.json", "convgru": "configs/reference-convgru.json"}
BATCH, CONTEXT, HORIZON, SIZE = 4, 10, 10, 64


def build_peer(cell):
    import torch
    from torch import nn

    leaky = lambda: nn.LeakyReLU(0.2)

    class Recurrent(nn.Module):
        """One layer over a sequence, a step at a time, as eager code does it."""

        def __init__(self, inputs, hidden, kernel):
            super().__init__()
            self.hidden = hidden
            convolution = lambda gates: nn.Conv2d(inputs + hidden, gates * hidden, kernel, padding=kernel // 2, bias=False)
            self.gates = convolution(4 if cell == "convlstm" else 2)
            self.candidate = convolution(1) if cell == "convgru" else None

        def forward(self, frames, steps, shape, state):
            outputs = []
            if state is None:
                zero = torch.zeros(shape[0], self.hidden, shape[1], shape[2])
                state = (zero, zero) if cell == "convlstm" else (zero,)
            for t in range(steps):
                x = [] if frames is None else [frames[t]]
                state = self.lstm(x, state) if cell == "convlstm" else self.gru(x, state)
                outputs.append(state[0])
            return outputs, state

        def lstm(self, x, state):
            i, f, g, o = self.gates(torch.cat([*x, state[0]], 1)).chunk(4, 1)
            c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
            return o.sigmoid() * c.tanh(), c

        def gru(self, x, state):
            z, r = self.gates(torch.cat([*x, state[0]], 1)).sigmoid().chunk(2, 1)
            n = self.candidate(torch.cat([*x, r * state[0]], 1)).tanh()
            return ((1 - z) * state[0] + z * n,)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.ModuleList([
                nn.Sequential(nn.Conv2d(1, 16, 3, 1, 1), leaky()),
                nn.Sequential(nn.Conv2d(64, 64, 3, 2, 1), leaky()),
                nn.Sequential(nn.Conv2d(96, 96, 3, 2, 1), leaky())])
            self.encoder = nn.ModuleList([Recurrent(16, 64, 5), Recurrent(64, 96, 5), Recurrent(96, 96, 5)])
            self.forecaster = nn.ModuleList([Recurrent(96, 64, 5), Recurrent(96, 96, 5), Recurrent(0, 96, 5)])
            self.up = nn.ModuleList([
                nn.Sequential(nn.ConvTranspose2d(96, 96, 4, 2, 1), leaky()),
                nn.Sequential(nn.ConvTranspose2d(96, 96, 4, 2, 1), leaky())])
            self.head = nn.Sequential(nn.Conv2d(64, 16, 3, 1, 1), leaky(), nn.Conv2d(16, 1, 1))

        def forward(self, frames):
            x, batch = list(frames), frames.shape[1]
            states = []
            for k in range(3):
                x = [self.down[k](frame) for frame in x]
                x, state = self.encoder[k](x, CONTEXT, (batch, *x[0].shape[2:]), None)
                states.append(state)
            x = None
            for k in (2, 1, 0):
                side = SIZE >> k
                x, _ = self.forecaster[k](x, HORIZON, (batch, side, side), states[k])
                if k > 0:
                    x = [self.up[k - 1](frame) for frame in x]
            return torch.stack([self.head(frame) for frame in x])

    return Network()


def run_peer(cell, rounds, threads):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    network = build_peer(cell)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    frames = torch.rand(CONTEXT + HORIZON, BATCH, 1, SIZE, SIZE)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = (network(frames[:CONTEXT]) - frames[CONTEXT:]).square().mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()

    def forecast():
        with torch.no_grad():
            network(frames[:CONTEXT])

    def best(work):
        work()
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    forecast_seconds = best(forecast)
    step_seconds = best(step)
    return {
        "torch": torch.__version__,
        "parameters": sum(p.numel() for p in network.parameters()),
        "step_seconds": step_seconds,
        "forecast_seconds": forecast_seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def in_own_process(arguments):
    return json.loads(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/app/nextframe")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--peer-only", choices=sorted(CONFIGS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer_only:
        print(json.dumps(run_peer(options.peer_only, options.rounds, options.threads)))
        return
    results = {}
    for cell, config in CONFIGS.items():
        ours = in_own_process([options.program, "bench", config, "--json", "--threads", str(options.threads)])
        peer = in_own_process([sys.executable, os.path.abspath(__file__), "--peer-only", cell, "--rounds",
                               str(options.rounds), "--threads", str(options.threads)])
        results[cell] = {"nextframe": ours, "pytorch": peer}
        report(cell, ours, peer)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(results, file, indent=2)


def report(cell, ours, peer):
    print(f"{cell}: {ours['parameters']:,} parameters here, {peer['parameters']:,} in PyTorch {peer['torch']}")
    if ours["parameters"] != peer["parameters"]:
        sys.exit("the two networks differ: the comparison would not be fair")
    for name, key, unit in (("training step", "step_seconds", "s"), ("forecast", "forecast_seconds", "s")):
        print(f"  {name:14} {ours[key]:7.3f} {unit}   PyTorch {peer[key]:7.3f} {unit}   "
              f"{peer[key] / ours[key]:.2f} times as fast")
    print(f"  {'peak memory':14} {ours['peak_bytes'] / 2**30:7.2f} GiB PyTorch {peer['peak_bytes'] / 2**30:7.2f} GiB  "
          f"{ours['peak_bytes'] / peer['peak_bytes']:.2f} of it")
    print(f"  share of the FMA peak over the training step: {ours['step_share_of_peak']:.2f} "
          f"({ours['step_gflops']:.0f} of {ours['peak_gflops']:.0f} GFLOP/s)")


if __name__ == "__main__":
    main()
