"""The proofs find what they are for, and every kind of stage has one."""

import json
from functools import cache, partial

import pytest
from hw.prove import faults

from hadacast.core.pipeline import COMPONENTS
from hadacast.prove import campaign, catalogue, engines, failure, netlist, parts, subject
from hadacast.prove.claims import Claims
from hadacast.recipe import STAGES
from hadacast.spec.pipeline import Pipeline

SMALL = [
    "skid",
    "holding_butterfly",
    "queue ff, 4 words",
    "framer 3 beats",
    "frame_buffer 2 beats",
    "fwht ff, drops, N 4, P 2",
    "fwht ff, N 2, P 1",
    "signs N 4, P 2",
    "quantize static, N 2, P 1",
    "core fwht, N 4, P 4",
    pytest.param("core signs, fwht, quantize int4, pack, N 4, P 4", marks=pytest.mark.long),
]


def test_every_kind_of_stage_has_proofs():
    assert set(catalogue.kinds()) >= set(COMPONENTS) == set(STAGES)


def test_names_are_of_one_subject_each():
    names = [found.name for found in catalogue.subjects()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", SMALL)
def test_small_ones_are_proved(name):
    (found,) = (found for found in catalogue.subjects() if found.name == name)
    records = subject.prove(found, timeout=240)
    assert len(records) > 8
    assert {record.verdict for record in records} == {"proved"}, campaign.rows(records)


@pytest.mark.long
@pytest.mark.parametrize("found", catalogue.subjects(), ids=lambda found: found.name)
def test_nothing_fails(found):
    assert not [r for r in subject.prove(found, timeout=20) if r.verdict == engines.FAILED]


def verdicts(make, timeout=120):
    """What is known of each property of a design."""
    records = subject.prove(subject.Subject("planted", "", (lambda family: make(),)), timeout=timeout)
    return {record.property: record.verdict for record in records}


@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_planted_fault_fails_its_property(name):
    fault = faults.FAULTS[name]
    found = verdicts(fault.claims)
    assert found[fault.property] == engines.FAILED, found


@cache
def sound(make):
    return verdicts(make)


@pytest.mark.parametrize("name", faults.FAULTS)
def test_without_the_fault_it_is_proved(name):
    fault = faults.FAULTS[name]
    assert sound(fault.sound)[fault.property] == engines.PROVED


def test_each_property_has_a_fault_that_breaks_it():
    """No check that cannot fail."""
    broken = {fault.property for fault in faults.FAULTS.values()}
    stated = {
        name for make in (parts.span, faults.core, faults.transform) for name in make("generic").properties
    }
    assert broken >= stated | {"queues", "addresses", "value"}


def test_a_failure_is_replayed_and_drawn(tmp_path):
    fault = faults.FAULTS["a payload that changes"]
    net = netlist.build(fault.claims(), tmp_path)
    found = engines.pdr(net, list(net.properties), 20)["payload"]
    assert found.verdict == engines.FAILED
    waves = tmp_path / "payload.vcd"
    shown = failure.explain(net, "payload", found.depth, 20, waves)
    assert isinstance(shown, failure.Failure)
    assert shown.line() == f"payload fails in cycle {found.depth} after reset"
    text = waves.read_text()
    assert "never_payload" in text
    assert text.count("#") == found.depth + 1
    words = shown.words()
    assert words["never_payload"] == [0] * (found.depth - 1) + [1]
    assert set(words["free_i_data"]) <= {0, 1}


def test_a_bounded_search_says_how_far_it_came(tmp_path):
    net = netlist.build(parts.span("generic"), tmp_path)
    found = engines.bounded(net, "valid", 5)
    assert (found.verdict, found.engine) in ((engines.BOUNDED, "BMC"), (engines.PROVED, "BMC"))
    assert found.depth > 10


def test_all_states_as_a_bdd(tmp_path):
    net = netlist.build(parts.span("generic"), tmp_path)
    for name in ("last", "progress"):
        found = engines.reach(net, name, 20)
        assert found is not None
        assert (found.verdict, found.engine) == (engines.PROVED, "BDD")


def test_an_assumption_holds_from_the_start():
    """What fails only after an assumption did says nothing."""
    c = Claims()
    value = c.free(1, "value")
    c.assume(~value)
    c.never("value", value)
    c.never("later", c.before(value, "before"))
    c.never("any", ~value)
    found = verdicts(lambda: c)
    assert found == {"value": "proved", "later": "proved", "any": "failed"}


def test_a_path_is_found():
    c = Claims()
    value = c.free(1, "value")
    c.apart("register", c.before(value, "before"), "")
    c.apart("wire", ~value, "val")
    c.apart("other", ~value, "oth")
    found = verdicts(lambda: c)
    assert found == {"register": "proved", "wire": "failed", "other": "proved"}


def test_a_recipe_is_proved_as_a_core():
    spec = Pipeline(name="tiny", stages=(STAGES["fwht"](frame=2, lanes=2),))
    found = campaign.of_pipeline(spec)
    assert found.name == "core tiny, N 2, P 2"
    assert len(found.claims) == 1  # 32 bits are too many for a table
    records = campaign.run([found], timeout=30)
    assert {record.verdict for record in records} == {"proved"}
    assert json.loads(json.dumps(records[0].to_dict()))["kind"] == "core"


def test_rows_put_properties_together():
    record = partial(subject.Record, "skid", "", "generic")
    records = [
        record("valid", "proved", "PDR", 5, 0.5),
        record("last", "proved", "PDR", 5, 1.5),
        record("mark", "bounded", "BMC", 7, 2.0),
    ]
    assert campaign.rows(records) == [
        ("skid", "", "valid, last", "proved", "PDR", "unbounded, 5 clauses", "1.5"),
        ("skid", "", "mark", "bounded", "BMC", "7 cycles", "2.0"),
    ]
    assert campaign.summary(records) == "3 properties of 1 components: 2 proved, 1 bounded"


@pytest.mark.parametrize("family", ["ecp5", "ice40"])
def test_other_families(family):
    """Their adders are primitives, whose models come from Yosys."""
    (found,) = (found for found in catalogue.subjects() if found.name == "fwht ff, drops, N 4, P 2")
    records = subject.prove(found, family, timeout=240)
    assert {record.verdict for record in records} == {"proved"}
