"""The rows of the comparison. Each is a function of a Comparison that yields Results."""

import dataclasses
import os

from peer_losses import loss_curves
from peer_sides import HERE, Mode, Problem, Result

CONFIGS = os.path.join(HERE, "..", "..", "configs")
CELLS = ("convlstm", "convgru")
PRECISIONS = ("float32", "bf16")
SHARES_OF_PEAK = {"float32": "at least 0.85", "bf16": "at least 0.78"}  # of the reference networks


@dataclasses.dataclass
class Comparison:
    ours: object   # peer_sides.Nextframe
    peer: object   # peer_sides.PyTorch
    precisions: tuple  # of "float32" and "bf16"
    turns: int     # how often the two sides are run in turns
    quick: bool
    log: object

    def reference(self, cell, precision):
        length = 3 if self.quick else 10
        return Problem(os.path.join(CONFIGS, f"reference-{cell}.json"), 4, length, length, 64, precision)

    def small(self, precision):
        return Problem(os.path.join(HERE, "small.json"), 1, 10, 10, 64, precision)

    def openstl(self, precision):
        length = 2 if self.quick else 5
        return Problem(os.path.join(HERE, "openstl.json"), 16, length, length, 64, precision)

    def in_turns(self, problem, works, peer_problem=None):
        """The best seconds of each work on each side, nextframe's report and PyTorch's mode for each work."""
        peer_problem = peer_problem or problem
        modes = {work: self.peer.fastest_mode(peer_problem, work) for work in works}
        ours, peer, report = {}, {}, None
        for _ in range(self.turns):
            measured = self.ours.bench(problem)
            report = measured if report is None or measured["step_seconds"] < report["step_seconds"] else report
            for work in works:
                ours[work] = min(ours.get(work, float("inf")), measured[work + "_seconds"])
                theirs = self.peer.measure(peer_problem, modes[work], [work], warm=not self.quick)
                if theirs["parameters"] != measured["parameters"]:
                    raise RuntimeError(f"the two networks differ: {measured['parameters']} parameters here, "
                                       f"{theirs['parameters']} in PyTorch")
                peer[work] = min(peer.get(work, float("inf")), theirs[work + "_seconds"])
        return ours, peer, report, modes


NAMES = {"step": "training step", "forecast": "forecast", "response": "next frame, state held"}


def at_least(times, share_of_peak=None):
    """The goal of being `times` as fast, or of `share_of_peak` of the peak where that is less."""

    def goal(report, work, peer_seconds):
        if share_of_peak is None:
            return f"at least {times}"
        fastest = report[work + "_gflop"] / (share_of_peak * report["peak_gflops"])
        return f"at least {min(times, peer_seconds / fastest):.3g}"

    return goal


def at_most(share):
    return lambda report, work, peer_seconds: f"at most {share}"


def no_goal(report, work, peer_seconds):
    return ""


def timed(comparison, title, problem, goals, peer_problem=None):
    """`goals` by work; one result a work."""
    ours, peer, report, modes = comparison.in_turns(problem, list(goals), peer_problem)
    for work, goal_of in goals.items():
        goal = goal_of(report, work, peer[work])
        theirs = (peer_problem or problem).precision
        ratio = ours[work] / peer[work] if goal.startswith("at most") else peer[work] / ours[work]
        yield Result(f"{title}, {NAMES[work]}, {problem.precision} against {theirs}", f"{ours[work]:.4g} s",
                     f"{peer[work]:.4g} s", ratio, goal, f"PyTorch: {modes[work]}",
                     {"ours_seconds": ours[work], "peer_seconds": peer[work]})
    if "step" in goals and peer_problem is None:
        goal = SHARES_OF_PEAK[problem.precision] if title.startswith("reference") else ""
        yield Result(f"{title}, share of the {problem.precision} peak over the step",
                     f"{report['step_gflops']:.1f} GFLOP/s", f"{report['step_gflop'] / peer['step']:.1f} GFLOP/s",
                     report["step_share_of_peak"], goal,
                     f"peak {report['peak_gflops']:.0f} GFLOP/s, {report['peak_instructions']}; counted as direct sums",
                     {"peak_gflops": report["peak_gflops"]})


def step(comparison):
    for cell in CELLS:
        title = f"reference-{cell}"
        float32, bf16 = (comparison.reference(cell, precision) for precision in PRECISIONS)
        if "float32" in comparison.precisions:
            yield from timed(comparison, title, float32, {"step": at_least(2.7, 0.88)})
        if "bf16" in comparison.precisions:
            yield from timed(comparison, title, bf16, {"step": at_least(3.5, 0.80)})
            yield from timed(comparison, title, bf16, {"step": at_least(5, 0.80)}, peer_problem=float32)


def forecast(comparison):
    for cell in CELLS:
        for precision in comparison.precisions:
            goal = at_least(2.5) if precision == "float32" else no_goal
            yield from timed(comparison, f"reference-{cell}", comparison.reference(cell, precision), {"forecast": goal})


