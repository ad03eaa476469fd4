"""Writes tests/core/metrics/golden_scores.h with scikit-image 0.19, the version whose default range OpenSTL relies on.

    /usr/bin/python3 tests/golden/metrics_golden.py
"""
import pathlib

import numpy as np
import skimage
from skimage.metrics import structural_similarity

assert skimage.__version__.startswith("0.19"), "later versions ask for a data range instead of taking 2"


def numbers(seed, count):
    """The same numbers as `numbers` in the test: 24 bits of a linear congruential generator, exact in float32."""
    values = np.empty(count, np.float32)
    state = seed
    for i in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        values[i] = np.float32(state >> 8) / np.float32(2**24)
    return values


def frames(kind, shape):
    count = int(np.prod(shape))
    truth, other = numbers(1, count), numbers(2, count)
    if kind == "near":
        forecast = (truth + other) / np.float32(2)
    elif kind == "far":
        forecast = other
    elif kind == "outside":
        forecast = np.float32(2) * other - np.float32(0.5)
    elif kind == "flat":
        truth, forecast = np.zeros_like(truth), np.full_like(truth, 0.25)
    elif kind == "equal":
        forecast = truth.copy()
    return forecast.reshape(shape).astype(np.float64), truth.reshape(shape).astype(np.float64)


def scores(forecast, truth):
    difference = forecast - truth
    clipped, reference = np.clip(forecast, 0, 1), np.clip(truth, 0, 1)
    mse = np.mean((clipped - reference) ** 2)
    return {
        "mse": np.mean(difference**2),
        "mae": np.mean(np.abs(difference)),
        "rmse": np.sqrt(np.mean(difference**2)),
        "mse_openstl": np.sum(difference**2),
        "mae_openstl": np.sum(np.abs(difference)),
        "psnr": 20 * np.log10(1 / np.sqrt(mse)) if mse > 0 else None,
        "ssim": structural_similarity(clipped, reference, data_range=1, gaussian_weights=True, sigma=1.5,
                                      use_sample_covariance=False, channel_axis=-1),
        "ssim_openstl": structural_similarity(clipped, reference, channel_axis=-1),
    }


def main():
    cases = [("near", (24, 20, 1)), ("far", (24, 20, 1)), ("outside", (19, 33, 1)), ("near", (17, 31, 3)),
             ("flat", (16, 16, 1)), ("equal", (12, 12, 2)), ("near", (11, 11, 1)), ("outside", (64, 64, 1))]
    lines = ["// Written by tests/golden/metrics_golden.py with scikit-image " + skimage.__version__ + ".", "#pragma once", "",
             "#include <array>", "#include <cmath>", "#include <cstdint>", "#include <string_view>", "", "namespace nextframe {", "",
             "/// Scores of one frame in the order of the first rows of kMetrics; NaN = missing.", "struct GoldenScores {",
             "  std::string_view kind;", "  std::int64_t height, width, channels;", "  std::array<double, 8> scores;", "};", "",
             f"inline const std::array<GoldenScores, {len(cases)}> kGoldenScores{{{{"]
    for kind, shape in cases:
        values = ["NAN" if v is None else repr(float(v)) for v in scores(*frames(kind, shape)).values()]
        lines.append(f'    {{"{kind}", {shape[0]}, {shape[1]}, {shape[2]}, {{{", ".join(values)}}}}},')
    lines += ["}};", "", "}  // namespace nextframe", ""]
    root = pathlib.Path(__file__).resolve().parents[2]
    (root / "tests/core/metrics/golden_scores.h").write_text("\n".join(lines))


main()
