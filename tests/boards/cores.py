"""Specs for the tests of boards."""

from hadacast.format import Format
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline


def core(frame: int, lanes: int, width: int, *, signed: bool = True, **options) -> Pipeline:
    form = Format(width=width, signed=signed, fraction=3)
    return Pipeline(name=f"core_{frame}", stages=(Fwht(frame=frame, lanes=lanes, input=form, **options),))
