"""`hadacast build`: from a recipe to a bitstream, and one report."""

import time
from typing import Any

import click

from hadacast.cli import files
from hadacast.cli.commands import show as show_command
from hadacast.cli.commands import simulate as simulate_command
from hadacast.cli.commands import synth as synth_command
from hadacast.cli.console import Output, dumps
from hadacast.cli.data import Data, load
from hadacast.cli.options import DEFAULT_RECIPE, Chosen, seed_list, with_data, with_output, with_recipe
from hadacast.errors import HadacastError


@click.command("build")
@with_recipe(DEFAULT_RECIPE)
@with_data
@click.option("--simulator", default="amaranth", show_default=True, help="See hadacast list.")
@click.option("--board", "-b", default=None, help="Default: the recipe's board.")
@click.option("--device", "-d", default=None, help="Measure the core on it. Default: the board's.")
@click.option("--seeds", default="1,2,3", show_default=True, help="The placer's, for that measurement.")
@click.option("--out", "-o", metavar="FOLDER", default=None, help="Default: build/NAME")
@with_output
def build(
    output: Output,
    chosen: Chosen,
    data: str | None,
    tensor: str | None,
    frames: int | None,
    seed: int,
    simulator: str,
    board: str | None,
    device: str | None,
    seeds: str,
    out: str | None,
) -> None:
    """Generate, simulate and synthesize to a bitstream, with one report.

    Without RECIPE it builds rotate128 on real activations. The folder holds the Verilog, the results,
    the bitstream, report.json and report.html. If a step fails, what was in the folder stays, and what
    was finished goes to its subfolder `failed`.
    """
    from hadacast import boards
    from hadacast.cli import available, simulation, targets
    from hadacast.cli.steps import bitstream_name
    from hadacast.core.verilog import module_name
    from hadacast.synth import devices

    spec = chosen.pipeline
    target = boards.get(board or chosen.recipe.board)
    chip = devices.device(device) if device else targets.device_of(target)
    numbers = seed_list(seeds)
    available.simulator(simulator)
    taken = load(data or chosen.recipe.sample, spec, tensor=tensor, frames=frames, seed=seed)
    sent = len(taken.frames)
    if frames is None:
        sent = min(sent, simulation.affordable_frames(spec, simulator) or sent)
    names = {
        "verilog": f"{module_name(spec)}.v",
        "outputs": f"{spec.name}_out.npy",
        "bitstream": bitstream_name(spec, target),
        "json": "report.json",
        "html": "report.html",
    }
    folder = out or f"build/{spec.name}"
    with files.Staging(folder, names.values()) as staging:
        # Tools are looked for now, so that a missing one is told before the first slow step.
        available.board(target)
        available.device(chip)
        run = Build(output, chosen, taken, staging, names)
        try:
            run.generate(target.family)
            run.simulate(simulator, sent, seed)
            run.synthesize(target.family, chip, numbers)
            run.bitstream(target)
        except HadacastError as error:
            run.document["ok"] = False
            run.document["error"] = str(error).replace(str(staging.part), str(staging.failed))
            run.report(staging.failed)
            output.emit("report", run.document)
            output.note(f"what was finished, and the report of it: {staging.failed}")
            raise
        run.report(staging.folder)
        staging.publish()
    output.emit("report", run.document)
    if not output.json:
        _print(output, run.document, staging.shown)


