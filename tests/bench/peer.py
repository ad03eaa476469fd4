#!/usr/bin/env python3
"""Times nextframe against PyTorch on the same networks, in turns on the same machine, and prints the ratios.

    tests/bench/peer.py                          every row, about half an hour on two cores
    tests/bench/peer.py --quick                  shorter sequences and one turn each
    tests/bench/peer.py --quick --rows small,losses

PyTorch runs in its fastest mode: eager or torch.compile where there is one, channels last or first, with the system's
allocator or tcmalloc or jemalloc preloaded, found by short runs for each network and precision (float32, bf16
autocast). Of several Pythons the one with the newest PyTorch is taken. Ratios are "times as fast" where the goal is "at
least", and our share of PyTorch's where it is "at most".
"""

import argparse
import dataclasses
import json
import shutil
import subprocess
import sys

from peer_rows import PRECISIONS, ROWS, Comparison
from peer_sides import Nextframe, PyTorch


def python_with_newest_torch():
    found = {}
    for python in dict.fromkeys([sys.executable, shutil.which("python3"), shutil.which("/usr/bin/python3")]):
        if not python:
            continue
        probe = [python, "-c", "import torch; print(torch.__version__)"]
        result = subprocess.run(probe, capture_output=True, text=True)
        if result.returncode == 0:
            found[python] = [int(part) for part in result.stdout.strip().split("+")[0].split(".")[:2]]
    if not found:
        sys.exit("no Python here has PyTorch: install python3-torch, or name one with --python")
    return max(found, key=found.get)


def some_of(known):
    def read(text):
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"unknown name {name}, expected some of {', '.join(known)}")
        return names

    return read


def show(result):
    reached = {None: "", True: "  reached", False: "  MISSED"}[result.reached()]
    print(f"{result.what:74} {result.ours:>16} {result.peer:>16} {result.ratio:8.3g}  {result.goal:14}{reached}"
          f"{'   ' + result.note if result.note else ''}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/app/nextframe")
    parser.add_argument("--python", help="the Python with PyTorch (default: the one with the newest)")
    parser.add_argument("--rows", type=some_of(ROWS), default=list(ROWS), help=f"some of {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="shorter sequences, one turn")
    parser.add_argument("--precision", type=some_of(PRECISIONS), default=list(PRECISIONS), help="float32 or bf16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", metavar="FILE", help="write all results there too")
    options = parser.parse_args()

    def log(text):
        print(f"  {text}", file=sys.stderr, flush=True)

    peer = PyTorch(options.python or python_with_newest_torch(), options.threads, log)
    comparison = Comparison(Nextframe(options.program, options.threads), peer, tuple(options.precision),
                            turns=1 if options.quick else 2, quick=options.quick, log=log)
    print(f"nextframe, and PyTorch {peer.version} in its fastest mode, {options.threads} threads\n")
    results, failed = [], False
    for name in options.rows:
        try:
            for result in ROWS[name](comparison):
                show(result)
                results.append({**dataclasses.asdict(result), "row": name})
        except RuntimeError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            failed = True
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"torch": peer.version, "threads": options.threads, "results": results}, file, indent=2)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
