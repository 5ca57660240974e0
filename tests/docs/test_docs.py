"""What the pages say can be done can be done: recipes load, commands parse, links lead somewhere."""

import json
import re
import shlex
from dataclasses import MISSING, fields
from pathlib import Path

import click
import numpy as np
import pytest

from hadacast import recipe
from hadacast.boards import BOARDS
from hadacast.cli import describe
from hadacast.cli.console import Output
from hadacast.cli.main import main
from hadacast.cli.options import SHORTCUTS
from hadacast.core.top import PORTS
from hadacast.core.verilog import instantiation
from hadacast.format import Format
from hadacast.packed import Packed
from hadacast.sim import SIMULATORS
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.quantize import Quantize
from hadacast.synth.devices import DEVICES
from hadacast.talk import protocol
from hadacast.tech.family import FAMILIES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def text_of(page):
    return page.read_text(encoding="utf-8")


def blocks(*languages):
    """(page, block) for each fenced block in one of the languages."""
    found = []
    for page in PAGES:
        for language, body in FENCE.findall(text_of(page)):
            if language in languages:
                found.append(pytest.param(body, id=f"{page.stem}-{len(found)}"))
    return found


def table(page, head):
    """Rows of the table that starts with this heading, as lists of cells."""
    _, found, rest = text_of(DOCS / page).partition(f"\n| {head} |")
    assert found, f"{page} has no table {head!r}"
    lines = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_there_are_pages():
    assert {"transform", "stream", "recipes", "boards"} <= {page.stem for page in PAGES}


# Recipes


@pytest.mark.parametrize("body", blocks("toml"))
def test_toml_blocks_load(body, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(body, encoding="utf-8")
    assert recipe.load(path).board in BOARDS


def test_the_catalogue_is_the_one_in_the_page():
    shown = {row[0].strip("`"): row[1:4] for row in table("recipes.md", "recipe")}
    specs = {name: recipe.load(name).pipeline for name in recipe.catalogue()}
    for spec in specs.values():
        if isinstance(spec.input, Packed):  # in fewer words
            assert shown[spec.name][2].startswith("packed `")
            shown[spec.name][2] = str(spec.input)
    assert shown == {name: [str(s.frame), str(s.lanes), str(s.input)] for name, s in specs.items()}


def test_fields_and_defaults_are_those_of_the_page():
    def defaults(cls, prefix, names):
        own = {f.name: f.default for f in fields(cls)}
        return {f"{prefix}{name}": own[name] for name in names}

    # Those of a quantize stage have a page of their own.
    own = [
        (kind, field.name, describe.spelled(field.default))
        for kind, cls in recipe.STAGES.items()
        for field in fields(cls)
        if cls is not Quantize and field.name not in cls.FROM_STREAM
    ]
    expected = {
        "name": "the file's name",
        **defaults(Pipeline, "", ("title", "source")),
        **defaults(Fwht, "stream.", ("frame", "lanes")),
        **defaults(Pipeline, "stream.", ("copies",)),
        "input.format": "none",
        **defaults(Format, "input.", [f.name for f in fields(Format)]),
        **{f"stage.{kind}.{name}": value for kind, name, value in own},
        **defaults(recipe.Recipe, "build.", ("sample", "board")),
        "build.image": describe.spelled(recipe.Recipe.image),
    }
    text = {key: "none" if value is MISSING else value for key, value in expected.items()}
    shown = {}
    for row in table("recipes.md", "field"):
        value = row[1].strip("`")
        shown[row[0].strip("`")] = json.loads(value) if row[1].startswith("`") else value
    assert shown == text


# Commands


def commands():
    """Every `hadacast ...` and `./dev ...` of the shell blocks, as its words."""
    found = []
    for page in PAGES:
        for language, body in FENCE.findall(text_of(page)):
            if language not in ("sh", "bash", "console"):
                continue
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line.removeprefix("$ "), comments=True)
                while words:
                    cut = next((i for i, w in enumerate(words) if w in ("&&", "|", ">", ";")), len(words))
                    command, words = words[:cut], words[cut + 1 :]
                    if command and command[0] in ("hadacast", "./dev"):
                        found.append(pytest.param(command, id=f"{page.stem}: {' '.join(command)}"))
    return found


