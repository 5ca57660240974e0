"""The netlist for place and route is proved equal to the core, and a planted fault in it is found."""

import pytest

from hadacast.prove import abc
from hadacast.prove.equivalence import equivalences

CONFIGURATIONS = equivalences()
SMALLEST = {c.family: c for c in reversed(CONFIGURATIONS)}


def some(module, kind):
    """The name of a cell of a kind whose outputs somebody uses: of the middle one."""
    names = sorted(name for name, cell in module["cells"].items() if cell["type"] == kind)
    return module["cells"][names[len(names) // 2]]


def wrong_lut(parameter, kind):
    """A LUT's table turned over. (Of a single entry, the inputs may never occur together.)"""

    def fault(module):
        cell = some(module, kind)
        cell["parameters"][parameter] = cell["parameters"][parameter].translate({48: "1", 49: "0"})

    return fault


def crossed(kind, pin):
    """Two flip-flops take each other's data."""

    def fault(module):
        cells = [cell["connections"] for cell in module["cells"].values() if cell["type"] == kind]
        first = cells[0]
        other = next(pins for pins in cells if pins[pin] != first[pin])
        first[pin], other[pin] = other[pin], first[pin]

    return fault


def test_six_or_more_in_each_family_and_names_are_their_own():
    for family in ("ecp5", "ice40", "gowin"):
        assert sum(c.family == family for c in CONFIGURATIONS) >= 6
    assert len({c.name for c in CONFIGURATIONS}) == len(CONFIGURATIONS)


@pytest.mark.parametrize("family", sorted(SMALLEST))
def test_equal(family):
    found = SMALLEST[family].prove(60)
    assert found.verdict == abc.PROVED
    assert found.cells > 50
    assert min(found.registers) > 20


@pytest.mark.parametrize(
    ("family", "fault"),
    [
        ("ecp5", wrong_lut("INIT", "LUT4")),
        pytest.param("ecp5", wrong_lut("INIT0", "CCU2C"), marks=pytest.mark.long),
        pytest.param("ecp5", crossed("TRELLIS_FF", "DI"), marks=pytest.mark.long),
        pytest.param("ice40", wrong_lut("LUT_INIT", "SB_LUT4"), marks=pytest.mark.long),
        pytest.param("gowin", wrong_lut("INIT", "LUT4"), marks=pytest.mark.long),
        pytest.param("gowin", crossed("DFFRE", "D"), marks=pytest.mark.long),
    ],
    ids=["ecp5-lut", "ecp5-carry", "ecp5-ff", "ice40-lut", "gowin-lut", "gowin-ff"],
)
def test_a_fault_is_found(family, fault):
    assert SMALLEST[family].prove(60, fault=fault).verdict == abc.REFUTED


@pytest.mark.long
@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda c: c.name)
def test_equal_at_length(configuration):
    assert configuration.prove(300).verdict == abc.PROVED
