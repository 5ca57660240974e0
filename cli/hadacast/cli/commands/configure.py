"""`hadacast configure`: what to write to a running core."""

import click

from hadacast.cli import files
from hadacast.cli.console import Output
from hadacast.cli.options import Chosen, with_output, with_recipe
from hadacast.errors import HadacastError


@click.command("configure")
@with_recipe()
@click.option(
    "--to",
    "wanted",
    multiple=True,
    metavar="KEY=VALUE",
    help="What shall be otherwise, such as stage.fwht.size=64; or a recipe. Repeatable.",
)
@click.option("--header", metavar="FILE", default=None, help="Write the list as a C array.")
@with_output
def configure(output: Output, chosen: Chosen, wanted: tuple[str, ...], header: str | None) -> None:
    """List the words that bring the core of RECIPE to other settings, for its AXI4-Lite port.

    Each line is an address in bytes and a word of 32 bits, in order; the first holds the frames back, the
    last lets them in. Between the first and the others, wait until the word at 0x0c is 1.
    """
    from hadacast import recipe as recipes
    from hadacast import settings
    from hadacast.c_header import c_writes
    from hadacast.driver import writes

    spec = chosen.pipeline
    if not spec.registers.places:
        raise HadacastError(f"{spec.name} has no settings: loadable = true or up_to in a stage makes them")
    path = None if header is None else files.target(header)
    whole = [text for text in wanted if "=" not in text]
    if len(whole) > 1:
        raise HadacastError(f"to names {len(whole)} recipes: it must name one at most")
    fields = [text for text in wanted if "=" in text]
    # Another recipe says all there is; else it is this one with other fields.
    overrides = fields if whole else [*chosen.overrides, *fields]
    other = recipes.load(whole[0] if whole else chosen.reference, overrides).pipeline
    words = writes(spec, other)
    listed = [(settings.CONTROL, 1), *words, (settings.CONTROL, 0)] if words else []
    if path is not None:
        files.write(path, c_writes(spec.name, listed))
    document = {
        "recipe": chosen.to_dict(),
        "to": list(wanted),
        "writes": [{"address": address, "word": word} for address, word in listed],
        "header": header,
    }
    output.emit("configure", document)
    if not output.json:
        for address, word in listed:
            click.echo(f"0x{address:04x} 0x{word:08x}")
