"""Area and clock of small cores whose figures are known."""

import dataclasses
import json

import pytest

from hadacast.errors import HadacastError
from hadacast.synth.devices import DEVICES, device
from hadacast.synth.mapping import map_core
from hadacast.synth.ooc import synthesize
from hadacast.synth.store import Store
from hadacast.tools import process, yosys

# A registered adder between registers; and, with through, a path from input to output.
ADDER = """
module adder(input aclk, input [{n}:0] a, b, output reg [{n}:0] y, input c, d, output e);
  reg [{n}:0] ra, rb;
  always @(posedge aclk) begin ra <= a; rb <= b; y <= ra + rb; end
  {through}
endmodule
"""


def adder(width: int, through: str = "assign e = 0;") -> str:
    return ADDER.format(n=width - 1, through=through)


# 384 logic cells: small enough to overflow at once.
TINY = dataclasses.replace(
    DEVICES["ice40-hx8k"], name="ice40-lp384", nextpnr=("--lp384", "--package", "qn32")
)


def test_ecp5_adder_reaches_the_published_clock(tmp_path):
    # A lone 20-bit adder was measured at 302 MHz (median) on this device and flow; placement varies.
    result = synthesize(adder(20), top="adder", device=device("ecp5-85k"), seeds=(1, 2), workdir=tmp_path)
    assert result.cells == {"TRELLIS_FF": 60, "CCU2C": 10}
    assert result.roles["carry"] == 10
    assert result.utilization["TRELLIS_FF"]["used"] == 60
    # Two halves per carry cell, and some more where the chain starts.
    assert result.logic_cells == result.utilization["TRELLIS_COMB"]["used"]
    assert 20 <= result.logic_cells <= 26
    assert set(result.fmax) == {1, 2}
    assert 280 < result.median_fmax < 340
    path = result.critical_path
    assert path.kind == "register -> register"
    assert path.logic_ns + path.routing_ns == pytest.approx(path.delay_ns)
    assert any(abs(1000 / path.delay_ns - clock) < 0.5 for clock in result.fmax.values())
    assert "CCU2" in path.text()
    assert {p.kind for p in result.async_paths} == {"input -> register", "register -> output"}
    again = json.loads(json.dumps(result.to_dict()))
    assert again["fmax"] == {str(seed): clock for seed, clock in result.fmax.items()}
    assert again["tools"]["yosys"]


def test_ice40_shows_a_path_from_input_to_output(tmp_path):
    news: list[str] = []
    result = synthesize(
        adder(8, "assign e = ^{a, b, c, d};"),
        top="adder",
        device=device("ice40-hx8k"),
        seeds=(1,),
        workdir=tmp_path,
        progress=news.append,
    )
    through = [path for path in result.async_paths if path.kind == "input -> output"]
    assert len(through) == 1
    assert through[0].end == "e"
    assert through[0].start[0] in "abcd"
    # 18 inputs make three levels of LUT4, the last of them before the port's register.
    assert sum(what == "routing" for what, _, _ in through[0].steps) >= 3
    # 24 flip-flops, 8 of them with the adder's LUTs, 6 LUTs of parity, the chain's start.
    assert 30 <= result.logic_cells <= 33
    assert result.utilization["ICESTORM_LC"]["used"] == result.logic_cells
    assert "SB_IO" not in result.utilization
    assert result.port_fmax <= result.median_fmax
    assert news[0].startswith("synthesizing adder")
    assert sum("placing and routing" in line for line in news) == 2


WIDE = "module t(input aclk, input [59:0] d, output reg [59:0] q); always @(posedge aclk) q <= ~d; endmodule"


def test_more_port_bits_than_pins(tmp_path):
    # A qn32 package has 21 pins.
    result = synthesize(WIDE, top="t", device=TINY, seeds=(1,), workdir=tmp_path)
    assert 60 <= result.logic_cells <= 62
    assert result.fmax == {1: None}
    assert result.median_fmax is None
    assert result.critical_path is None
    assert {path.kind for path in result.async_paths} == {"input -> register", "register -> output"}
    assert result.async_error == ""


def test_no_room_for_registers_at_the_ports(tmp_path):
    # 260 cells fit, 260 and twice as many registers around them don't.
    news: list[str] = []
    result = synthesize(
        WIDE.replace("59", "259"), top="t", device=TINY, seeds=(1,), workdir=tmp_path, progress=news.append
    )
    assert 260 <= result.logic_cells <= 262
    assert result.async_paths is None
    assert result.port_fmax is None
    assert result.to_dict()["async_paths"] is None
    assert "of 384 ICESTORM_LC" in result.async_error
    assert result.async_error in news[-1]


def test_a_core_that_does_not_fit(tmp_path):
    with pytest.raises(HadacastError, match=r"^4\d\d of 384 ICESTORM_LC on ice40-lp384, too many \(log: "):
        synthesize(
            "module t(input aclk, d, output q); reg [400:0] r; assign q = r[400];"
            "always @(posedge aclk) r <= {r[399:0], d}; endmodule",
            top="t",
            device=TINY,
            seeds=(1,),
            workdir=tmp_path,
        )


@pytest.fixture
def runs(monkeypatch):
    """What ran: "yosys", or nextpnr's netlist and seed."""
    found = []
    original_yosys, original_run = yosys.run, process.run

    def run_yosys(*arguments, **options):
        found.append("yosys")
        return original_yosys(*arguments, **options)

    def run(tool, *arguments, **options):
        found.append((arguments[arguments.index("--json") + 1], arguments[arguments.index("--seed") + 1]))
        return original_run(tool, *arguments, **options)

    monkeypatch.setattr(yosys, "run", run_yosys)
    monkeypatch.setattr(process, "run", run)
    return found


