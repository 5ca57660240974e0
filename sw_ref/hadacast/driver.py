"""The host's side of a core's settings: whatever reaches its AXI4-Lite port, this says what to write."""

import time
from collections.abc import Callable

from hadacast import checks, settings
from hadacast.errors import HadacastError
from hadacast.spec.pipeline import Pipeline


class Driver:
    """Changes what a running core computes.

    Parameters
    ----------
    pipeline: what the core computes now: after configuration, the recipe it was built from.
    read: a function of an address in bytes, relative to the core's, that returns the 32-bit word there.
    write: a function of an address and a 32-bit word.

    Raises HadacastError where there is no core, or one with another register map.
    """

    def __init__(self, pipeline: Pipeline, read: Callable[[int], int], write: Callable[[int, int], None]):
        self.pipeline, self._read, self._write = pipeline, read, write
        found = read(settings.ID), read(settings.VERSION_AT)
        if found != (settings.IDENTITY, settings.VERSION):
            raise HadacastError(
                f"no core answers: id {found[0]:#010x}, version {found[1]}; it must be"
                f" {settings.IDENTITY:#010x}, {settings.VERSION}"
            )

    @property
    def frame_errors(self) -> int:
        """Broken frames since reset, at most 65,535."""
        return self._read(settings.FRAME_ERRORS)

    def configure(self, pipeline: Pipeline, timeout: float = 1.0) -> None:
        """Make the core compute `pipeline`, from the next frame on that it takes; those inside are finished.

        pipeline: the core's with other settings. timeout: seconds that frames inside may take to leave.
        Raises HadacastError where the core can't be brought to compute it, or frames don't leave; it then
        goes on as before.
        """
        changes = writes(self.pipeline, pipeline)
        if not changes:
            return
        self._write(settings.CONTROL, 1)
        try:
            end = time.monotonic() + timeout
            while not self._read(settings.STATUS) & 1:
                if time.monotonic() > end:
                    raise HadacastError(f"frames haven't left the core after {timeout:g} s; who takes them?")
            for address, word in changes:
                self._write(address, word)
            self.pipeline = pipeline
        finally:
            self._write(settings.CONTROL, 0)


def writes(now: Pipeline, wanted: Pipeline) -> list[tuple[int, int]]:
    """Addresses and words that bring a core from one pipeline to another.

    Raises HadacastError where that takes another core.
    """
    for index, (before, after) in enumerate(zip(now.stages, wanted.stages, strict=False)):
        if before.kind != after.kind:
            raise HadacastError(f"stage {index} is {after.kind}: the core's is {before.kind}")
        built = after.built
        for name, value in before.built.items():
            if value != built.get(name):
                shown = checks.quote(built.get(name))
                raise HadacastError(
                    f"{name} of stage {index}, {after.kind}, is {shown}: the core was built with"
                    f" {checks.quote(value)}"
                )
    if len(now.stages) != len(wanted.stages):
        raise HadacastError(f"{len(wanted.stages)} stages: the core has {len(now.stages)}")
    return now.registers.writes(wanted.registers)
