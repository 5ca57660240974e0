"""The search for the cheapest registers that reach a clock, with a stand-in for place and route."""

from dataclasses import replace

import pytest
from hw.clocks import SEEDS, StandIn, path

from hadacast.errors import HadacastError
from hadacast.recipe import load
from hadacast.synth.devices import device
from hadacast.synth.measuring import Measuring
from hadacast.synth.store import Watched
from hadacast.synth.target import FAILED, MEETS, MISSES, NEAR, RULED_OUT, Search, inside, stages_of


def small(*overrides: str):
    return load("rotate128", ["stream.frame=64", "stream.lanes=4", *overrides]).pipeline


def searched(target: float, stand_in: StandIn, spec=None, **options):
    search = Search(target, options.pop("seeds", SEEDS), stand_in, **options)
    return search, search.run(spec or small())


R2, S4, S2 = "0.registers=2", "0.stall_span=4", "0.stall_span=2"
ALL = {"as it is": 200.0, S4: 210.0, S2: 220.0, R2: 230.0, f"{R2}, {S4}": 240.0, f"{R2}, {S2}": 250.0}
CELLS = {S4: 1100, S2: 1300, R2: 1000, f"{R2}, {S4}": 1101, f"{R2}, {S2}": 1301}


def test_nothing_is_tried_where_nothing_is_missing():
    stand_in = StandIn({"as it is": (190.0, 250.0, 260.0)})
    search, best = searched(250.0, stand_in)
    assert (best.verdict, best.variant.settings, search.why) == (MEETS, (), "")
    assert stand_in.placed == [("as it is", SEEDS)]


def test_no_path_between_registers_meets_any_target():
    stand_in = StandIn({"as it is": (None, None, None)})
    assert searched(250.0, stand_in)[1].verdict == MEETS


def test_the_cheapest_that_meets_is_kept_and_the_rest_left():
    stand_in = StandIn(ALL, CELLS)
    search, best = searched(220.0, stand_in)
    assert best.variant.label == R2  # 1,000 cells, where 0.stall_span=2 takes 1,300 and meets as well
    assert best.verdict == MEETS
    assert stand_in.placed == [("as it is", SEEDS), (R2, (1,)), (R2, SEEDS)]
    assert [trial.verdict for trial in search.trials] == [MISSES, MEETS]


def test_latency_decides_between_equal_cells():
    stand_in = StandIn(dict.fromkeys(ALL, 300.0) | {"as it is": 200.0})
    best = searched(250.0, stand_in)[1]
    assert best.variant.label in (S4, S2)  # one register more at a span's end at most
    assert best.latency == min(27, small().latency)


def test_a_first_seed_far_below_rules_a_trial_out():
    low = NEAR * 245 - 0.1
    stand_in = StandIn(ALL | {R2: (low, 300.0, 300.0)}, CELLS)
    search, best = searched(245.0, stand_in)
    assert best.variant.label == f"{R2}, {S2}"
    verdicts = {trial.variant.label: trial.verdict for trial in search.trials}
    assert verdicts[R2] == RULED_OUT
    assert (R2, SEEDS) not in stand_in.placed


def test_a_first_seed_just_below_does_not():
    near = NEAR * 245
    stand_in = StandIn(ALL | {R2: (near, 245.0, 245.0)}, CELLS)
    assert searched(245.0, stand_in)[1].variant.label == R2


def test_the_median_decides_not_the_first_seed():
    stand_in = StandIn(ALL | {R2: (300.0, 200.0, 210.0)}, CELLS)
    search, best = searched(240.0, stand_in)
    assert best.variant.label == f"{R2}, {S4}"
    assert next(t for t in search.trials if t.variant.label == R2).verdict == MISSES


def test_none_meets():
    stand_in = StandIn(ALL, CELLS)
    search, best = searched(260.0, stand_in)
    assert (best.variant.label, best.verdict, best.clock) == (f"{R2}, {S2}", MISSES, 250.0)
    assert search.why == "all that stage 0, fwht, can add was tried"
    assert len(search.trials) == 6
    assert [t.variant.label for t in search.trials[1:]] == sorted(CELLS, key=lambda k: CELLS[k])


