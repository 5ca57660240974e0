"""`hadacast list`: what there is to choose from."""

from typing import Any

import click

from hadacast.cli.console import Output
from hadacast.cli.options import with_output


@click.command("list")
@with_output
def list_(output: Output) -> None:
    """Show the recipes, samples, simulators, devices and boards there are."""
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
