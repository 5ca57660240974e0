"""`hadacast show`: a recipe in numbers."""

from typing import Any

import click

from hadacast.cli.console import Output
from hadacast.cli.options import Chosen, with_output, with_recipe


@click.command("show")
@with_recipe()
@click.option("--toml", "as_toml", is_flag=True, help="Print the recipe itself, overrides included.")
@with_output
def show(output: Output, chosen: Chosen, as_toml: bool) -> None:
    """Show a pipeline's stages, formats, latency, throughput, memory and ports."""
    from hadacast import recipe as recipes
    from hadacast.cli import describe, toml

    text = toml.text(chosen.recipe)
    document = {"recipe": chosen.to_dict(), "pipeline": describe.pipeline(chosen.pipeline), "toml": text}
    output.emit("show", document)
    if output.json:
        return
    if as_toml:
        shipped = recipes.catalogue().get(chosen.reference)
        # A shipped recipe has comments that say why.
        as_is = shipped is not None and not chosen.overrides
        click.echo(shipped.read_text() if shipped and as_is else text, nl=False)
        return
    _print(output, document["pipeline"])


def _print(output: Output, shown: Any) -> None:
    from hadacast.cli import describe

    if shown["title"]:
        output.out.print(shown["title"])
    if shown["source"]:
        output.out.print(shown["source"], style="dim")
    output.facts(shown["name"], facts(shown))
    output.table(
        "Stages",
        ("", "kind", "output", "clocks", "settings"),
        [
            (
                str(index),
                stage["kind"],
                stage["output"]["text"],
                str(stage["latency_cycles"]),
                describe.settings_text(stage["chosen"]) or "defaults",
            )
            for index, stage in enumerate(shown["stages"])
        ],
        right=(3,),
    )
    output.table(
        "Ports",
        ("name", "", "bits", ""),
        [(p["name"], p["direction"], f"{p['width']:,}", p["text"]) for p in shown["ports"]],
        right=(2,),
    )


def facts(shown: Any) -> list[tuple[str, str]]:
    """The pipeline's figures, as names and values, from `describe.pipeline`."""
    return [
        ("frame", f"{shown['frame']:,} elements in {shown['beats']:,} beats of {shown['lanes']:,} lanes"),
        *([("copies", f"{shown['copies']} side by side")] if shown["copies"] > 1 else []),
        ("input", _side(shown, "in")),
        ("output", _side(shown, "out")),
        ("latency", f"{shown['latency_cycles']:,} clocks, first beat in to first beat out"),
        ("throughput", f"{shown['samples_per_cycle']:,} elements per clock, frames back to back"),
        ("memory", f"{shown['memory_words']:,} words"),
    ]


def _side(shown: Any, side: str) -> str:
    """The format of a side; where it is packed, how many beats a frame takes there."""
    format_ = shown[f"{side}put"]
    packed = format_["type"] == "packed"
    return f"{format_['text']}; {shown[f'{side}_beats']:,} beats" if packed else str(format_["text"])
