"""Stimuli that try to break a core, and the configurations they are tried on."""

from dataclasses import dataclass

from hadacast.format import Format
from hadacast.sim.campaign import disturbed, frames, stimulus
from hadacast.spec.cast import Cast
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline


@dataclass(frozen=True)
class Config:
    """One configuration of the transform: N, P, input width, and how it is built."""

    frame: int
    lanes: int
    width: int
    storage: str = "auto"
    registers: int = 1
    span: int = 8
    signed: bool = True

    def __str__(self) -> str:
        sign = "s" if self.signed else "u"
        return f"n{self.frame}-p{self.lanes}-{sign}{self.width}-{self.storage}-r{self.registers}-s{self.span}"

    @property
    def pipeline(self) -> Pipeline:
        fwht = Fwht(
            frame=self.frame,
            lanes=self.lanes,
            input=Format(width=self.width, signed=self.signed),
            storage=self.storage,
            registers=self.registers,
            stall_span=self.span,
        )
        cast = Cast(frame=self.frame, lanes=self.lanes, input=fwht.output)
        return Pipeline(name="core", stages=(fwht, cast))


__all__ = ["CONFIGS", "Config", "disturbed", "frames", "stimulus"]

# Sizes, lanes, widths and storage from end to end, each dimension with its extremes.
CONFIGS = [
    *(Config(2, p, w) for p, w in ((1, 1), (2, 16), (1, 32))),
    *(Config(4, p, w) for p, w in ((1, 8), (2, 2), (4, 16))),
    Config(8, 1, 5, signed=False),
    Config(8, 2, 16, registers=0),
    Config(8, 8, 12, registers=2),
    Config(16, 1, 16, storage="bram"),
    Config(16, 2, 16, storage="lutram"),
    Config(16, 4, 16),
    Config(16, 16, 8, span=1),
    Config(32, 1, 1, signed=False),
    Config(32, 2, 12, storage="ff"),
    Config(32, 4, 8, registers=2, span=2),
    Config(32, 32, 16, registers=0),
    Config(64, 1, 8, storage="bram", span=3),
    Config(64, 2, 24, storage="lutram", registers=2),
    Config(64, 4, 16),
    Config(64, 4, 16, storage="ff"),
    Config(64, 8, 16, span=1),
    Config(64, 16, 4, signed=False, storage="lutram"),
    Config(128, 1, 32),
    Config(128, 2, 16, registers=0, storage="bram"),
    Config(128, 4, 16),
    Config(128, 8, 16, storage="bram", registers=2),
    Config(128, 16, 8, span=2, registers=0),
    Config(256, 1, 16, storage="ff"),
    Config(256, 2, 8, storage="lutram", span=1, registers=0),
    Config(256, 4, 12, signed=False),
    Config(256, 32, 4),
    Config(512, 1, 16, storage="bram"),
    Config(512, 8, 16),
    Config(1024, 1, 16),
    Config(1024, 4, 32, signed=False, registers=2),
    Config(1024, 16, 16, storage="bram"),
    Config(2048, 2, 20, span=4),
    Config(4096, 1, 16, storage="bram", registers=2),
    Config(4096, 8, 8),
    Config(8192, 4, 16, storage="bram", span=2),
    Config(16384, 1, 24, storage="bram"),
    Config(32768, 2, 3, signed=False, storage="bram"),
    Config(65536, 1, 16, storage="bram"),
    Config(65536, 4, 32, storage="bram", registers=2),
]
