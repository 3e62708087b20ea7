"""Runs calls of the Python block in docs/reproducibility.md. They come as JSON on stdin, results go to stdout."""
import json
import sys

import numpy as np

request = json.load(sys.stdin)
stream = {}
exec(request["block"], stream)


def load(value):
    """A word is {"word": hex}, an array {"dtype", "bytes": hex}."""
    if not isinstance(value, dict):
        return value
    if "word" in value:
        return int(value["word"], 16)
    return np.frombuffer(bytes.fromhex(value["bytes"]), value["dtype"])


def dump(value):
    return value.tobytes().hex() if isinstance(value, np.ndarray) else f"{value:016x}"


def lanes(key, block):
    """The rounding word and all outputs of one block, which no function returns."""
    w = stream["words"](key, np.array([block], np.uint64))
    return np.concatenate([w[0, 16:], stream["lanes"](w).ravel()])


functions = {**stream, "lanes": lanes}
json.dump([dump(functions[name](*map(load, args))) for name, *args in request["calls"]], sys.stdout)
