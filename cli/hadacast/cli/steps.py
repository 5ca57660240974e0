"""The slow steps that `synth` and `build` share; each returns what JSON can hold."""

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hadacast.boards.board import Board
from hadacast.cli.files import Staging
from hadacast.core.top import AxiTop
from hadacast.core.verilog import module_name, to_verilog
from hadacast.spec.pipeline import Pipeline
from hadacast.synth.devices import Device
from hadacast.synth.ooc import synthesize
from hadacast.synth.store import Store

News = Callable[[str], None]


def measure(
    spec: Pipeline,
    device: Device,
    seeds: Sequence[int],
    work: Path,
    news: News,
    ports: bool = True,
    verilog: str = "",
    store: Store | None = None,
) -> dict[str, Any]:
    """Area and clock of the core alone, and with `ports` of paths there, from Verilog of the device's family
    (made if not given). What the store has isn't done again."""
    if not verilog:
        news(f"generating Verilog of {spec.name} for {device.family}")
        verilog = to_verilog(AxiTop(spec), device.family)
    result = synthesize(
        verilog,
        top=module_name(spec),
        device=device,
        seeds=seeds,
        workdir=work,
        progress=news,
        ports=ports,
        store=store,
    )
    return {"title": device.title, **result.to_dict()}


def bitstream_name(spec: Pipeline, board: Board) -> str:
    """File name of a board's bitstream."""
    return f"{spec.name}_{board.name}{board.suffix}"


def bitstream(spec: Pipeline, board: Board, staging: Staging, news: News, seed: int = 1) -> dict[str, Any]:
    """The board's bitstream, put in the staged folder; logs and netlists go to work/board there."""
    from hadacast.boards.build import build_bitstream

    result = build_bitstream(spec, board, staging.part / "work" / "board", progress=news, seed=seed)
    name = bitstream_name(spec, board)
    result.bitstream.replace(staging.part / name)
    # Where it will be once published, as the user wrote the folder.
    place = staging.shown / name
    return {
        "title": board.title,
        **result.to_dict(),
        "bitstream": name,
        "file": str(place),
        "load": board.load.format(file=shlex.quote(str(place))),
        "note": board.note,
    }
