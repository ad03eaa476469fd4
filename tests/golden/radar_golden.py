#!/usr/bin/env python3
"""Files and figures that the tests of radar readers compare with, made without the project's own code.

    python3 tests/golden/radar_golden.py [--data FOLDER]

writes small HDF5 files into tests/golden/radar (the program's own library cannot write HDF5) and, where FOLDER has them,
statistics of real files of KNMI, BOM and FMI into tests/golden/radar_statistics.json. Needs NumPy, h5py and netCDF4.
"""

import argparse
import glob
import gzip
import json
import os

import h5py
import netCDF4
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "radar")


def text(value):
    return np.bytes_(value)


def knmi(name, data, formula, parameter, missing, end):
    with h5py.File(os.path.join(FOLDER, name), "w") as file:
        image = file.create_group("image1")
        image.attrs["image_geo_parameter"] = text(parameter)
        image.create_dataset("image_data", data=data, track_times=False)
        calibration = image.create_group("calibration")
        calibration.attrs["calibration_formulas"] = text(formula)
        calibration.attrs["calibration_missing_data"] = np.int32(missing)
        overview = file.create_group("overview")
        overview.attrs["product_datetime_start"] = text("26-AUG-2010;00:00:00.000")
        overview.attrs["product_datetime_end"] = text(end)
        geographic = file.create_group("geographic")
        for key, value in {"geo_pixel_size_x": 1.0, "geo_pixel_size_y": -1.0, "geo_column_offset": 0.0,
                           "geo_row_offset": 3650.0}.items():
            geographic.attrs[key] = np.float32(value)
        geographic.create_group("map_projection").attrs["projection_proj4_params"] = text(
            "+proj=stere +lat_0=90 +lon_0=0.0 +lat_ts=60.0 +a=6378.137 +b=6356.752 +x_0=0 +y_0=0")


def odim(name, quantity, data, what_of_data, what_of_dataset):
    with h5py.File(os.path.join(FOLDER, name), "w") as file:
        file.attrs["Conventions"] = text("ODIM_H5/V2_2")
        what = file.create_group("what")
        what.attrs["date"] = text("20200714")
        what.attrs["time"] = text("123000")
        where = file.create_group("where")
        where.attrs["projdef"] = text("+proj=laea +lat_0=55 +lon_0=10 +x_0=1950000 +y_0=-2100000 +units=m +ellps=WGS84")
        where.attrs["xscale"] = np.float64(2000)
        where.attrs["yscale"] = np.float64(3000)
        # The upper left corner of OPERA's grid, where x and y are 0.
        where.attrs["UL_lon"] = np.float64(-39.53578641250339)
        where.attrs["UL_lat"] = np.float64(67.0228327624372)
        dataset = file.create_group("dataset1")
        for key, value in what_of_dataset.items():
            dataset.require_group("what").attrs[key] = value
        # A quantity that nobody asked for comes first.
        quality = dataset.create_group("data1")
        quality.create_dataset("data", data=np.ones_like(data), track_times=False)
        quality.create_group("what").attrs["quantity"] = text("QIND")
        wanted = dataset.create_group("data2")
        wanted.create_dataset("data", data=data, track_times=False)
        for key, value in {"quantity": text(quantity), **what_of_data}.items():
            wanted.require_group("what").attrs[key] = value


