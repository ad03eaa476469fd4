"""Reads what the peer needs of nextframe's files: configurations (JSON with comments) and model files (safetensors)."""

import json
import re
import struct


def read_config(path):
    """A configuration as a dictionary. Comments are whole lines, as in the configurations measured here."""
    with open(path) as file:
        return json.loads(re.sub(r"^\s*//.*$", "", file.read(), flags=re.MULTILINE))


def read_model_file(path):
    """{name: (shape, little-endian float32 bytes)}: an 8-byte length, a JSON header of that length, the numbers."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        numbers = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: {name} is {entry['dtype']}, expected F32")
        first, last = entry["data_offsets"]
        tensors[name] = (entry["shape"], bytearray(numbers[first:last]))
    return tensors
