"""Writes tests/golden/rain_scores.json: scores of rain fields by SciPy, scikit-image and the classical formulas.

    /usr/bin/python3 tests/golden/rain_scores_golden.py
"""
import json
import pathlib

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.stats import pearsonr
from skimage.measure import block_reduce

THRESHOLDS = [0.5, 5.0, 30.0]
WINDOWS = [1, 4, 5, 9]


def numbers(seed, count):
    """The same numbers as `numbers` in the test: 24 bits of a linear congruential generator, exact in float32."""
    values = np.empty(count, np.float32)
    state = seed
    for i in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        values[i] = np.float32(state >> 8) / np.float32(2**24)
    return values


def rain(seed, count):
    """mm/h, dry in a third of the pixels and above 30 in few."""
    u = numbers(seed, count)
    return np.where(u < 1 / 3, np.float32(0), np.float32(48) * u * u * u).astype(np.float32)


def fields(kind, shape):
    """Three forecasts and truths, as for one lead time of three sequences, and their masks."""
    count = 3 * shape[0] * shape[1]
    truth, other = rain(11, count), rain(12, count)
    mask = np.ones(count)
    forecast = np.float32(0.5) * truth + np.float32(0.5) * other
    if kind == "masked":
        mask = (numbers(13, count) >= 0.25).astype(float)
    elif kind == "dry":
        truth, forecast = np.zeros_like(truth), np.zeros_like(truth)
    elif kind == "never":  # events are forecast, none comes
        truth = np.zeros_like(truth)
    elif kind == "always":
        truth, forecast = truth + np.float32(31), other + np.float32(31)
    return [a.reshape(3, *shape) for a in (forecast, truth, mask)]


def counts(forecast, truth, valid, threshold):
    f, o = forecast[valid] >= np.float32(threshold), truth[valid] >= np.float32(threshold)
    return [int(np.sum(x)) for x in (f & o, f & ~o, ~f & o, ~f & ~o)]


def ratio(numerator, denominator):
    return numerator / denominator if denominator else None


def categorical(a, b, c, d):
    n = a + b + c + d
    chance = (a + b) * (a + c) / n
    return {
        "csi": ratio(a, a + b + c),
        "pod": ratio(a, a + c),
        "far": ratio(b, a + b),
        "hss": ratio(2 * (a * d - b * c), (a + c) * (c + d) + (a + b) * (b + d)),
        "gss": ratio(a - chance, a - chance + b + c),
        "frequency_bias": ratio(a + b, a + c),
        "hk": a / (a + c) - b / (b + d) if a + c and b + d else None,
    }


def correlation_of_events(forecast, truth, valid, threshold):
    f, o = forecast[valid] >= np.float32(threshold), truth[valid] >= np.float32(threshold)
    return pearsonr(f.astype(float), o.astype(float))[0] if 0 < f.mean() < 1 and 0 < o.mean() < 1 else None


def pooled_csi(forecast, truth, mask, threshold, side):
    a = b = c = 0
    for f, o, m in zip(forecast, truth, mask):
        f, o = np.where(m > 0, f, -1), np.where(m > 0, o, -1)
        height, width = f.shape[0] // side * side, f.shape[1] // side * side
        f = block_reduce(f[:height, :width], side, np.max) >= threshold
        o = block_reduce(o[:height, :width], side, np.max) >= threshold
        a, b, c = a + np.sum(f & o), b + np.sum(f & ~o), c + np.sum(~f & o)
    return ratio(float(a), float(a + b + c))


def fss(forecast, truth, mask, threshold, window):
    difference = squares = 0.0
    for f, o, m in zip(forecast, truth, mask):
        f = uniform_filter((f >= threshold) * m, window, mode="constant")
        o = uniform_filter((o >= threshold) * m, window, mode="constant")
        difference += np.sum(m * (f - o) ** 2)
        squares += np.sum(m * (f**2 + o**2))
    return 1 - difference / squares if squares > 1e-12 else None


def balanced(forecast, truth, mask, power):
    def pixel(rate):
        with np.errstate(divide="ignore"):
            return np.clip((10 * np.log10(58.53 * rate.astype(float) ** 1.56) + 10) / 70, 0, 1)

    weight = np.select([truth >= 30, truth >= 10, truth >= 5, truth >= 2], [30, 10, 5, 2], 1)
    return np.sum(mask * weight * np.abs(pixel(forecast) - pixel(truth)) ** power) / len(truth)


def scores(kind, shape):
    forecast, truth, mask = fields(kind, shape)
    valid = mask > 0
    f, o = forecast[valid].astype(float), truth[valid].astype(float)
    varies = np.ptp(f) > 0 and np.ptp(o) > 0
    result = {
        "mse": np.mean((f - o) ** 2), "mae": np.mean(np.abs(f - o)), "rmse": np.sqrt(np.mean((f - o) ** 2)),
        "bias": np.mean(f - o), "correlation": pearsonr(f, o)[0] if varies else None,
        "b_mse": balanced(forecast, truth, mask, 2), "b_mae": balanced(forecast, truth, mask, 1),
    }
    events = []
    for threshold in THRESHOLDS:
        table = counts(forecast, truth, valid, threshold)
        entry = {"threshold": threshold, "counts": table, **categorical(*table),
                 "mcc": correlation_of_events(forecast, truth, valid, threshold)}
        for side in (4, 16):
            entry[f"csi_pool{side}"] = pooled_csi(forecast, truth, mask, threshold, side)
        entry["fss"] = [fss(forecast, truth, mask, threshold, window) for window in WINDOWS]
        events.append(entry)
    return {"kind": kind, "height": shape[0], "width": shape[1], "scores": result, "events": events}


def main():
    cases = [scores("plain", (24, 20)), scores("plain", (37, 50)), scores("masked", (24, 35)), scores("dry", (18, 18)),
             scores("never", (20, 17)), scores("always", (17, 19))]
    path = pathlib.Path(__file__).resolve().parent / "rain_scores.json"
    path.write_text(json.dumps({"windows": WINDOWS, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