class Build:
    """One build; each step adds its part to `document`, the report."""

    def __init__(
        self, output: Output, chosen: Chosen, data: Data, staging: files.Staging, names: dict[str, str]
    ) -> None:
        from hadacast.cli import describe
        from hadacast.cli.versions import versions
        from hadacast.report import document

        self._output, self._chosen, self._data, self._staging = output, chosen, data, staging
        self._spec, self._names = chosen.pipeline, names
        self._began = time.monotonic()
        self._verilog = ""
        self.blocks: Any = None
        self.pictures: Any = ()
        self.document: dict[str, Any] = {
            "schema": document.SCHEMA,
            "ok": True,
            "error": "",
            "date": document.date(),
            "folder": str(staging.shown),
            "recipe": chosen.to_dict(),
            "pipeline": describe.pipeline(self._spec),
            "data": data.to_dict(),
            "verilog": None,
            "simulation": None,
            "distribution": None,
            "quantization": [],
            "pictures": None,
            "synthesis": None,
            "bitstream": None,
            "throughput": None,
            "versions": versions(),
            "seconds": {},
        }

    def _time(self, step: str) -> None:
        passed = time.monotonic() - self._began
        self.document["seconds"][step] = round(passed - sum(self.document["seconds"].values()), 1)

    def generate(self, family: str) -> None:
        """The Verilog for a family."""
        from hadacast.core.top import AxiTop
        from hadacast.core.verilog import module_name, to_verilog

        with self._output.job(f"generating Verilog of {self._spec.name}"):
            self._verilog = to_verilog(AxiTop(self._spec), family)
        name = self._names["verilog"]
        self.document["verilog"] = {
            "file": name,
            "sha256": files.write(self._staging.part / name, self._verilog),
            "bytes": len(self._verilog.encode()),
            "module": module_name(self._spec),
            "family": family,
        }
        self._time("generate")

    def simulate(self, simulator: str, frames: int, seed: int) -> None:
        """The run against the exact result, and the figures of the distribution and of quantizers."""
        from hadacast.cli import simulation
        from hadacast.report import distribution, pictures, quantization

        available = len(self._data.frames)
        what = f"{frames:,}" if frames == available else f"the first {frames:,} of {available:,}"
        with self._output.job(f"simulating {what} frames on {simulator}") as job:
            result = simulation.run(
                self._spec, self._data.frames[:frames], simulator=simulator, seed=seed, progress=job.count
            )
        shown = result.to_dict()
        shown["frames_available"] = self._data.available
        shown["outputs"] = None
        self.document["simulation"] = shown
        if not result.ok:
            self._time("simulate")
            raise HadacastError(f"simulation of {self._spec.name}: {result.verdict}")
        if result.outputs is not None:
            whole = frames == available
            outputs = self._data.like(result.outputs) if whole else result.outputs
            name = self._names["outputs"]
            content = simulate_command.npy(outputs, self._spec.output)
            shown["outputs"] = {
                "file": name,
                "sha256": files.write(self._staging.part / name, content),
                "shape": list(outputs.shape),
            }
        self._time("simulate")
        image = self._chosen.recipe.image
        if image:  # whose distribution says nothing
            self.document["pictures"] = pictures.figures(self._spec, image, self._data.frames)
            self.pictures = pictures.rows(self._spec, image, self._data.frames)
        else:
            self.blocks = distribution.blocks(self._spec, self._data.frames)
        if self.blocks is not None:
            self.document["distribution"] = distribution.compare(*self.blocks)
        self.document["quantization"] = quantization.report(self._spec, self._data.frames)
        self._time("figures")

    def synthesize(self, family: str, chip: Any, seeds: tuple[int, ...]) -> None:
        """Area and clock of the core alone."""
        from hadacast.cli.steps import measure

        with self._output.job(f"measuring {self._spec.name} on {chip.name}") as job:
            text = self._verilog if chip.family == family else ""
            work = self._staging.part / "work" / "synth"
            self.document["synthesis"] = measure(self._spec, chip, seeds, work, job.news, verilog=text)
        self._time("synthesize")

    def bitstream(self, board: Any) -> None:
        """The bitstream, and what rate its clock makes."""
        from hadacast.cli.steps import bitstream

        with self._output.job(f"building {self._spec.name} for {board.name}") as job:
            made = bitstream(self._spec, board, self._staging, job.news)
        self.document["bitstream"] = made
        median = self.document["synthesis"]["median_fmax"]
        self.document["throughput"] = {
            "board_clock_mhz": made["clock"],
            "samples_per_second": made["clock"] * 1e6 * self._spec.rate,
            "fmax_mhz": median,
            "samples_per_second_at_fmax": None if median is None else median * 1e6 * self._spec.rate,
        }
        self._time("bitstream")

    def report(self, folder: Any) -> None:
        """Write report.json and report.html."""
        from hadacast.report import html

        with self._output.job("writing the report"):
            text = html.render(self.document, self.blocks, self.pictures)
            files.write(self._staging.part / self._names["json"], dumps(self.document) + "\n")
            files.write(self._staging.part / self._names["html"], text)


def _print(output: Output, shown: dict[str, Any], folder: Any) -> None:
    from hadacast.cli.describe import si
    from hadacast.report import distribution

    spec, run, rate = shown["pipeline"], shown["simulation"], shown["throughput"]
    output.facts(spec["title"] or spec["name"], show_command.facts(spec))
    count = f"{run['frames']:,} of {run['frames_available']:,} frames"
    output.facts(
        "Simulation", [*simulate_command.facts(run), ("data", f"{shown['data']['source']}, {count}")]
    )
    if shown["data"]["saturated"]:
        output.facts("Note", [("saturated", f"{shown['data']['saturated']:,} input values were clipped")])
    if shown["distribution"]:
        output.table(
            "Distribution, real values, rotation scaled by 1/√N",
            ("", "before", "after"),
            distribution.rows(shown["distribution"]),
            right=(1, 2),
        )
    simulate_command.print_pictures(output, shown["pictures"])
    simulate_command.print_quantization(output, shown["quantization"])
    output.facts("Core alone", synth_command.measured_facts(shown["synthesis"]))
    rows = synth_command.bitstream_facts(shown["bitstream"])
    speeds = f"{si(rate['samples_per_second'], 'samples/s')} at the board's clock"
    if rate["samples_per_second_at_fmax"]:
        speeds += f"; {si(rate['samples_per_second_at_fmax'], 'samples/s')} at the core's median clock"
    output.facts("Board", [*rows, ("core rate", speeds)])
    files_ = [shown["verilog"]["file"], shown["bitstream"]["bitstream"], "report.json", "report.html"]
    if run["outputs"]:
        files_.insert(1, run["outputs"]["file"])
    names = [(name, str(folder / name)) for name in files_]
    output.facts(f"Built in {sum(shown['seconds'].values()):.0f} s", names)
    output.command("Load it", shown["bitstream"]["load"])