def write_fixtures():
    os.makedirs(FOLDER, exist_ok=True)
    rain = np.array([[0, 1, 250], [65535, 12, 0]], dtype=np.uint16)
    for minute in (5, 10):
        knmi(f"RAD_NL25_RAP_5min_2010082600{minute:02}.h5", rain + (minute == 10) * (rain == 12), "GEO=0.01*PV+0.0",
             "ACCUMULATED_PRECIPITATION_[MM]", 65535, f"26-AUG-2010;00:{minute:02}:00.000")
    # Its name says 00:15, its contents say 03:00.
    knmi("RAD_NL25_RAP_5min_201008260015.h5", rain, "GEO=0.01*PV+0.0", "ACCUMULATED_PRECIPITATION_[MM]", 65535,
         "26-AUG-2010;03:00:00.000")
    knmi("RAD_NL25_PCP_NA_201008260005.h5", np.array([[0, 1, 104], [255, 64, 0]], dtype=np.uint8),
         "GEO=0.500000*PV+-32.000000", "REFLECTIVITY_[DBZ]", 255, "26-AUG-2010;00:05:00.000")
    stored = np.array([[-9999000.0, -8888000.0, 2.5], [0.1, -9999000.0, 7.0]])
    odim("odim_rate_20200714123000.h5", "RATE", stored,
         {"gain": 2.0, "offset": 1.0, "nodata": -9999000.0, "undetect": -8888000.0}, {})
    # Gain and offset stand one level higher; an accumulation has an interval.
    odim("odim_acrr_20200714123000.h5", "ACRR", np.array([[255, 0, 10], [20, 255, 0]], dtype=np.uint8), {},
         {"gain": 0.1, "offset": 0.0, "nodata": 255.0, "undetect": 0.0, "startdate": text("20200714"),
          "starttime": text("113000"), "enddate": text("20200714"), "endtime": text("123000")})
    with h5py.File(os.path.join(FOLDER, "SEVIR_VIL_TEST.h5"), "w") as file:
        # [N,H,W,T]: 100 * event + 20 * time + 4 * row + column, and one missing pixel.
        n, h, w, t = 2, 3, 4, 5
        grid = np.indices((n, h, w, t))
        vil = (100 * grid[0] + 20 * grid[3] + 4 * grid[1] + grid[2]).astype(np.uint8)
        vil[0, 0, 0, 1] = 255
        file.create_dataset("vil", data=vil, track_times=False)
        file.create_dataset("id", data=np.array([b"S1", b"S2"]), track_times=False)


def statistics(values):
    """Of a field whose missing pixels are NaN."""
    valid = values[~np.isnan(values)]
    return {"pixels": int(values.size), "valid": int(valid.size), "sum": float(valid.sum()),
            "largest": float(valid.max()), "above": int((valid > 0).sum())}


def write_statistics(data):
    result, corners = {}, []
    for path in sorted(glob.glob(os.path.join(data, "knmi", "*.h5")))[::30]:
        with h5py.File(path) as file:
            stored = file["image1/image_data"][:]
            values = np.where(stored == 65535, np.nan, stored * 0.01)
            result["knmi/" + os.path.basename(path)] = statistics(values)
            corners = [float(x) for x in file["geographic"].attrs["geo_product_corners"]]
    for path in sorted(glob.glob(os.path.join(data, "bom", "*.nc")))[::20]:
        with netCDF4.Dataset(path) as file:
            variable = file["precipitation"]
            variable.set_auto_maskandscale(False)
            stored = variable[:]
            values = np.where(stored < 0, np.nan, stored * variable.scale_factor)
            result["bom/" + os.path.basename(path)] = {
                **statistics(values), "interval_seconds": int(file["valid_time"][...] - file["start_time"][...])}
    for path in sorted(glob.glob(os.path.join(data, "fmi", "*.pgm.gz")))[::13]:
        with gzip.open(path) as file:
            lines = [file.readline()]
            while not lines[-1].split()[0].isdigit():
                lines.append(file.readline())
            width, height = (int(n) for n in lines[-1].split())
            largest = int(file.readline())
            stored = np.frombuffer(file.read(), dtype=np.uint8).reshape(height, width)
            values = np.where(stored == largest, np.nan, np.where(stored == 0, -32.0, stored * 0.5 - 32))
            valid = values[~np.isnan(values)]
            result["fmi/" + os.path.basename(path)] = {
                "pixels": int(values.size), "valid": int(valid.size), "sum": float(valid.sum()),
                "largest": float(valid.max()), "above": int((valid > -32).sum())}
    with open(os.path.join(HERE, "radar_statistics.json"), "w") as file:
        json.dump({"statistics": result, "knmi_corners": corners}, file, indent=1)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("NEXTFRAME_DATA"), help="folder with knmi, bom and fmi")
    arguments = parser.parse_args()
    write_fixtures()
    if arguments.data:
        write_statistics(arguments.data)


if __name__ == "__main__":
    main()
