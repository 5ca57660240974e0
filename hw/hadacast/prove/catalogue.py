"""The list of what is proved: every kind of stage, the parts that they are made of, and whole cores."""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache, partial
from typing import Any

from hadacast import recipe
from hadacast.core.pipeline import COMPONENTS
from hadacast.format import Format
from hadacast.frames import exponents
from hadacast.minifloat import Minifloat
from hadacast.prove import parts, stage, tops
from hadacast.prove.small import queues_of_registers
from hadacast.prove.subject import Subject
from hadacast.spec.pipeline import Pipeline
from hadacast.spec.stage import Stage

# Specs by kind, whose fields are their own.
STAGES: dict[str, Any] = dict(recipe.STAGES)

# Stages of a latency up to this have their frames counted too.
COUNTED = 5


def _stage(text: str, spec: Stage, *, drops: bool = False, value: bool = True, flat: bool = False) -> Subject:
    """A stage in a configuration; `flat` has its queues in flip-flops."""
    queues = queues_of_registers if flat else nullcontext
    claims = [partial(_claimed, stage.rules, queues, spec, drops, flat)]
    if spec.latency <= COUNTED and not drops and not flat:
        claims.append(partial(_claimed, stage.counts, queues, spec))
    if value:
        claims.append(partial(_claimed, stage.values, queues, spec, drops))
    words = [text, f"N {spec.frame}", f"P {spec.lanes}", *(["queues of flip-flops"] if flat else [])]
    return Subject(spec.kind, ", ".join(word for word in words if word), tuple(claims))


def _claimed(make: Any, queues: Any, spec: Stage, *arguments: Any) -> Any:
    """Called with a family last, as Subject wants it."""
    *settings, family = arguments
    with queues():
        return make(spec, family, *settings)


def _part(kind: str, text: str, make: Any, *arguments: Any) -> Subject:
    return Subject(kind, text, (partial(_made, make, arguments),))


def _made(make: Any, arguments: tuple[Any, ...], family: str) -> Any:
    return make(family, *arguments)


def _core(text: str, *stages: Stage, value: bool = True) -> Subject:
    spec = Pipeline(name="core", stages=stages)
    claims = [partial(tops.rules, spec)]
    if value:
        claims.append(partial(tops.values, spec))
    return Subject("core", f"{text}, N {spec.frame}, P {spec.lanes}", tuple(claims))


def _parts() -> Iterator[Subject]:
    yield _part("skid", "", parts.span)
    yield _part("holding_butterfly", "", parts.holding)
    for depth in (1, 4):
        yield _part("queue", f"ff, {depth} words", parts.queue, depth, "ff", None)
    yield _part("queue", "lutram, 5 of 16 words", parts.queue, 5, "lutram", None)
    yield _part("queue", "lutram, 5 of 16 words, no register", parts.queue, 5, "lutram", 0)
    # The memory's words and those in the registers behind it: all are in use.
    for storage, registers, depth in (("lutram", 0, 4), ("lutram", 1, 5), ("bram", 1, 5), ("bram", 2, 6)):
        text = f"{storage} of 4 words, {registers} registers, full"
        yield _part("queue", text, parts.small_queue, depth, storage, registers)
    yield _part("relay", "2 memories of 4 words, 8 words", parts.small_relay, 8)
    for beats in (1, 2, 3, 8):
        yield _part("framer", f"{beats} beats", parts.framer, 1, beats)
    for beats in (1, 2, 3, 4):
        yield _part("frame_buffer", f"{beats} beats", parts.buffer, 1, beats)


