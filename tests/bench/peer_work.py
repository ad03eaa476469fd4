"""What PyTorch does in a process of its own: reads a task as JSON from stdin, writes what it measured to stdout.

A task names a configuration, its batch, lengths and frame size, one mode of PyTorch, and the works to time.
"""

import contextlib
import json
import resource
import sys
import time

import torch

from model_file import read_config
from peer_network import EncoderForecaster

LEAST_SECONDS = 1.0


class Work:
    def __init__(self, task):
        self.task = task
        self.config = read_config(task["config"])
        self.layout = torch.channels_last if task["channels_last"] else torch.contiguous_format
        torch.set_num_threads(task["threads"])
        torch.manual_seed(1)
        self.network = EncoderForecaster(self.config["model"]).to(memory_format=self.layout)
        if task.get("weights"):
            self.network.load(task["weights"])
        self.run = torch.compile(self.network) if task["compile"] else self.network
        self.clip_norm = self.config["train"].get("clip_norm", 1.0)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=self.config["train"]["optimizer"]["lr"])

    def frames(self, steps, batch):
        size = self.task["size"]
        made = torch.rand(steps * batch, 1, size, size).contiguous(memory_format=self.layout)
        return made.view(steps, batch, 1, size, size)

    def autocast(self):
        if self.task["precision"] == "bf16":
            return torch.autocast("cpu", dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def train(self, context, target):
        self.optimizer.zero_grad(set_to_none=True)
        with self.autocast():
            loss = (self.run(context, len(target)).float() - target).square().mean()
        loss.backward()
        if self.clip_norm > 0:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.clip_norm)
        self.optimizer.step()
        return float(loss)

    def step(self, context_length, horizon):
        context, target = self.frames(context_length, self.task["batch"]), self.frames(horizon, self.task["batch"])
        return lambda: self.train(context, target)

    def forecast(self, context_length, horizon):
        context = self.frames(context_length, self.task["batch"])

        def work():
            with torch.no_grad(), self.autocast():
                self.run(context, horizon)

        return work

    def response(self, context_length, horizon):
        del horizon
        past, last = self.frames(context_length, 1), self.frames(1, 1)
        with torch.no_grad(), self.autocast():
            state = self.network.encode(past, None)

        def work():
            with torch.no_grad(), self.autocast():
                return self.network.decode(self.network.encode(last, state), 1).float()

        return work

    def best_seconds(self, name):
        """The best of `rounds` rounds, or more where they are short; before them a short one builds what stays."""
        task = self.task
        getattr(self, name)(2, 2)()
        work = getattr(self, name)(task["context"], task["horizon"])
        if task["warm"]:
            work()
        times, begin = [], time.perf_counter()
        while len(times) < task["rounds"] or (time.perf_counter() - begin < LEAST_SECONDS and len(times) < 1000):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    def losses(self):
        import numpy

        frames = torch.from_numpy(numpy.load(self.task["clips"])).transpose(0, 1).unsqueeze(2).contiguous()
        context, target = frames[:self.task["context"]], frames[self.task["context"]:]
        return [self.train(context, target) for _ in range(self.task["steps"])]


def main():
    task = json.load(sys.stdin)
    work = Work(task)
    result = {"torch": torch.__version__, "parameters": sum(p.numel() for p in work.network.parameters())}
    for name in task["works"]:
        if name == "losses":
            result["losses"] = work.losses()
        else:
            result[name + "_seconds"] = work.best_seconds(name)
    result["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
