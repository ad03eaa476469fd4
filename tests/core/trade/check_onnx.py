#!/usr/bin/env python3
"""check_onnx.py FOLDER: runs every NAME.OPSET.onnx there on every NAME.*.in.npy and holds it against NAME.*.out.npy.

Exits 77 where Python lacks numpy or onnxruntime. onnx's own checker looks at the files, too, where it is there.
"""

import pathlib
import sys

try:
    import numpy
    import onnxruntime
except ImportError as error:
    print(error)
    sys.exit(77)
try:
    import onnx
except ImportError:
    onnx = None

TOLERANCE = 1e-4


def main(folder):
    checked, wrong = 0, 0
    for path in sorted(folder.glob("*.onnx")):
        name = path.name.split(".")[0]
        if onnx is not None:
            onnx.checker.check_model(onnx.load(path), full_check=True)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for frames in sorted(folder.glob(name + ".*.in.npy")):
            got, = session.run(None, {"frames": numpy.load(frames)})
            expected = numpy.load(str(frames).replace(".in.npy", ".out.npy"))
            difference = abs(got - expected).max() if got.shape == expected.shape else float("nan")
            checked += 1
            if not difference <= TOLERANCE:
                wrong += 1
                print(f"{path.name} on {frames.name}: {got.shape}, expected {expected.shape}, differs by {difference}")
    print(f"{checked} forecasts checked, {wrong} wrong")
    return 1 if wrong or not checked else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
