"""`hadacast list`: what there is to choose from."""

from typing import Any

import click

from hadacast.cli.console import Output
from hadacast.cli.options import with_output


@click.command("list")
@click.option(
    "--methods", "methods_only", is_flag=True, help="The published methods, and what was measured of each."
)
@with_output
def list_(output: Output, methods_only: bool) -> None:
    """Show the recipes, samples, simulators, devices and boards there are."""
    if methods_only:
        _methods(output)
        return
    from hadacast import recipe as recipes
    from hadacast.boards import BOARDS
    from hadacast.cli import available
    from hadacast.samples import SAMPLES
    from hadacast.samples import load as load_sample
    from hadacast.sim import SIMULATORS
    from hadacast.synth.devices import DEVICES

    found: dict[str, list[dict[str, Any]]] = {"recipes": [], "samples": [], "simulators": []}
    for name in recipes.catalogue():
        spec = recipes.load(name).pipeline
        found["recipes"].append(
            {
                "name": name,
                "title": spec.title,
                "frame": spec.frame,
                "lanes": spec.lanes,
                "input": str(spec.input),
                "output": str(spec.output),
            }
        )
    for name in SAMPLES:
        array = load_sample(name)
        found["samples"].append({"name": name, "shape": list(array.shape), "dtype": str(array.dtype)})
    for simulator in SIMULATORS.values():
        missing = available.why_not(simulator.name)
        found["simulators"].append(
            {"name": simulator.name, "available": not missing, "missing": missing, "waves": simulator.waves}
        )
    found["devices"] = [
        {"name": d.name, "title": d.title, "family": d.family, "package": d.package, "speed": d.speed}
        for d in DEVICES.values()
    ]
    found["boards"] = [
        {
            "name": b.name,
            "title": b.title,
            "family": b.family,
            "device": b.device,
            "luts": b.luts,
            "ram_kbits": b.ram_kbits,
            "note": b.note,
        }
        for b in BOARDS.values()
    ]
    output.emit("list", found)
    if output.json:
        return
    output.table(
        "Recipes",
        ("name", "title", "N", "P", "input"),
        [(r["name"], r["title"], str(r["frame"]), str(r["lanes"]), r["input"]) for r in found["recipes"]],
        right=(2, 3),
    )
    output.table(
        "Samples",
        ("name", "shape", "type"),
        [(s["name"], " × ".join(map(str, s["shape"])), s["dtype"]) for s in found["samples"]],
    )
    output.table(
        "Simulators",
        ("name", "here", "waves"),
        [(s["name"], s["missing"] or "available", s["waves"]) for s in found["simulators"]],
    )
    output.table(
        "Devices, for area and clock out of context",
        ("name", "title", "family"),
        [(d["name"], d["title"], d["family"]) for d in found["devices"]],
    )
    output.table(
        "Boards, for bitstreams",
        ("name", "title", "family", "LUTs", "RAM kbit"),
        [
            (b["name"], b["title"], b["family"], f"{b['luts']:,}", f"{b['ram_kbits']:,}")
            for b in found["boards"]
        ],
        right=(3, 4),
    )


def _methods(output: Output) -> None:
    from hadacast.cli import methods

    rows = [methods.row(name, chosen) for name, chosen in methods.catalogue().items()]
    output.emit("list", {"methods": rows})
    if output.json:
        return
    output.table(
        "Published methods",
        ("system", "recipe", "transform", "codes", "scale", "rounding", "", "cells", "MHz", "SQNR dB"),
        [
            (
                row["system"],
                row["recipe"],
                row["transform"],
                row["format"],
                row["scale"],
                row["rounding"],
                "" if row["status"] == "whole" else row["status"],
                *measured(row["measured"]),
            )
            for row in rows
        ],
        right=(7, 8, 9),
    )


def measured(found: Any) -> tuple[str, str, str]:
    """Cells, clock and SQNR of a method in a few characters."""
    if not found:
        return "", "", ""
    area, sqnr = found.get("area"), found.get("sqnr_db")
    return (
        f"{area['logic_cells']:,}" if area else "",
        f"{area['median_fmax']:.0f}" if area else "",
        "" if sqnr is None else f"{sqnr:.1f}",
    )
