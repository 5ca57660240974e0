"""`hadacast mutate`: do the benches find faults planted in the core?"""

from collections import Counter
from typing import Any

import click

from hadacast.cli.console import Output
from hadacast.cli.options import Chosen, with_output, with_recipe
from hadacast.errors import HadacastError


@click.command("mutate")
@with_recipe()
@click.option("--mutants", type=click.IntRange(1, 10_000), default=500, show_default=True, help="How many.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31),
    default=0,
    show_default=True,
    help="Of the choice, and of stimuli.",
)
@click.option(
    "--prove",
    type=click.IntRange(0, 3600),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="For the proof that a survivor is equal to the core; 0: none.",
)
@with_output
def mutate(output: Output, chosen: Chosen, mutants: int, seed: int, prove: int) -> None:
    """Plant faults in the core, one at a time, and see whether the benches find them.

    Half are wrong operators, swapped operands and numbers off by one, half single bits inverted or stuck,
    from Yosys's pass mutate. Each runs through extreme and random frames, gaps, stalls, resets and broken
    frames until a check finds it. Survivors are then proved equal to the core, where they are. One that isn't
    is no failure of this command: it is a hint for a better bench."""
    from hadacast.core.top import AxiTop
    from hadacast.mutate.mutants import mutate as plant
    from hadacast.sim import mutation
    from hadacast.sim.cxx import compiler

    spec = chosen.pipeline
    if spec.scales is not None or spec.random_bits:
        raise HadacastError(
            "the benches drive one stream: take another layout, and random numbers of the core's own"
        )
    compiler()
    with output.job(f"planting {mutants:,} faults in {spec.name}") as job:
        top = AxiTop(spec)
        mutated = plant(top, mutants, seed)
        job.news(f"compiling {spec.name} with {len(mutated.mutants):,} mutants, and running it without any")
        bench = mutation.Bench(top, mutated, seed)
        job.news(f"running {len(mutated.mutants):,} mutants of {spec.name}")
        verdicts = mutation.run(bench, mutated.mutants, job.count)
        alive = [verdict.mutant for verdict in verdicts if not verdict.killed]
        proofs: dict[int, Any] = {}
        if prove and alive:
            from hadacast.mutate.equal import Proofs

            job.news(f"proving {len(alive):,} survivors equal")
            circuit = Proofs(mutated)
            for done, mutant in enumerate(alive, 1):
                proofs[mutant.number] = circuit.prove(mutant, prove)
                job.count(done, len(alive))
    document = report(chosen, seed, verdicts, proofs)
    output.emit("mutate", document)
    if not output.json:
        _show(output, document)


def report(chosen: Chosen, seed: int, verdicts: Any, proofs: Any) -> dict[str, Any]:
    """All of it as JSON can hold it. score: killed, of those that aren't proved equal."""
    survivors = [
        {
            **verdict.mutant.to_dict(),
            "proof": proofs[verdict.mutant.number].verdict if verdict.mutant.number in proofs else "",
            "apart": proofs[verdict.mutant.number].apart if verdict.mutant.number in proofs else None,
        }
        for verdict in verdicts
        if not verdict.killed
    ]
    equal = sum(survivor["proof"] == "equal" for survivor in survivors)
    killed = sum(verdict.killed for verdict in verdicts)
    faults = len(verdicts) - equal
    return {
        "recipe": chosen.to_dict(),
        "seed": seed,
        "mutants": len(verdicts),
        "killed": killed,
        "equal": equal,
        "left": faults - killed,
        "score": killed / faults if faults else 1.0,
        "checks": dict(Counter(verdict.check for verdict in verdicts if verdict.killed).most_common()),
        "parts": dict(Counter(verdict.part for verdict in verdicts if verdict.killed).most_common()),
        "modes": {
            mode: [sum(v.killed for v in verdicts if v.mutant.mode == mode), count]
            for mode, count in Counter(v.mutant.mode for v in verdicts).most_common()
        },
        "survivors": survivors,
    }


def _show(output: Output, shown: dict[str, Any]) -> None:
    rows = [
        ("mutants", f"{shown['mutants']:,}"),
        ("killed", f"{shown['killed']:,}"),
        ("proved equal", f"{shown['equal']:,}"),
        ("left", f"{shown['left']:,}"),
        ("score", f"{shown['score']:.2%} of those not proved equal"),
    ]
    output.facts(shown["recipe"]["name"], rows)
    for title, column in (("Found by check", "checks"), ("Found in part of the campaign", "parts")):
        output.table(title, ("", "mutants"), [(k, f"{n:,}") for k, n in shown[column].items()], right=(1,))
    survivors = [
        (
            survivor["place"],
            f"{survivor['kind']} {survivor['port']}[{survivor['bit']}]"
            if survivor["port"]
            else survivor["kind"],
            survivor["what"],
            survivor["source"],
            survivor["proof"] or "not tried",
        )
        for survivor in shown["survivors"]
    ]
    if survivors:
        output.table("Survivors", ("place", "cell", "fault", "source", "proof"), survivors)
