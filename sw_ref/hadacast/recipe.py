"""Recipes: the TOML files in which people describe, copy and edit pipelines.

The command line, the Python API and the tests all come through `load`.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from hadacast import checks, inputs, reading, tables
from hadacast.errors import HadacastError
from hadacast.format import Codes
from hadacast.frames import Block
from hadacast.method import Method
from hadacast.packed import Packed
from hadacast.spec.align import Align
from hadacast.spec.bias import Bias
from hadacast.spec.bins import Bins
from hadacast.spec.cast import Cast
from hadacast.spec.codebook import Codebook
from hadacast.spec.dequantize import Dequantize
from hadacast.spec.fwht import Fwht
from hadacast.spec.gain import Gain
from hadacast.spec.hadamard import Hadamard
from hadacast.spec.keep import Keep
from hadacast.spec.lookup import Lookup
from hadacast.spec.normalize import Normalize
from hadacast.spec.order import Order
from hadacast.spec.pack import Pack
from hadacast.spec.permute import Permute
from hadacast.spec.pipeline import MAX_STAGES, Pipeline
from hadacast.spec.pvq import Pvq
from hadacast.spec.quantize import Quantize
from hadacast.spec.requantize import Requantize
from hadacast.spec.rotate import Rotate
from hadacast.spec.scatter import Scatter
from hadacast.spec.signs import Signs
from hadacast.spec.stage import Stage
from hadacast.spec.unpack import Unpack

STAGES: Mapping[str, type[Stage]] = {
    cls.kind: cls
    for cls in (
        Fwht,
        Cast,
        Quantize,
        Signs,
        Align,
        Pvq,
        Dequantize,
        Pack,
        Unpack,
        Normalize,
        Requantize,
        Lookup,
        Order,
        Permute,
        Scatter,
        Codebook,
        Rotate,
        Gain,
        Bias,
        Hadamard,
        Bins,
        Keep,
    )
}
TABLES = ("name", "title", "source", "method", "stream", "input", "stage", "build")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A pipeline, and what a build of it takes where the command line says nothing.

    Members
    -------
    pipeline: the Pipeline.
    sample: name of a shipped sample, or path of a .npy file.
    board: name of the board that `synth` and `build` aim at.
    method: the published system that it stands for, if it does.
    image: rows and columns of the pictures that frames are, both in and out; () where they are none. A report
        then shows some.
    """

    pipeline: Pipeline
    sample: str = "minilm_mlp_down"
    board: str = "ulx3s_85f"
    method: Method | None = None
    image: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        checks.instance("pipeline", self.pipeline, Pipeline)
        checks.text("sample", self.sample)
        checks.text("board", self.board)
        if self.image != ():
            self._check_image()

    def _check_image(self) -> None:
        shown, spec = f"image is {checks.quote(self.image)}", self.pipeline
        if not isinstance(self.image, tuple) or len(self.image) != 2:
            raise HadacastError(f"{shown}: it must be rows and columns, such as [64, 64]")
        rows, columns = (checks.integer("image", side, 1, spec.frame) for side in self.image)
        for name, format_, size in (
            ("input", spec.input, spec.in_size),
            ("output", spec.output, spec.out_size),
        ):
            if isinstance(format_, Packed):
                raise HadacastError(f"{shown}: the {name} is {format_}; pictures are plain elements")
            if rows * columns != size:
                raise HadacastError(f"{shown}: it must be as large as a frame of {name}, {size:,} elements")


