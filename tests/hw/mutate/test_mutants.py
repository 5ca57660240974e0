"""Faults are read from RTLIL, planted, and each is one; the equal ones are proved so, and no other."""

import pytest

from hadacast.core.top import AxiTop
from hadacast.errors import HadacastError
from hadacast.format import Format
from hadacast.mutate import operators
from hadacast.mutate.equal import DIFFERENT, EQUAL, Proofs
from hadacast.mutate.mutants import INPUT, mutate
from hadacast.mutate.rtlil import Flat, constant
from hadacast.spec.fwht import Fwht
from hadacast.spec.pipeline import Pipeline
from hadacast.tools import yosys

TEXT = r"""
module \top
  wire width 4 input 1 \a
  attribute \src "hadacast/x.py:3|hadacast/y.py:4"
  wire width 5 output 2 \y
  wire $1
  attribute \src "hadacast/x.py:7"
  cell $add $flatten\inner.$2
    parameter \A_SIGNED 0
    parameter \A_WIDTH 4
    parameter \B_SIGNED 0
    parameter \B_WIDTH 3
    parameter \Y_WIDTH 5
    connect \A \a
    connect \B { \a [2:1] 1'1 }
    connect \Y \y
  end
  cell $gt $3
    parameter \A_SIGNED 0
    parameter \A_WIDTH 4
    parameter \B_SIGNED 0
    parameter \B_WIDTH 3
    parameter \Y_WIDTH 1
    connect \A \a
    connect \B 3'110
    connect \Y $1
  end
end
"""


@pytest.fixture(scope="module")
def top():
    stage = Fwht(frame=4, lanes=2, input=Format(width=3, signed=True))
    return AxiTop(Pipeline(name="tiny", stages=(stage,)))


def test_rtlil_is_read():
    flat = Flat.of(TEXT)
    add, above = flat.cells
    assert (add.kind, add.name, add.sources) == ("$add", r"$flatten\inner.$2", ("hadacast/x.py:7",))
    assert above.sources == ()
    assert flat.widths == {r"\a": 4, r"\y": 5, "$1": 1}
    assert flat.bits(add.ports["B"]) == ["1", r"\a 1", r"\a 2"]
    assert flat.bits(above.ports["B"]) == ["0", "1", "1"]
    assert constant("3'110") == 6
    assert constant("3'1x0") is None
    assert flat.lines[flat.end] == "end"


def test_faults_of_operators():
    flat = Flat.of(TEXT)
    add, above = ({fault.what for fault in operators.faults(flat, cell)} for cell in flat.cells)
    assert add == {"add taken for sub", "sign of operands", "result one too many"}
    assert above == {
        "gt taken for ge",
        "gt taken for le",
        "operands swapped",
        "sign of operands",
        "constant 6 taken for 6+1",
        "constant 6 taken for 6-1",
    }


def test_each_fault_is_planted_and_changes_the_function(tmp_path):
    """Number k of the choosing input is fault k and nothing else: SAT finds a difference from the right cell,
    and none for 0."""
    flat = Flat.of(TEXT)
    faults = [(cell, fault) for cell in flat.cells for fault in operators.faults(flat, cell)]
    chosen = [(number, cell, fault) for number, (cell, fault) in enumerate(faults, 1)]
    text = operators.insert(flat, chosen, r"  wire width 8 input 3 \mutant", 8)
    watched = r"  wire output 4 \above"
    text = text.replace("module \\top\n", f"module \\top\n{watched}\n").rstrip("\n")
    (tmp_path / "m.il").write_text(text.removesuffix("end") + "  connect \\above $1\nend\n")
    choice = "  wire width 8 input 3 \\mutant"
    gold = TEXT.replace("module \\top\n", f"module \\gold\n{watched}\n{choice}\n").rstrip()
    (tmp_path / "gold.il").write_text(gold.removesuffix("end") + "  connect \\above $1\nend\n")
    proofs = "\n".join(
        f"sat -{'verify' if not number else 'falsify'} -prove trigger 0 -set in_mutant {number} miter"
        for number in range(len(chosen) + 1)
    )
    miter = "miter -equiv -flatten gold top miter\nhierarchy -top miter"
    yosys.run(f"read_rtlil m.il\nread_rtlil gold.il\n{miter}\n{proofs}", cwd=tmp_path)


def test_the_choice_is_the_seeds(top):
    first, again, other = (mutate(top, 40, seed).mutants for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert [mutant.number for mutant in first] == list(range(1, 41))
    assert sum(mutant.mode == "operator" for mutant in first) == 20
    assert all("CLK" not in mutant.port for mutant in first)
    assert sum(mutant.source.startswith("hadacast/core/") for mutant in first) > 20
    with pytest.raises(HadacastError, match="mutants"):
        mutate(top, 0)


def test_equal_and_different(top):
    """An OR of signals that are never both 1 is an XOR; an inverted valid is not the core."""
    mutated = mutate(top, 150, 1)
    assert f"\\{INPUT}" in mutated.text
    proofs = Proofs(mutated)
    assert all(latch & 1 == 0 for latch, _ in proofs.circuit.latches)
    wrong = next(m for m in mutated.mutants if m.place == "m_axis_tvalid" and m.mode in ("inv", "const0"))
    assert proofs.prove(wrong, 10).verdict == DIFFERENT
    alike = [m for m in mutated.mutants if m.what == "or taken for xor"]
    assert EQUAL in {proofs.prove(m, 10).verdict for m in alike}
