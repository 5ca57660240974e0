"""The entry point: `hadacast`."""

from hadacast.cli.start import interruptible

with interruptible():
    import click

    from hadacast.cli.commands.bench import bench
    from hadacast.cli.commands.build import build
    from hadacast.cli.commands.cells import cells
    from hadacast.cli.commands.configure import configure
    from hadacast.cli.commands.evaluate import evaluate
    from hadacast.cli.commands.explore import explore
    from hadacast.cli.commands.generate import generate
    from hadacast.cli.commands.list import list_
    from hadacast.cli.commands.mutate import mutate
    from hadacast.cli.commands.plan import plan
    from hadacast.cli.commands.prove import prove
    from hadacast.cli.commands.show import show
    from hadacast.cli.commands.simulate import simulate
    from hadacast.cli.commands.soak import soak
    from hadacast.cli.commands.synth import synth
    from hadacast.cli.commands.talk import talk
    from hadacast.cli.console import Output
    from hadacast.cli.guard import GuardedGroup

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=GuardedGroup, context_settings=SETTINGS)
@click.version_option(package_name="hadacast", message="hadacast %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Streaming Hadamard transforms in hardware: from a recipe to Verilog, a simulation against the
    exact result, and a bitstream.

    RECIPE is the name of a shipped recipe (hadacast list) or the path of a .toml file. `hadacast build`
    alone builds the shipped rotate128.
    """
    ctx.obj = Output()


for command in (
    list_,
    show,
    generate,
    configure,
    simulate,
    soak,
    mutate,
    prove,
    evaluate,
    synth,
    bench,
    cells,
    plan,
    explore,
    build,
    talk,
):
    main.add_command(command)