def small(comparison):
    """No goal for bf16 against bf16: PyTorch runs that in oneDNN but float32 at batch 1 in loops of its own."""
    for precision in comparison.precisions:
        goal = at_least(10) if precision == "float32" else no_goal
        yield from timed(comparison, "small network", comparison.small(precision), {"step": goal, "forecast": goal})


def openstl(comparison):
    for precision in comparison.precisions:
        goals = {"step": at_least(2.5, 0.88)}
        yield from timed(comparison, "OpenSTL-sized layers", comparison.openstl(precision), goals)


def latency(comparison):
    for cell in CELLS:
        for precision in comparison.precisions:
            problem = comparison.reference(cell, precision).with_(batch=1)
            goal = at_most(0.40 if precision == "float32" else 0.30)
            yield from timed(comparison, f"reference-{cell}", problem, {"response": goal})


def memory(comparison):
    """The largest resident size of a process that trains; always whole lengths, which memory depends on."""
    cell = CELLS[0]
    peaks, problems = {}, {}
    for precision in comparison.precisions:
        problem = comparison.reference(cell, precision).with_(context=10, horizon=10)
        mode = Mode() if comparison.quick else comparison.peer.fastest_mode(problem, "step")
        peaks[precision] = (comparison.peer.measure(problem, mode, ["step"], warm=False)["peak_bytes"], mode)
        problems[precision] = problem
    smallest = min(peaks, key=lambda precision: peaks[precision][0])
    theirs, mode = peaks[smallest]
    for precision, problem in problems.items():
        goal = "at most 0.5" if precision == "float32" else "at most 0.30"
        for title, changes in ((precision, ()), (precision + " with recomputation", ("train.recompute=segments",))):
            ours = comparison.ours.bench(problem, changes=changes)["training_peak_bytes"]
            yield Result(f"reference-{cell}, peak memory of training, {title}", f"{ours / 2**20:.0f} MiB",
                         f"{theirs / 2**20:.0f} MiB", ours / theirs, goal, f"PyTorch: {smallest}, {mode}",
                         {"ours_bytes": ours, "peer_bytes": theirs})
            goal = "at most 0.15" if precision == "bf16" else ""


def scaling(comparison):
    """One thread to two, against how the peak itself grows. nextframe alone."""
    for precision in comparison.precisions:
        problem = comparison.reference(CELLS[0], precision)
        one, two = ({}, {})
        for _ in range(comparison.turns):
            for threads, best in ((1, one), (2, two)):
                measured = comparison.ours.bench(problem, threads=threads)
                for name in ("step_gflops", "peak_gflops"):
                    best[name] = max(best.get(name, 0), measured[name])
        speedup, peak = two["step_gflops"] / one["step_gflops"], two["peak_gflops"] / one["peak_gflops"]
        yield Result(f"one thread to two, training step, {precision}", f"{speedup:.2f} times", "", speedup / peak,
                     "at least 0.93", f"the peak: {peak:.2f} times")


def spread(comparison, title, problems, units, goals):
    """Cost per unit (frame, pixel) of nextframe over several problems, against the best of them."""
    costs = {}
    for name, problem in problems.items():
        rounds = 1 if comparison.quick else 3
        costs[name] = comparison.ours.bench(problem, rounds=rounds)["step_seconds"] / units(problem)
    best = min(costs.values())
    for name, cost in costs.items():
        yield Result(f"{title}, {name}", f"{cost * 1e6:.4g} us", "", cost / best, goals.get(name, "at most 1.1"))


def lengths(comparison):
    for precision in comparison.precisions:
        problem = comparison.reference(CELLS[0], precision).with_(batch=1)
        lengths_ = (10, 20, 40) if comparison.quick else (10, 20, 40, 80)
        problems = {f"{length} frames": problem.with_(context=length // 2, horizon=length // 2) for length in lengths_}
        yield from spread(comparison, f"cost per frame, {precision}", problems, lambda p: p.context + p.horizon, {})


def sizes(comparison):
    """At the reference's length, which what happens once a step (optimizer, points of the weights) is spread over. The largest
    frames take 13 GB in float32."""
    for precision in comparison.precisions:
        problem = comparison.reference(CELLS[0], precision).with_(batch=1, context=10, horizon=10)
        sizes_ = (32, 128, 256) if comparison.quick else (32, 64, 128, 256, 512)
        problems = {f"{size} x {size}": problem.with_(size=size) for size in sizes_}
        goals = {"32 x 32": "at most 1.3", "64 x 64": "at most 1.3"}
        yield from spread(comparison, f"cost per pixel, {precision}", problems, lambda p: p.size**2, goals)


ROWS = {"step": step, "forecast": forecast, "small": small, "openstl": openstl, "latency": latency, "memory": memory,
        "scaling": scaling, "lengths": lengths, "sizes": sizes, "losses": loss_curves}