def test_with_a_store_nothing_runs_twice(tmp_path, runs):
    store = Store(tmp_path / "store")
    verilog, number = adder(4), iter(range(100))

    def measure(text=verilog, seeds=(1,), **options):
        runs.clear()
        workdir = tmp_path / f"work{next(number)}"
        return synthesize(
            text, top="adder", device=TINY, workdir=workdir, seeds=seeds, jobs=1, store=store, **options
        )

    plain = synthesize(verilog, top="adder", device=TINY, workdir=tmp_path / "plain", seeds=(1, 2))
    first = measure()
    assert runs == ["yosys", ("alone.json", "1"), ("ports.json", "1")]
    both = measure(seeds=(1, 2))
    assert runs == [("alone.json", "2")]
    again = measure(seeds=(1, 2))
    assert runs == []
    timed = {"seconds": 0.0}
    assert dataclasses.replace(both, **timed) == dataclasses.replace(plain, **timed)
    assert dataclasses.replace(both, **timed) == dataclasses.replace(again, **timed)
    assert measure().to_dict() == first.to_dict() | {"seconds": pytest.approx(0, abs=5)}
    # A comment changes the text, and not the netlist.
    measure(verilog + "// the end\n", ports=False)
    assert runs == ["yosys"]
    measure(freq=50, ports=False)
    assert runs == [("alone.json", "1")]
    measure(abc9=False, ports=False)
    assert runs[0] == "yosys"


def test_a_core_that_failed_is_tried_again(tmp_path, runs):
    store, big = Store(tmp_path / "store"), adder(300)
    for _ in range(2):
        with pytest.raises(HadacastError, match="of 384 ICESTORM_LC"):
            synthesize(big, top="adder", device=TINY, workdir=tmp_path, seeds=(1,), ports=False, store=store)
    assert runs == ["yosys", ("alone.json", "1"), ("alone.json", "1")]


@pytest.mark.parametrize("name", ["ecp5-25k", "ice40-hx8k", "gw1nr-9c"])
def test_mapping_counts_about_what_is_placed(tmp_path, name):
    core, chip = adder(16, "assign e = ^{y, c, d};"), device(name)
    mapped = map_core(core, top="adder", device=chip, workdir=tmp_path / "a", store=Store(tmp_path / "store"))
    options = {"ports": False, "seeds": (1,), "store": Store(tmp_path / "store")}
    result = synthesize(core, top="adder", device=chip, workdir=tmp_path / "b", **options)
    assert (mapped.cells, mapped.roles) == (result.cells, result.roles)
    # 74 flip-flops and LUTs are little beside what nextpnr adds to them.
    assert mapped.logic_cells == pytest.approx(result.logic_cells, rel=0.2)
    assert mapped.tools.items() <= result.tools.items()
    assert not (tmp_path / "b" / "netlist.json").exists()


@pytest.mark.parametrize(
    ("verilog", "changes", "text"),
    [
        ("module t(", {}, "syntax error"),
        ("module t(input aclk); endmodule", {"top": "u"}, "`u' not found"),
        ("module t(input clk); endmodule", {}, "no input 'aclk'"),
        ("", {"seeds": ()}, "seeds"),
        ("", {"seeds": (1, 1)}, "seeds"),
        ("", {"seeds": (-1,)}, "seeds"),
        ("", {"freq": 0}, "freq 0"),
        ("", {"top": "t -flatten"}, "top 't -flatten'"),
    ],
)
def test_mistakes_are_one_line(verilog, changes, text, tmp_path):
    arguments = {"top": "t", "device": TINY, "workdir": tmp_path, **changes}
    with pytest.raises(HadacastError) as raised:
        synthesize(verilog, **arguments)
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.long
@pytest.mark.parametrize(("width", "published"), [(17, 313), (20, 302), (22, 287), (24, 291), (28, 283)])
def test_ecp5_adders_against_the_peers_figures(width, published, tmp_path):
    result = synthesize(adder(width), top="adder", device=device("ecp5-85k"), workdir=tmp_path)
    assert result.median_fmax == pytest.approx(published, rel=0.1)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(DEVICES))
def test_every_device_places_and_times_every_sort_of_path(name, tmp_path):
    result = synthesize(
        adder(12, "assign e = ^{y, c, d};"), top="adder", device=device(name), seeds=(1,), workdir=tmp_path
    )
    assert result.roles["ff"] == 36
    assert result.logic_cells >= 12
    assert result.median_fmax > 50
    kinds = {path.kind for path in result.async_paths}
    assert bool(result.caveat) == (device(name).family == "gowin")
    assert result.caveat or kinds == {"input -> register", "register -> output", "input -> output"}


@pytest.mark.long
def test_gowin_times_paths_through_small_luts(tmp_path):
    # nextpnr alone has no delays for a LUT2: it would find no path between these registers.
    core = "module t(input aclk, a, output reg q); always @(posedge aclk) q <= q ^ a; endmodule"
    result = synthesize(core, top="t", device=device("gw1nr-9c"), seeds=(1,), workdir=tmp_path)
    assert result.cells["LUT2"] == 1
    assert result.critical_path is not None
