"""`hadacast prove`: formal proofs of the stream rules, of every stage and of whole cores."""

from pathlib import Path

import click

from hadacast.cli import files
from hadacast.cli.console import Output
from hadacast.cli.options import with_output
from hadacast.errors import HadacastError
from hadacast.tech.family import FAMILIES


@click.command("prove")
@click.argument("names", metavar="[KIND|RECIPE]...", nargs=-1)
@click.option("--set", "overrides", metavar="KEY=VALUE", multiple=True, help="Of the recipes. Repeatable.")
@click.option(
    "--only", metavar="TEXT", multiple=True, help="Configurations with TEXT in their names. Repeatable."
)
@click.option(
    "--family",
    type=click.Choice(list(FAMILIES)),
    default="generic",
    show_default=True,
    help="Of the hardware.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(1, 86_400),
    default=120.0,
    show_default=True,
    help="Seconds for each design. What they aren't enough for is looked at for some cycles only.",
)
@click.option(
    "--jobs", "-j", type=click.IntRange(1, 64), default=1, show_default=True, help="Designs at a time."
)
@click.option(
    "--waves", metavar="FOLDER", default=None, help="Where to write the waves of what fails, as VCD."
)
@with_output
def prove(
    output: Output,
    names: tuple[str, ...],
    overrides: tuple[str, ...],
    only: tuple[str, ...],
    family: str,
    timeout: float,
    jobs: int,
    waves: str | None,
) -> None:
    """Prove the stream rules of stages, of their parts and of whole cores, for any number of clocks, and for
    small ones that every frame comes out as the reference computes it.

    KIND is a stage's or a part's, such as fwht or queue: its small configurations are proved. A RECIPE is
    proved as it is; only small ones can be. Without names all kinds are proved, which takes long. The exit
    status is 1 if a property fails.
    """
    from hadacast import recipe as recipes
    from hadacast.prove import campaign
    from hadacast.prove.catalogue import kinds
    from hadacast.prove.engines import FAILED
    from hadacast.prove.subject import Record, Subject

    known = [name for name in names if name in kinds()]
    others = [name for name in names if name not in kinds()]
    if overrides and not others:
        raise click.UsageError("--set is of recipes, and no recipe is named")
    todo = list(campaign.chosen(known)) if known or not others else []
    for name in others:
        if name not in recipes.catalogue() and not name.endswith(".toml"):
            raise HadacastError(
                f"no kind and no recipe is called {name!r}: kinds are {', '.join(kinds())}; see hadacast list"
            )
        todo.append(campaign.of_pipeline(recipes.load(name, overrides).pipeline))
    todo = [subject for subject in todo if not only or any(text in subject.name for text in only)]
    if not todo:
        raise HadacastError(f"only is {', '.join(only)!r}: no configuration has that in its name")
    folder = _folder(waves)

    with output.job(f"proving {len(todo):,} components") as job:
        count = [0]

        def done(subject: Subject, records: list[Record]) -> None:
            count[0] += 1
            open_ = [record.property for record in records if record.verdict != "proved"]
            job.news(f"{subject.name}: {'proved' if not open_ else 'not proved: ' + ', '.join(open_)}")
            job.count(count[0], len(todo))

        records = campaign.run(todo, family, timeout=timeout, jobs=jobs, waves=folder, done=done)
    failed = [record for record in records if record.verdict == FAILED]
    document = {
        "ok": not failed,
        "family": family,
        "timeout": timeout,
        "properties": [record.to_dict() for record in records],
        "summary": campaign.summary(records),
    }
    output.emit("prove", document)
    if not output.json:
        output.table("Proofs", campaign.HEADS, campaign.rows(records), right=(6,))
        for record in records:
            if record.note:
                output.out.print(f" {record.kind} {record.text}: {record.note}", soft_wrap=True)
        output.out.print(f" {campaign.summary(records)}", soft_wrap=True)
    if failed:
        first = failed[0]
        raise HadacastError(
            f"{len(failed):,} properties fail, such as {first.property} of {first.kind} {first.text}"
        )


def _folder(name: str | None) -> Path | None:
    if name is None:
        return None
    path = Path(name)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HadacastError(f"can't make the folder {name!r}: {files.reason(error)}") from None
    return path