def _fwht() -> Iterator[Subject]:
    make = STAGES["fwht"]
    one, two = Format(width=1), Format(width=2)
    for drops in (True, False):
        tail = ", drops" if drops else ""
        yield _stage("ff" + tail, make(frame=2, lanes=1, input=two, storage="ff"), drops=drops)
        yield _stage("ff" + tail, make(frame=2, lanes=2, input=two, storage="ff"), drops=drops)
        for lanes in (1, 2, 4):
            yield _stage("ff" + tail, make(frame=4, lanes=lanes, input=one, storage="ff"), drops=drops)
        for lanes in (1, 2, 8):
            spec = make(frame=8, lanes=lanes, input=one, storage="ff")
            yield _stage("ff" + tail, spec, drops=drops)
    for storage in ("lutram", "bram"):
        yield _stage(storage, make(frame=8, lanes=1, input=one, storage=storage), drops=True, value=False)
    for registers in (0, 2):
        spec = make(frame=4, lanes=2, input=one, registers=registers)
        yield _stage(f"{registers} registers", spec, drops=True)
    yield _stage("stall span 1", make(frame=4, lanes=2, input=one, stall_span=1), drops=True)
    yield _stage("stall span 1", make(frame=8, lanes=2, input=one, stall_span=1), drops=True, value=False)
    yield _stage("size 2, blocks", make(frame=8, lanes=2, size=2, input=one))
    yield _stage("size 2, blocks", make(frame=4, lanes=1, size=2, input=one))
    yield _stage("size 2, stride 2", make(frame=4, lanes=1, size=2, stride=2, input=one))
    yield _stage("size 2, stride 4", make(frame=8, lanes=2, size=2, stride=4, input=one))
    yield _stage("up to 4", make(frame=4, lanes=2, up_to=4, input=one), drops=True)
    yield _stage("exponents", make(frame=4, lanes=2, input=exponents(one, 4)), drops=True, value=False)


def _elementwise() -> Iterator[Subject]:
    two, three = Format(width=2), Format(width=3)
    for lanes in (1, 2, 4):
        yield _stage("", STAGES["cast"](frame=4, lanes=lanes, input=two))
        yield _stage("", STAGES["signs"](frame=4, lanes=lanes, input=two, pattern="+--+"))
    yield _stage("loadable", STAGES["signs"](frame=4, lanes=2, input=two, pattern="+--+", loadable=True))
    yield _stage("", STAGES["normalize"](frame=4, lanes=2, input=two))
    yield _stage("rounded", STAGES["normalize"](frame=2, lanes=1, input=Format(width=5), width=2, fraction=0))
    yield _stage("", STAGES["gain"](frame=4, lanes=2, input=two, gain=(3, -1)))
    yield _stage("loadable", STAGES["gain"](frame=4, lanes=1, input=two, gain=(1, -1), bits=2, loadable=True))
    yield _stage("", STAGES["bias"](frame=4, lanes=2, input=two, bias=(1, -1)))
    yield _stage("loadable", STAGES["bias"](frame=4, lanes=1, input=two, bias=(1, -1), loadable=True))
    yield _stage("", STAGES["keep"](frame=4, lanes=2, input=two, places=(1,)))
    yield _stage("", STAGES["keep"](frame=4, lanes=4, input=two, first=2))
    yield _stage("loadable", STAGES["keep"](frame=4, lanes=1, input=two, first=2, loadable=True))
    lookup = {"family": "table", "bits": 0, "thresholds": (-3, "1/3"), "values": (1, 9, 3)}
    yield _stage("table", STAGES["lookup"](frame=2, lanes=1, input=three, **lookup))
    yield _stage("log2", STAGES["lookup"](frame=2, lanes=2, input=three, bits=3, exponent=1))
    book = {"book": ((0, 1), (2, 3), (1, 1), (3, 0)), "width": 3, "fraction": 0}
    code = Format(width=2, signed=False)
    for loadable in (False, True):
        text = "loadable" if loadable else ""
        yield _stage(text, STAGES["codebook"](frame=4, lanes=2, input=code, loadable=loadable, **book))
    yield _stage(
        "",
        STAGES["requantize"](frame=2, lanes=1, input=Format(width=4), code=two, multiplier=(3,), shift=(2,)),
    )
    bins = {"bits": 2, "hash": ((0,),), "offsets": (1,), "zero": 1, "spread": 1}
    yield _stage("", STAGES["bins"](frame=4, lanes=1, input=two, **bins))
    yield _stage("", STAGES["bins"](frame=4, lanes=2, input=two, **bins))