def test_the_fastest_has_all_its_seeds():
    """Far from the target one seed rules each out; the best of them is then measured, and may fall back."""
    stand_in = StandIn(ALL | {f"{R2}, {S2}": (250.0, 150.0, 160.0)}, CELLS)
    best = searched(500.0, stand_in)[1]
    assert (f"{R2}, {S2}", SEEDS) in stand_in.placed
    assert (best.variant.label, best.clock) == ("as it is", 200.0)
    stand_in = StandIn(ALL, CELLS)
    best = searched(500.0, stand_in)[1]
    assert (best.variant.label, best.result.seeds) == (f"{R2}, {S2}", SEEDS)


def test_one_low_seed_does_not_hide_the_fastest():
    """As measured: N = 64, P = 4 on ECP5, where the first seed of `registers = 2` is the lowest by far."""
    clocks = {"as it is": (225.17, 242.07, 226.96), R2: (212.22, 243.55, 245.22), S4: 203.83}
    stand_in = StandIn(ALL | clocks | {S2: 198.85, f"{R2}, {S4}": 187.86, f"{R2}, {S2}": 192.38})
    best = searched(250.0, stand_in)[1]
    assert (best.variant.label, best.clock, best.verdict) == (R2, 243.55, MISSES)
    assert len(stand_in.placed) == 7  # the first, five with one seed, and one of them with all


def test_one_far_too_low_is_left():
    stand_in = StandIn(dict.fromkeys(ALL, NEAR * 200 - 1) | {"as it is": 200.0})
    best = searched(500.0, stand_in)[1]
    assert best.variant.label == "as it is"
    assert [seeds for _, seeds in stand_in.placed] == [SEEDS, *[(1,)] * 5]


def test_the_fastest_may_fail_with_other_seeds():
    class Once(StandIn):
        def place(self, variant, seeds):
            if len(seeds) > 1 and variant.settings:
                raise HadacastError("killed")
            return super().place(variant, seeds)

    search, best = searched(500.0, Once(ALL, CELLS))
    assert best.variant.label == "as it is"
    assert [(t.variant.label, t.error) for t in search.trials if t.verdict == FAILED] == [
        (f"{R2}, {S2}", "killed")
    ]


def test_one_seed():
    stand_in = StandIn(ALL, CELLS)
    search, best = searched(245.0, stand_in, seeds=(2,))
    assert best.variant.label == f"{R2}, {S2}"
    assert all(seeds == (2,) for _, seeds in stand_in.placed)
    assert len(stand_in.placed) == len(search.trials) == 6


def test_a_trial_that_fails_is_said_and_passed_over():
    stand_in = StandIn(ALL | {R2: HadacastError("no room (log: /gone)")}, CELLS)
    search, best = searched(235.0, stand_in)
    assert best.variant.label == f"{R2}, {S4}"
    failed = next(t for t in search.trials if t.variant.label == R2)
    assert (failed.verdict, failed.error, failed.to_dict()["logic_cells"]) == (FAILED, "no room", None)


def test_a_pipeline_that_cannot_be_measured_is_an_error():
    with pytest.raises(HadacastError, match="no room"):
        searched(235.0, StandIn({"as it is": HadacastError("no room")}))


def test_equal_circuits_are_measured_once():
    """A transform of 8 points has three butterfly stages: a span of 4 holds them all, as one of 16 does."""
    search = searched(500.0, StandIn(ALL, CELLS), small("stream.frame=8"))[0]
    assert [t.variant.label for t in search.trials] == ["as it is", R2, S2, f"{R2}, {S2}"]


def test_what_is_held_stays():
    stand_in = StandIn(ALL, CELLS)
    search = searched(500.0, stand_in, held={(0, "registers")})[0]
    assert [t.variant.label for t in search.trials] == ["as it is", S4, S2]


PIPELINE = load("nvfp4_rht16").pipeline  # signs, fwht, quantize, …
ELSEWHERE = path("core.signs_0.table.o_FF.Q", "core.signs_0.skid.i_FF.M")


