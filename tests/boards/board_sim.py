"""A simulated board with the interface of a serial port, for the real client to talk to.

Two simulators carry it: Amaranth's, and CXXRTL for bulk. Faults are put into the symbols on the line:
ten levels a byte, the start bit lowest.
"""

import ctypes
import tempfile
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np
from amaranth.back import rtlil
from amaranth.sim import Simulator

from hadacast.sim import cache, cxx
from hadacast.tools import yosys

HZ = 1_000_000  # of simulated time

SCRIPT = "read_rtlil top.il\nhierarchy -top top\nproc\nflatten\nopt_clean\nwrite_cxxrtl -g0 top.cc\n"
Mangle = Callable[[list[int]], Iterable[int]]


def symbol(byte: int) -> int:
    """The ten line levels of a byte."""
    return byte << 1 | 0x200


class Port:
    """What the client uses of `serial.Serial`, in simulated time."""

    name = "simulated"
    timeout = 0.002

    def __init__(self, bit: float):
        self.bit = bit  # the host's cycles a bit
        self.baudrate = HZ / bit
        self.mangle: Mangle | None = None  # host to board
        self.mangle_reply: Callable[[bytes], bytes] | None = None
        self._read = bytearray()

    def write(self, data: bytes) -> int:
        symbols = [symbol(byte) for byte in data]
        self.send(symbols if self.mangle is None else list(self.mangle(symbols)))
        return len(data)

    @property
    def in_waiting(self) -> int:
        self._collect()
        return len(self._read)

    def read(self, count: int = 1) -> bytes:
        if self.in_waiting < count:
            self.run(int(self.timeout * HZ), count - len(self._read))
        self._collect()
        data = bytes(self._read[:count])
        del self._read[:count]
        return data

    def drain(self, cycles: int) -> bytes:
        """Everything that arrives in so many cycles."""
        self.run(cycles, 1 << 30)
        return self.read(self.in_waiting)

    def _collect(self) -> None:
        data = bytes(byte & 0xFF for byte in self.take())
        self._read += data if self.mangle_reply is None else self.mangle_reply(data)

    def close(self) -> None:
        pass

    def clock(self) -> float:
        """Simulated seconds."""
        return self.now() / HZ

    def send(self, symbols: list[int]) -> None:
        raise NotImplementedError

    def run(self, cycles: int, wanted: int) -> None:
        raise NotImplementedError

    def take(self) -> list[int]:
        raise NotImplementedError

    def now(self) -> int:
        raise NotImplementedError


class AmaranthPort(Port):
    """On Amaranth's simulator: starts at once, some thousand cycles a second."""

    def __init__(self, top, divisor: int, bit: float | None = None):
        super().__init__(divisor if bit is None else bit)
        self._to: deque[int] = deque()
        self._from: list[int] = []
        self._cycle = 0
        self._simulator = Simulator(top)
        self._simulator.add_clock(1 / HZ)
        self._simulator.add_testbench(partial(self._bench, top), background=True)

    async def _bench(self, top, ctx):
        bit, began, heard, level, index, byte = self.bit, -1.0, -1.0, 1, 0, 0
        while True:
            now = self._cycle
            if began >= 0 and now - began >= 10 * bit:
                self._to.popleft()
                began = began + 10 * bit if self._to else -1.0
            if began < 0 and self._to:
                began = float(now)
            ctx.set(top.rx, 1 if began < 0 else self._to[0] >> int((now - began) / bit) & 1)
            await ctx.tick()
            line = ctx.get(top.tx)
            if heard < 0:
                if level and not line:
                    heard, index, byte = float(now), 0, 0
            elif now - heard >= (index + 1.5) * bit:
                if index == 8:
                    self._from.append(byte | (not line) << 8)
                    heard = -1.0
                else:
                    byte |= line << index
                    index += 1
            level = line
            self._cycle = now + 1

    def send(self, symbols):
        self._to.extend(symbols)

    def run(self, cycles, wanted):
        end = self._cycle + cycles
        while self._cycle < end and len(self._from) < wanted:
            self._simulator.advance()

    def take(self):
        data, self._from = self._from, []
        return data

    def now(self):
        return self._cycle


class CxxrtlPort(Port):
    """On CXXRTL: seconds to compile (cached), then a million cycles a second."""

    def __init__(self, top, divisor: int, bit: float | None = None):
        super().__init__(divisor if bit is None else bit)
        self._library = _library(top)
        self._bench = self._library.bench_new(self.bit)

    def send(self, symbols):
        array = np.array(symbols, np.uint16)
        self._library.bench_send(self._bench, array.ctypes.data, len(array))

    def run(self, cycles, wanted):
        self._library.bench_run(self._bench, cycles, wanted)

    def take(self):
        array = np.empty(1 << 16, np.uint16)
        return array[: self._library.bench_take(self._bench, array.ctypes.data, len(array))].tolist()

    def now(self):
        return self._library.bench_now(self._bench)

    def close(self):
        self._library.bench_delete(self._bench)


def _library(top) -> ctypes.CDLL:
    text = rtlil.convert(top, name="top", ports=[top.rx, top.tx], emit_src=False)
    harness = Path(__file__).with_name("uart_sim.cc").read_text()
    _, compiler = cxx.compiler()
    name = cache.digest([text, harness, SCRIPT, yosys.version(), compiler])
    library = ctypes.CDLL(str(cache.built(f"board-{name}.so", partial(_build, text, harness))))
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    for name, result, *arguments in (
        ("bench_new", pointer, ctypes.c_double),
        ("bench_delete", None, pointer),
        ("bench_send", None, pointer, pointer, size),
        ("bench_run", size, pointer, ctypes.c_int64, size),
        ("bench_take", size, pointer, pointer, size),
        ("bench_now", ctypes.c_int64, pointer),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _build(text: str, harness: str, output: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "top.il").write_text(text)
        yosys.run(SCRIPT, cwd=work)
        source = work / "bench.cc"
        define = "#define DESIGN cxxrtl_design::p_top"
        source.write_text("\n".join([(work / "top.cc").read_text(), define, harness]))
        include = Path(str(resources.files("pyosys")), "share/include/backends/cxxrtl/runtime")
        cxx.shared_library([source], output, [include], ["-O2", "-DCXXRTL_NDEBUG"])
