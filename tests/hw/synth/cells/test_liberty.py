"""Reading Liberty: the grammar as files have it, cells, tables, and what is wrong with a file."""

import gzip

import pytest
from hw.synth.cells.tiny import PATH as TINY

from hadacast.errors import HadacastError
from hadacast.synth.cells import liberty
from hadacast.synth.cells.liberty import Group, Table, parse, read


def test_groups_attributes_and_comments():
    text = """
    /* a comment; with { marks } */
    library (demo) { // another
      time_unit : "1ns" ;
      capacitive_load_unit (2, ff);
      no_semicolon : 3
      after : 4;
      cell (A) { area : 1.5; pin ("X", Y) { direction : input; } }
      table (t) { values ("1, 2", \\
        "3, 4"); }
    }
    """
    group = parse(text)
    assert (group.kind, group.arguments) == ("library", ("demo",))
    assert group.attributes["time_unit"] == "1ns"
    assert group.attributes["capacitive_load_unit"] == "2 ff"
    assert (group.attributes["no_semicolon"], group.attributes["after"]) == ("3", "4")
    cell = next(group.of("cell"))
    assert cell.attributes == {"area": "1.5"}
    assert next(cell.of("pin")) == Group("pin", ("X", "Y"), {"direction": "input"})
    assert next(group.of("table")).attributes["values"] == "1, 2 3, 4"


def test_the_tiny_library():
    library = read(TINY)
    assert (library.name, library.voltage, library.temperature) == ("tiny", 2.0, 25.0)
    assert (library.time, library.capacitance, library.energy) == (1e-9, 1e-12, 1e-12)
    assert {name: cell.area for name, cell in library.cells.items()} == {
        "INV": 1, "BUF": 2, "NAND2": 2, "NOR2": 2, "DFF": 6
    }  # fmt: skip
    flop = library.cells["DFF"].flop
    assert (flop.state, flop.inverse, flop.next_state, flop.clocked_on) == ("IQ", "IQN", "D", "CK")
    assert library.cells["DFF"].inputs == pytest.approx({"CK": 0.02e-12, "D": 0.01e-12})
    assert library.cells["DFF"].leakage == pytest.approx(1e-9)
    assert library.driver.name == "BUF"
    assert library.cells["INV"].inverter
    assert not library.cells["NAND2"].inverter


def test_a_gzipped_file_is_the_same(tmp_path):
    path = tmp_path / "tiny.lib.gz"
    path.write_bytes(gzip.compress(TINY.read_bytes()))
    assert read(path) == read(TINY)


def test_the_driver_is_no_cell_that_the_library_asks_to_leave_alone(tmp_path):
    path = tmp_path / "x.lib"
    path.write_text(TINY.read_text().replace("cell(BUF) {", "cell(BUF) { dont_use : true;"))
    assert read(path).driver.name == "INV"


def test_a_table_is_linear_between_its_points_and_beyond():
    names = ("total_output_net_capacitance", "input_net_transition")
    table = Table(names, ((0.0, 1.0, 3.0), (0.0, 2.0)), (0.0, 2.0, 1.0, 3.0, 7.0, 9.0))
    assert table.at(load=1.0, slew=2.0) == 3.0
    assert table.at(load=0.5, slew=1.0) == pytest.approx(1.5)
    assert table.at(load=2.0, slew=0.0) == pytest.approx(4.0)
    assert table.at(load=5.0, slew=4.0) == pytest.approx(13.0 + 4.0)
    assert Table((), (), (5.0,)).at(load=1, slew=1) == 5.0
    swapped = Table(names[::-1], ((0.0, 2.0), (0.0, 1.0, 3.0)), (0.0, 1.0, 7.0, 2.0, 3.0, 9.0))
    assert swapped.at(load=0.5, slew=1.0) == pytest.approx(1.5)
    single = Table(names[:1], ((1.0,),), (4.0,))
    assert single.at(load=7.0, slew=0.0) == 4.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("library (a) { cell (b) {", "cut off"),
        ("library (a) { } }", "line 1: unexpected '}'"),
        ("module top; endmodule", "is no Liberty file"),
        ("library (a) { cell { } }", "a group needs a name and ()"),
        ("library (a) {\n values (1, (2)); }", "line 2: unexpected '('"),
        ("", "is no Liberty file"),
        ('library (a) { x : "open; }', "no Liberty"),
        ("library (a) { cell (X) { area : 1; } }", "has no flip-flop among its 1 cells"),
        ("library (a) { cell (X) { } }", "cell 'X' has no area"),
        ("library (a) { capacitive_load_unit (1, kg); }", "it must be a number and ff or pf"),
    ],
)
def test_what_is_no_library_is_said_in_one_line(tmp_path, text, said):
    path = tmp_path / "bad.lib"
    path.write_text(text)
    with pytest.raises(HadacastError) as caught:
        read(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", ["missing", "folder", "gzip"])
def test_a_file_that_cannot_be_read(tmp_path, make):
    path = tmp_path / "x.lib"
    if make == "folder":
        path.mkdir()
    elif make == "gzip":
        path.write_bytes(gzip.compress(TINY.read_bytes())[:100])
    with pytest.raises(HadacastError, match="can't be read"):
        read(path)


def test_what_this_flow_does_not_use_is_marked(tmp_path):
    latch = 'cell (L) { area : 1; latch (IQ, IQN) { enable : "G"; } }'
    tri = 'cell (T) { area : 1; pin (Y) { direction : output; function : "A"; three_state : "E"; } }'
    text = TINY.read_text().replace("  cell(INV)", f"  {latch}\n  {tri}\n  cell(INV)")
    library = liberty.library(parse(text), "x")
    assert library.cells["L"].other
    assert library.cells["T"].other
    assert not library.cells["INV"].other
