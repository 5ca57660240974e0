"""Made-up records, as hadacast.bench.measure makes them."""

from hadacast.bench.grid import named
from hadacast.bench.measure import Bench


def record(name, cells=1000, clock=100.0, adder=125.0, *, placed=True, error=""):
    """What a measurement with these figures would be."""
    point = named(name)
    core = {
        "error": error,
        "roles": {"lut": 1, "carry": 2, "ff": 3, "lut_ram": 4, "block_ram": 5},
        "estimate": cells,
        "tools": {"yosys": "0.1"},
        "memory": {
            "words": point.frame - point.lanes,
            "ff_words": point.frame - point.lanes,
            "lutram_words": 0,
            "bram_words": 0,
            "bits": 100,
            "rows": 0,
            "ram_bits": 0,
            "cell_bits": 0,
        },
    }
    if error:
        core = {"error": error}
    if not placed or error:
        return Bench().record(point, core, None)
    fmax = {"1": clock - 10, "2": clock + 20, "3": clock}
    core |= {"logic_cells": cells, "fmax": fmax, "median_fmax": clock}
    return Bench().record(point, core, {"error": "", "fmax": {"1": adder}, "median_fmax": adder})