def catalogue() -> dict[str, Path]:
    """The shipped recipes by name, in alphabetical order."""
    folder = Path(str(resources.files("hadacast.recipes")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A recipe as read and not yet checked: overrides and tables of constants are in it, so that it needs no
    file any more.

    Members
    -------
    file: the name of the file that it was read from.
    content: tables and values as TOML has them.
    """

    file: str
    content: dict[str, Any]

    def recipe(self) -> Recipe:
        """The recipe. Raises HadacastError, in one line, for whatever is wrong with it."""
        return _build(self.content, Path(self.file).stem)

    def text(self) -> str:
        """All of it in one line, the same for the same recipe; for a hash."""
        return json.dumps([self.file, self.content], sort_keys=True, default=str)


def load(recipe: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a shipped recipe by name, or one's own by the path of its TOML file.

    `overrides` are "key=value" texts, the key dotted as in the file ("input.width=12",
    "stage.fwht.registers=2", "stage.0.storage=bram"), the value as in TOML; a bare word is text.

    Raises HadacastError, in one line, for whatever is wrong with the name, file, key or value.
    """
    read = draft(recipe, overrides)
    try:
        return read.recipe()
    except HadacastError as error:
        raise HadacastError(f"recipe {checks.quote(read.file)}: {error}") from None


def draft(recipe: str | Path, overrides: Iterable[str] = ()) -> Draft:
    """The first half of `load`, which reads. Raises HadacastError as it does, but not for what is wrong with
    the recipe itself."""
    path = _find(recipe)
    document = _read(path)
    for text in overrides:
        _override(document, text)
    try:
        if "stage" in document:
            document["stage"] = tables.resolved(document["stage"], path.parent)
    except HadacastError as error:
        raise HadacastError(f"recipe {checks.quote(path.name)}: {error}") from None
    return Draft(file=path.name, content=document)


def _find(recipe: str | Path) -> Path:
    shipped = catalogue()
    if isinstance(recipe, str) and recipe in shipped:
        return shipped[recipe]
    if isinstance(recipe, str | Path) and Path(recipe).suffix == ".toml":
        return Path(recipe)
    shown = checks.quote(str(recipe) if isinstance(recipe, Path) else recipe)
    close = difflib.get_close_matches(str(recipe), shipped, n=3, cutoff=0.5)
    meant = f", such as {', '.join(close)}" if close else ""
    raise HadacastError(
        f"no recipe {shown}: it must be a .toml file or one that `hadacast list` shows{meant}"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return reading.toml(reading.content(path).decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        # A path with a NUL byte, a file that isn't there, isn't UTF-8 or isn't TOML.
        raise HadacastError(f"recipe {checks.quote(str(path))}: {reading.reason(error)}") from None


def _override(document: dict[str, Any], text: str) -> None:
    shown = f"override {checks.quote(text)}"
    key, equals, value = checks.instance("override", text, str).partition("=")
    names = key.strip().split(".")
    if not equals or not all(names) or len(names) > reading.MAX_DEPTH // 2:
        raise HadacastError(f"{shown}: it must be key=value, such as stream.lanes=8")
    node: Any = document
    for name in names[:-1]:
        node = _stage_entry(node, name, shown) if isinstance(node, list) else node.setdefault(name, {})
        if not isinstance(node, dict | list):
            raise HadacastError(f"{shown}: {checks.quote(name)} is not a table")
    if not isinstance(node, dict):
        raise HadacastError(f"{shown}: say which stage and which field, such as stage.fwht.registers=2")
    node[names[-1]] = value_of(value.strip())


def _stage_entry(stages: list[Any], name: str, shown: str) -> Any:
    """The stage at index `name`, or the only one of kind `name`."""
    kinds = [stage.get("kind") if isinstance(stage, dict) else None for stage in stages]
    if re.fullmatch("[0-9]{1,4}", name) and int(name) < len(stages):
        return stages[int(name)]
    if kinds.count(name) == 1:
        return stages[kinds.index(name)]
    single = [kind for kind in STAGES if kinds.count(kind) == 1]
    raise HadacastError(
        f"{shown}: no single stage {checks.quote(name)}; "
        f"it must be one of {', '.join([*map(str, range(len(stages))), *single][:20])}"
    )


def value_of(text: str) -> Any:
    """An override's value: `text` as TOML, or itself. What needs no quotes in a shell needs none here."""
    try:
        parsed = reading.toml(f"value = {text}")
    except ValueError:
        return text
    return parsed["value"] if len(parsed) == 1 else text  # a line break could bring more keys


def _build(document: dict[str, Any], stem: str) -> Recipe:
    top = _table(document, "the recipe", TABLES)
    stream = _table(top.get("stream", {}), "[stream]", ("frame", "lanes", "copies"))
    if "frame" not in stream:
        raise HadacastError("[stream] has no frame: it must say how many elements a frame has")
    stream = dict(stream)
    copies = {"copies": stream.pop("copies")} if "copies" in stream else {}
    format_: Codes | Block = inputs.load(top.get("input", {}), stream["frame"], stream.get("lanes", 1))
    build = _table(top.get("build", {}), "[build]", ("sample", "board", "image"))
    entries = top.get("stage", [])
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_STAGES:
        raise HadacastError(
            f"stage is {checks.quote(entries)}: it must be 1 to {MAX_STAGES} [[stage]] tables"
        )
    stages: list[Stage] = []
    for index, entry in enumerate(entries):
        stage = _stage(entry, f"[[stage]] {index}", stream, format_)
        stages.append(stage)
        format_ = stage.output
    texts = {key: top[key] for key in ("title", "source") if key in top}
    pipeline = Pipeline(name=top.get("name", _identifier(stem)), stages=tuple(stages), **texts, **copies)
    method = None
    if "method" in top:
        own = _table(top["method"], "[method]", _names(Method))
        method = Method(**{field.name: "" for field in fields(Method) if field.default is MISSING} | own)
    if isinstance(build.get("image"), list):
        build = build | {"image": tuple(build["image"])}
    return Recipe(pipeline=pipeline, method=method, **build)


def _stage(entry: Any, where: str, stream: dict[str, Any], input_: Codes | Block) -> Stage:
    if not isinstance(entry, dict):
        raise HadacastError(f"{where} is {checks.quote(entry)}: it must be a table")
    cls = STAGES[checks.choice(f"{where} kind", entry.get("kind"), STAGES)]
    own = _table(entry, where, ("kind", *(set(_names(cls)) - cls.FROM_STREAM)))
    # TOML's lists as tuples: a spec must hash.
    settings: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in own.items() if key != "kind"
    }
    try:
        return cls(**stream, input=input_, **settings)
    except HadacastError as error:
        # What is wrong with the first stage may as well be wrong with [stream] or [input].
        raise HadacastError(str(error) if where.endswith(" 0") else f"{where}, {cls.kind}: {error}") from None


def _table(value: Any, where: str, allowed: Iterable[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise HadacastError(f"{where} is {checks.quote(value)}: it must be a table")
    for key in value:
        if key not in allowed:
            fields_ = ", ".join(sorted(allowed))
            raise HadacastError(f"{where} has no field {checks.quote(key)}: it must be one of {fields_}")
    return value


def _names(cls: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))


def _identifier(stem: str) -> str:
    """A file's stem as a pipeline name."""
    name = re.sub("[^a-z0-9_]", "_", stem.lower())[:40]
    return name if re.match("[a-z]", name) else f"r{name}"[:40]