@pytest.mark.parametrize("words", commands())
def test_commands_parse(words):
    program, name, *arguments = words
    if program == "./dev" and name in ("test", "check", "run"):
        return
    context = click.Context(main, obj=Output())
    try:
        parsed = main.commands[name].make_context(name, arguments, parent=context).params
    except click.exceptions.Exit:  # --help; a mistake is a UsageError
        return
    for key, known in (
        ("board", BOARDS),
        ("device", DEVICES),
        ("simulator", SIMULATORS),
        ("family", FAMILIES),
    ):
        assert parsed.get(key) is None or parsed[key] in known
    references = parsed.get("recipe") or ()
    for reference in (references,) if isinstance(references, str) else references:
        if reference not in recipe.catalogue():
            assert reference == "mine.toml"
            continue
        short = {key.rpartition(".")[2]: key for _, key, _, _ in SHORTCUTS}
        overrides = [
            f"{short[k]}={str(v).lower() if isinstance(v, bool) else v}"
            for k, v in parsed.items()
            if k in short and v is not None
        ]
        recipe.load(reference, [*parsed["settings"], *overrides])


def test_there_are_commands_to_parse():
    shown = {param.values[0][1] for param in commands()}
    assert set(main.commands) <= shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_within_a_line_exist(page):
    prose = FENCE.sub("", text_of(page))
    for span in re.findall(r"`hadacast ([^`]+)`", prose):
        name, *words = span.split()
        assert name in main.commands, span
        known = {option for param in main.commands[name].params for option in (*param.opts, "--help")}
        for word in words:
            assert not word.startswith("--") or word in known, span


# Python


@pytest.mark.parametrize("body", blocks("python"))
def test_python_blocks_run(body):
    exec(compile(body, "a block of the pages", "exec"), {})


# Links


def anchors(page):
    heads = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text_of(page)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_relative_links_resolve(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text_of(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_prose_is_wrapped(page):
    for line in FENCE.sub("", text_of(page)).splitlines():
        assert len(line) <= 110 or line.startswith("|"), line


# Figures and tables


def test_the_ports_are_those_of_the_core():
    assert [row[0].strip("`") for row in table("stream.md", "port")] == list(PORTS)


def test_the_boards_are_those_there_are():
    shown = [[cell.strip("`") for cell in row] for row in table("boards.md", "board")]
    assert shown == [
        [b.name, b.title, b.family, b.device, f"{b.luts:,}", f"{b.ram_kbits:,}", f"{b.clock / 1e6:g}"]
        for b in BOARDS.values()
    ]


def test_the_widths_are_right():
    columns = [(8, True), (12, False), (16, True), (32, True)]
    for n, *widths in table("transform.md", "N"):
        frame = int(n.replace(",", ""))
        formats = [Format(width=width, signed=signed) for width, signed in columns]
        assert [int(w) for w in widths] == [Fwht(frame=frame, input=f).output.width for f in formats]


def test_the_latencies_are_right():
    ((_, *shown),) = table("transform.md", "N = 64, P = 4")
    found = [Fwht(frame=64, lanes=4, registers=registers).latency for registers in (0, 1, 2)]
    assert [int(clocks) for clocks in shown] == found


@pytest.mark.parametrize("registers", [0, 1, 2])
@pytest.mark.parametrize("span", [1, 3, 8])
def test_the_formula_of_the_latency(registers, span):
    for stages in range(1, 17):
        for lanes in range(stages + 1):
            spec = Fwht(
                frame=1 << stages,
                lanes=1 << lanes,
                registers=registers,
                stall_span=span,
                storage="lutram",
            )
            clocks = spec.beats - 1 + registers * (stages - 1) + 1 + (registers == 2)
            assert spec.latency == clocks + (0 if registers else -(-stages // span) - 1)


def test_the_template_is_the_generated_one():
    assert instantiation(recipe.load("rotate128").pipeline) in text_of(DOCS / "boards.md")


def test_the_packets_are_those_on_the_wire():
    spec = Pipeline(name="p", stages=(Fwht(frame=8, input=Format(width=8)),))
    x = np.arange(1, 9)
    request = protocol.enclose(protocol.Request.TRANSFORM, 2, protocol.pack(x, spec.input))
    reply = protocol.enclose(protocol.Status.OK, 2, protocol.pack(spec.compute(x), spec.output))
    page = text_of(DOCS / "boards.md")
    assert f"host:   {request.hex(' ')}\n" in page
    assert f"board:  {reply.hex(' ')}\n" in page
    assert [int(row[0], 16) for row in table("boards.md", "status")] == list(protocol.Status)
    assert [int(row[0], 16) for row in table("boards.md", "header | request")] == list(protocol.Request)
    assert f"identity | {protocol.Descriptor.LAYOUT.size} bytes" in page
    assert protocol.crc16(b"123456789") == 0x29B1
