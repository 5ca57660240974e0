"""Options that commands share."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from hadacast import checks
from hadacast import recipe as recipes
from hadacast.cli.console import Output
from hadacast.errors import HadacastError
from hadacast.recipe import Recipe
from hadacast.spec.fwht import STORAGE
from hadacast.spec.pipeline import Pipeline

DEFAULT_RECIPE = "rotate128"

# Short forms of --set: option, the recipe's key, type, help.
SHORTCUTS: tuple[tuple[tuple[str, ...], str, Any, str], ...] = (
    (("--frame", "-n"), "stream.frame", int, "Elements in a frame, N."),
    (("--lanes", "-p"), "stream.lanes", int, "Elements in a beat, P."),
    (("--copies",), "stream.copies", int, "Copies of the core side by side."),
    (("--width", "-w"), "input.width", int, "Bits of an input element."),
    (("--fraction",), "input.fraction", int, "Bits of the input right of the binary point."),
    (("--signed/--unsigned",), "input.signed", bool, "Whether the input is signed."),
    (("--registers",), "stage.fwht.registers", int, "Pipeline registers after each butterfly stage."),
    (("--storage",), "stage.fwht.storage", str, f"Where delays live: {', '.join(STORAGE)}."),
)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A recipe, as the command line chose it.

    reference: the name or path given. overrides: "key=value" texts, in order.
    """

    recipe: Recipe
    reference: str
    overrides: tuple[str, ...]

    @property
    def pipeline(self) -> Pipeline:
        """The recipe's pipeline."""
        return self.recipe.pipeline

    def to_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "reference": self.reference,
            "overrides": list(self.overrides),
            "name": self.pipeline.name,
            "title": self.pipeline.title,
            "source": self.pipeline.source,
            "sample": self.recipe.sample,
            "board": self.recipe.board,
            "image": list(self.recipe.image),
        }


def with_recipe(default: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the argument RECIPE and its overrides; it receives a `Chosen` as `chosen`."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, recipe: str, **options: Any) -> Any:
            overrides = overrides_of(options)
            return function(*args, chosen=_choose(recipe, overrides), **options)

        optional: dict[str, Any] = {"default": default} if default else {}
        return click.argument("recipe", **optional)(with_overrides(wrapper))

    return decorate


def with_recipes(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command one or more RECIPEs, and overrides for each of them; it receives a list of `Chosen` as
    `chosen`."""

    @functools.wraps(function)
    def wrapper(*args: Any, recipe: tuple[str, ...], **options: Any) -> Any:
        overrides = overrides_of(options)
        return function(*args, chosen=[_choose(name, overrides) for name in recipe], **options)

    return click.argument("recipe", nargs=-1, required=True)(with_overrides(wrapper))


def _choose(reference: str, overrides: tuple[str, ...]) -> Chosen:
    return Chosen(recipe=recipes.load(reference, overrides), reference=reference, overrides=overrides)


def overrides_of(options: dict[str, Any]) -> tuple[str, ...]:
    """What --set and its short forms say, taken out of a command's options."""
    overrides = [*options.pop("settings")]
    for _, key, _, _ in SHORTCUTS:
        value = options.pop(key.rpartition(".")[2])
        if value is not None:
            overrides.append(f"{key}={str(value).lower() if isinstance(value, bool) else value}")
    return tuple(overrides)


def with_overrides(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --set and its short forms, which `overrides_of` reads out of what it receives."""
    decorated = function
    for names, _, kind, text in reversed(SHORTCUTS):
        type_: Any = {} if kind is bool else {"type": kind}
        decorated = click.option(*names, default=None, help=text, **type_)(decorated)
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Override any field of the recipe, such as stage.fwht.registers=2. Repeatable.",
    )(decorated)


def with_output(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--json`; it receives an `Output` as `output`, first."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.obj.json = value

    @functools.wraps(function)
    @click.pass_obj
    def wrapper(obj: Output, *args: Any, **options: Any) -> Any:
        context = click.get_current_context()
        for parameter in context.command.params:
            name = parameter.name or ""
            # A shell's variable that isn't set, most likely, and not the wish for a default.
            if options.get(name) == "" and (
                context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
            ):
                said = max(parameter.opts, key=len).lstrip("-")
                raise click.UsageError(f"{said} is '': it must not be empty", context)
        return function(obj, *args, **options)

    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=remember,
        help="One JSON document on stdout; all else goes to stderr.",
    )(wrapper)


def with_source(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --data, --tensor and --seed."""
    for option in (
        click.option(
            "--seed",
            type=click.IntRange(0, 2**31),
            default=0,
            show_default=True,
            help="Of all that is random.",
        ),
        click.option(
            "--tensor", default=None, metavar="NAME", help="Which array of an .npz or .safetensors file."
        ),
        click.option(
            "--data",
            default=None,
            metavar="FILE",
            help="A .npy, .npz or .safetensors file, a shipped sample, or 'random'. Default: the recipe's"
            " sample.",
        ),
    ):
        function = option(function)
    return function


def with_data(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --data, --tensor, --frames and --seed."""
    frames = click.option(
        "--frames", type=click.IntRange(1), default=None, metavar="K", help="Take the first K frames."
    )
    return with_source(frames(function))


def seed_list(text: str) -> tuple[int, ...]:
    """The placer's seeds in "1,2,3". Raises HadacastError where there is none, or one twice."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdecimal() for word in words) or len(set(words)) < len(words):
        raise HadacastError(f"seeds is {text!r}: it must be different integers, such as 1,2,3")
    return tuple(checks.integer("seed", int(word[:20]), 0, 1 << 31) for word in words)
