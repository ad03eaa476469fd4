"""Writes tests/golden/spectra.json: radially averaged power spectra of rain fields by NumPy's FFT, in double precision.

    /usr/bin/python3 tests/golden/spectra_golden.py
"""
import json
import pathlib

import numpy as np

from rain_scores_golden import numbers, rain


def rapsd(field):
    height, width = field.shape
    longer = max(height, width)
    power = np.abs(np.fft.fft2(field)) ** 2 / field.size
    y, x = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    ring = np.floor(longer * np.hypot(y, x) + 0.5).astype(int)
    return [float(np.mean(power[ring == r])) for r in range(longer // 2 + 1)]


def decibels(rate, mask):
    with np.errstate(divide="ignore"):
        return np.where((rate < 0.1) | (mask == 0), -15.0, 10 * np.log10(rate.astype(float)))


def main():
    cases = []
    for height, width in [(24, 24), (20, 31), (33, 16)]:
        shape, count = (height, width), height * width
        mask = (numbers(13, count) >= 0.25).astype(float).reshape(shape)
        truth, forecast = rain(11, count).reshape(shape), rain(12, count).reshape(shape)
        cases.append({"height": height, "width": width, "truth": rapsd(decibels(truth, mask)),
                      "forecast": rapsd(decibels(forecast, mask))})
    path = pathlib.Path(__file__).resolve().parent / "spectra.json"
    path.write_text(json.dumps({"cases": cases}, indent=1) + "\n")


main()