def _permutes() -> Iterator[Subject]:
    two = Format(width=2)
    permute = STAGES["permute"]
    yield _stage("within beats", permute(frame=4, lanes=4, input=two, table=(0, 3, 2, 1)))
    yield _stage("in place", permute(frame=4, lanes=2, input=two, rule="reverse"))
    yield _stage("in place", permute(frame=4, lanes=1, input=two, rule="reverse"))
    yield _stage("table", permute(frame=4, lanes=1, input=two, table=(2, 0, 1, 3)))
    yield _stage("table", permute(frame=4, lanes=2, input=two, table=(0, 3, 2, 1)))
    yield _stage("transpose", permute(frame=4, lanes=1, input=two, rule="transpose", rows=2))
    for lanes in (1, 2, 4):
        yield _stage("natural to sequency", STAGES["order"](frame=4, lanes=lanes, input=two))
    yield _stage("", STAGES["scatter"](frame=4, lanes=2, input=two, places=(0, 2)))
    yield _stage("", STAGES["scatter"](frame=4, lanes=1, input=two, places=(3, 1)))


def _quantize() -> Iterator[Subject]:
    make = STAGES["quantize"]
    three, two = Format(width=3), Format(width=2)
    int2 = two
    for lanes in (1, 2):
        yield _stage("static", make(frame=2, lanes=lanes, input=three, code=int2))
    asymmetric = {"kind": "static", "step": ("1/2", 1), "zero": (1, 0)}
    code = Format(width=2, signed=False)
    yield _stage("static, asymmetric", make(frame=2, lanes=1, input=three, code=code, scale=asymmetric))
    random = {"rounding": "stochastic", "random": "port"}
    yield _stage(
        "static, stochastic, port", make(frame=2, lanes=1, input=three, code=int2, **random), value=False
    )
    for text, scale, kind in (
        ("int, maximum", {"kind": "maximum"}, int2),
        ("int, range", {"kind": "range"}, code),
        ("mxfp4", {"kind": "exponent"}, "e2m1"),
        ("nvfp4", {"kind": "floating"}, "e2m1"),
    ):
        for lanes in (2, 1):
            spec = make(frame=2, lanes=lanes, group=2, input=two, code=kind, scale=scale)
            yield _stage(text, spec, value=False)
            if lanes == 2:
                yield _stage(text, spec, value=False, flat=True)


def _packing() -> Iterator[Subject]:
    block = STAGES["quantize"](
        frame=4, lanes=2, group=2, input=Format(width=3), code=Format(width=2), scale={"kind": "exponent"}
    ).output
    one = STAGES["quantize"](
        frame=2, lanes=1, group=2, input=Format(width=3), code=Format(width=2), scale={"kind": "exponent"}
    ).output
    pack, unpack = STAGES["pack"], STAGES["unpack"]
    yield _stage("plain", pack(frame=2, lanes=2, input=Format(width=4)))
    yield _stage("plain", pack(frame=2, lanes=1, input=Format(width=4), layout="ahead"))
    yield _stage("plain", pack(frame=3, lanes=1, input=Format(width=3), layout="ahead"))
    for layout in ("beside", "ahead", "behind", "stream"):
        for spec in (
            pack(frame=4, lanes=2, input=block, layout=layout),
            pack(frame=2, lanes=1, input=one, layout=layout),
        ):
            yield _stage(layout, spec, value=False)
            if layout != "stream":
                taken = unpack(frame=spec.frame, lanes=spec.lanes, input=spec.output)
                yield _stage(layout, taken, value=False)
    yield _stage(
        "static",
        STAGES["dequantize"](
            frame=2,
            lanes=2,
            input=STAGES["quantize"](frame=2, lanes=2, input=Format(width=3), code=Format(width=2)).output,
            width=4,
        ),
    )
    yield _stage("exponent", STAGES["dequantize"](frame=4, lanes=2, input=block, width=4), value=False)
    yield _stage("exponent", STAGES["dequantize"](frame=2, lanes=1, input=one, width=4), value=False)


