"""`configure`: the words for other settings."""

import numpy as np

from hadacast import recipe, settings

LOADABLE = """
[stream]
frame = 16
lanes = 4

[[stage]]
kind = "signs"
seed = 1
loadable = true

[[stage]]
kind = "fwht"
up_to = 16
"""


def test_writes_between_hold_and_let_go(hadacast, here):
    (here / "core.toml").write_text(LOADABLE)
    found = hadacast("configure", "core.toml", "--to", "stage.fwht.size=4", "--json").document
    place = recipe.load("core.toml").pipeline.registers["fwht_1_butterflies"]
    expected = [(settings.CONTROL, 1), (place.address, 3), (settings.CONTROL, 0)]
    assert [(write["address"], write["word"]) for write in found["writes"]] == expected
    text = hadacast("configure", "core.toml", "--to", "stage.fwht.size=4").stdout
    assert text.splitlines() == [f"0x{address:04x} 0x{word:08x}" for address, word in expected]


def test_another_recipe_and_a_header(hadacast, here):
    (here / "core.toml").write_text(LOADABLE)
    (here / "other.toml").write_text(LOADABLE.replace("seed = 1", 'pattern = "+--+"'))
    found = hadacast("configure", "core.toml", "--to", "other.toml", "--header", "w.h", "--json").document
    rows = [write["word"] for write in found["writes"][1:-1]]
    before = recipe.load("core.toml").pipeline.stages[0].table.rows
    assert rows == [6] * int(np.count_nonzero(np.array(before) != 6))
    text = (here / "w.h").read_text()
    assert f"#define HADACAST_CORE_WRITES {len(found['writes'])}\n" in text
    assert text.count("{0x") == len(found["writes"])


def test_nothing_to_do(hadacast, here):
    (here / "core.toml").write_text(LOADABLE)
    assert hadacast("configure", "core.toml").stdout == ""


def test_what_is_refused(fails, here):
    (here / "core.toml").write_text(LOADABLE)
    assert "small has no settings" in fails("configure", "small.toml")
    assert "is 8: the core was built with 4" in fails("configure", "core.toml", "--to", "stream.lanes=8")
    assert "to names 2 recipes" in fails("configure", "core.toml", "--to", "a", "--to", "b")