def test_a_slow_path_elsewhere_is_not_met_with_registers_here():
    stand_in = StandIn({"as it is": 200.0}, paths={"as it is": ELSEWHERE})
    search, best = searched(250.0, stand_in, PIPELINE)
    assert (best.verdict, len(search.trials)) == (MISSES, 1)
    assert search.why == "the slowest path runs through stage 0, signs, with no registers to add"


def test_a_slow_path_between_no_stages():
    stand_in = StandIn({"as it is": 200.0}, paths={"as it is": path("core.buffer.a.Q", "core.framer.b.D")})
    search = searched(250.0, stand_in, PIPELINE)[0]
    assert len(search.trials) == 1
    assert search.why == "the slowest path runs through no stage that has registers to add"


def test_names_that_say_nothing_leave_no_stage_out():
    stand_in = StandIn(dict.fromkeys(ALL, 200.0), CELLS, paths={"as it is": path("$abc$1.Q", "$abc$2.D")})
    assert len(searched(250.0, stand_in)[0].trials) == 6


def two_transforms():
    first = small().stages[0]
    return replace(small(), stages=(first, replace(first, input=first.output)))


def test_stages_one_after_the_other():
    """The first stage's registers move the slowest path to the second, whose registers then do."""

    class Two(StandIn):
        def place(self, variant, seeds):
            first, second = (stage.registers for stage in variant.spec.stages)
            self.clocks = {variant.label: 200.0 if first < 2 else 240.0 if second < 2 else 260.0}
            slow = 0 if first < 2 else 1
            self.paths = {variant.label: path(f"core.fwht_{slow}.a.Q", f"core.fwht_{slow}.b.D")}
            return super().place(variant, seeds)

    stand_in = Two({})
    search, best = searched(250.0, stand_in, two_transforms(), held={(0, "stall_span"), (1, "stall_span")})
    assert best.variant.overrides == ("stage.0.registers=2", "stage.1.registers=2")
    assert [t.variant.label for t in search.trials] == [
        "as it is",
        "0.registers=2",
        "0.registers=2, 1.registers=2",
    ]


def test_stages_of_a_path():
    spec = load("nvfp4_rht16").pipeline
    kinds = [stage.kind for stage in spec.stages]
    at = kinds.index("fwht")
    found = path("core.framer.a.Q", f"core.fwht_{at}.stage_1.x", f"core.{kinds[-1]}_{len(kinds) - 1}.y")
    assert stages_of(found, spec) == [at, len(kinds) - 1]
    assert stages_of(path(f"core.fwht_{at}0.a", "s_axis_tready"), spec) == []
    assert inside(found)
    assert not inside(path("core.framer.a.Q", "s_axis_tready.F"))


@pytest.mark.parametrize("target", [0.0, -3.0, 2001.0, float("inf"), float("nan")])
def test_bad_targets(target):
    with pytest.raises(HadacastError, match=r"^fmax is .*: it must be above 0 and at most 2,000 MHz$"):
        searched(target, StandIn(ALL))


def test_a_real_core(tmp_path):
    """The target lies between no registers and some; nothing is measured twice, nor again in a second run."""
    spec = load(
        "rotate128",
        ["stream.frame=8", "stream.lanes=2", "input.width=6", "stage.0.registers=0"],
    ).pipeline
    chip = device("ice40-hx8k")

    def run():
        store = Watched(tmp_path / "store")
        measuring = Measuring(device=chip, workdir=tmp_path / "work", store=store, freq=chip.freq)
        search = Search(155.0, (1,), measuring, {(0, "stall_span")})
        return search, search.run(spec), store

    search, best, store = run()
    assert (best.verdict, best.variant.overrides) == (MEETS, ("stage.0.registers=1",))
    first = search.trials[0]
    assert first.clock < 155.0 <= best.clock
    assert first.latency < best.latency
    assert (len(store.made), len(store.earlier)) == (5, 0)  # three netlists, two of which were placed
    again, kept, store = run()
    assert (len(store.made), len(store.earlier)) == (0, 5)
    assert [t.to_dict() for t in again.trials] == [t.to_dict() for t in search.trials]
    assert kept.clock == best.clock