def _others() -> Iterator[Subject]:
    one, two = Format(width=1), Format(width=2)
    hadamard = STAGES["hadamard"]
    yield _stage("order 2", hadamard(frame=2, lanes=1, order=2, input=one), value=False)
    yield _stage("order 2", hadamard(frame=2, lanes=1, order=2, input=one), value=False, flat=True)
    yield _stage("order 2", hadamard(frame=4, lanes=2, order=2, input=one), drops=True, value=False)
    yield _stage("order 2, stride 1", hadamard(frame=4, lanes=1, order=2, stride=1, input=one), value=False)
    yield _stage("-+ ++", hadamard(frame=2, lanes=1, matrix=("-+", "++"), stride=1, input=two), value=False)
    rotate = STAGES["rotate"]
    matrix = {"matrix": ((1, "1/2"), ("-1/2", 1)), "coefficient_width": 3}
    yield _stage("", rotate(frame=2, lanes=1, input=two, **matrix), value=False)
    yield _stage("", rotate(frame=2, lanes=2, input=two, **matrix), value=False)
    yield _stage("", rotate(frame=2, lanes=2, input=two, **matrix), value=False, flat=True)
    yield _stage("loadable", rotate(frame=2, lanes=2, input=two, loadable=True, **matrix), value=False)
    tiny = Minifloat(exponent=2, mantissa=1, bias=1, top="finite")
    align = STAGES["align"]
    yield _stage("", align(frame=2, lanes=2, input=tiny, guard=1))
    yield _stage("", align(frame=2, lanes=1, input=tiny, guard=1), value=False)
    pvq = STAGES["pvq"]
    yield _stage("1 pulse", pvq(frame=2, lanes=2, input=two, group=2, pulses=1), value=False)
    yield _stage("1 pulse", pvq(frame=2, lanes=2, input=two, group=2, pulses=1), value=False, flat=True)
    yield _stage("1 pulse", pvq(frame=2, lanes=1, input=two, group=2, pulses=1), value=False)


def _cores() -> Iterator[Subject]:
    one = Format(width=1)
    fwht, signs, quantize = STAGES["fwht"], STAGES["signs"], STAGES["quantize"]
    for lanes in (1, 2, 4):
        first = fwht(frame=4, lanes=lanes, input=one)
        yield _core("fwht", first, value=lanes > 1)
        turned = signs(frame=4, lanes=lanes, input=one, pattern="+--+")
        second = fwht(frame=4, lanes=lanes, input=turned.output)
        code = quantize(
            frame=4,
            lanes=lanes,
            input=second.output,
            code=Format(width=4),
            scale={"kind": "static", "step": (1,)},
        )
        packed = STAGES["pack"](frame=4, lanes=lanes, input=code.output)
        yield _core("signs, fwht, quantize int4, pack", turned, second, code, packed, value=lanes > 1)
        yield _core("signs behind a frame buffer", turned, value=lanes > 2)


@cache
def subjects() -> tuple[Subject, ...]:
    """All of them."""
    found = []
    for group in (_parts, _fwht, _elementwise, _permutes, _quantize, _packing, _others, _cores):
        found += list(group())
    return tuple(found)


def kinds() -> tuple[str, ...]:
    """Kinds of subjects, stages first."""
    found = dict.fromkeys(subject.kind for subject in subjects())
    return (
        *(kind for kind in COMPONENTS if kind in found),
        *(kind for kind in found if kind not in COMPONENTS),
    )
