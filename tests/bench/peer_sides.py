"""Runs the two sides, each in a process of its own and never both at once: idle OpenMP threads of one program slow the
other down several times."""

import dataclasses
import glob
import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ALLOCATORS = {"tcmalloc": "libtcmalloc*.so.4", "jemalloc": "libjemalloc.so.2"}
LIBRARY_FOLDERS = ("/usr/lib/*-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")


@dataclasses.dataclass
class Result:
    what: str
    ours: str
    peer: str
    ratio: float
    goal: str  # "at least 2.7", "at most 0.30", or empty where there is none
    note: str = ""
    values: dict = dataclasses.field(default_factory=dict)

    def reached(self):
        """None where there is no goal."""
        if not self.goal:
            return None
        _, bound, number = self.goal.split()
        return self.ratio >= float(number) if bound == "least" else self.ratio <= float(number)


@dataclasses.dataclass(frozen=True)
class Problem:
    """One network with everything that decides its cost; both sides get it from here."""

    config: str
    batch: int
    context: int
    horizon: int
    size: int
    precision: str = "float32"

    def with_(self, **changes):
        return dataclasses.replace(self, **changes)


@dataclasses.dataclass(frozen=True)
class Mode:
    """A way to run PyTorch."""

    channels_last: bool = False
    compile: bool = False
    allocator: str = ""  # empty: the system's

    def __str__(self):
        words = ["compiled" if self.compile else "eager", "channels last" if self.channels_last else "channels first"]
        return ", ".join(words + ([self.allocator] if self.allocator else []))


def allocator_libraries():
    found = {}
    for name, pattern in ALLOCATORS.items():
        paths = sorted(path for folder in LIBRARY_FOLDERS for path in glob.glob(os.path.join(folder, pattern))
                       if "debug" not in path)
        if paths:
            found[name] = paths[0]
    return found


class Nextframe:
    def __init__(self, program, threads):
        self.program, self.threads = program, threads

    def bench(self, problem, rounds=1, threads=None, changes=()):
        settings = {"train.batch": problem.batch, "data.context": problem.context, "data.horizon": problem.horizon,
                    "data.size": f"[{problem.size},{problem.size}]", "train.precision": problem.precision}
        arguments = [self.program, "bench", problem.config, "--json", "--rounds", str(rounds)]
        arguments += ["--threads", str(threads or self.threads)]
        for setting in [f"{key}={value}" for key, value in settings.items()] + list(changes):
            arguments += ["--set", setting]
        return json.loads(self.run(arguments))

    def run(self, arguments):
        result = subprocess.run(arguments, capture_output=True, text=True)
        if result.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout


class PyTorch:
    """Finds the fastest mode for each problem and remembers it."""

    def __init__(self, python, threads, log):
        self.python, self.threads, self.log = python, threads, log
        self.allocators = allocator_libraries()
        probe = "import torch; print(torch.__version__, int(hasattr(torch, 'compile')))"
        answer = subprocess.run([python, "-c", probe], check=True, capture_output=True, text=True).stdout
        self.version, compiles = answer.split()
        self.can_compile = compiles == "1"
        self.fastest = {}

    def measure(self, problem, mode, works, rounds=1, warm=True, **more):
        task = {**dataclasses.asdict(problem), **dataclasses.asdict(mode), "threads": self.threads, "works": works,
                "rounds": rounds, "warm": warm, **more}
        environment = dict(os.environ)
        if mode.allocator:
            environment["LD_PRELOAD"] = self.allocators[mode.allocator]
        result = subprocess.run([self.python, os.path.join(HERE, "peer_work.py")], input=json.dumps(task), text=True,
                                capture_output=True, env=environment)
        if result.returncode != 0:
            raise RuntimeError(f"PyTorch, {mode}: {result.stderr.strip().splitlines()[-1:]}")
        return json.loads(result.stdout)

    def fastest_mode(self, problem, work):
        """By short runs: the layout first, then with the better layout the allocators and the compiler."""
        key = (problem.config, problem.batch, problem.size, problem.precision, work)
        if key not in self.fastest:
            short = problem.with_(context=min(problem.context, 2), horizon=min(problem.horizon, 2))
            times = {}

            def probe(mode):
                try:
                    times[mode] = self.measure(short, mode, [work])[work + "_seconds"]
                    self.log(f"PyTorch, {mode}: {times[mode]:.4g} s for {work}, {short.context} + {short.horizon} frames")
                except RuntimeError as error:
                    self.log(f"left out: {error}")

            probe(Mode())
            probe(Mode(channels_last=True))
            layout = min(times, key=times.get)
            for name in self.allocators:
                probe(dataclasses.replace(layout, allocator=name))
            if self.can_compile:
                probe(dataclasses.replace(min(times, key=times.get), compile=True))
            self.fastest[key] = min(times, key=times.get)
        return self.fastest[key]
