"""What nextpnr's log says of a full device."""

from hadacast.tools.nextpnr import lacking


def test_words_for_a_device_that_is_toolacking(tmp_path):
    log = tmp_path / "top.tim"
    log.write_text("Info: \t         ICESTORM_LC:    1048/   1280    81%\nInfo: \t SB_IO:  4/ 96  4%\n")
    assert (
        lacking(log, "nextpnr-ice40: Unable to find legal placement for cell 'x'")
        == "1,048 of 1,280 ICESTORM_LC"
    )
    assert lacking(log, "nextpnr-ice40: something else") == ""
    log.write_text("Info: A: 9/ 8 112%\nInfo: B: 3/ 2 150%\nInfo: C: 2/ 2 100%\n")
    assert lacking(log, "any") == "9 of 8 A and 3 of 2 B"
    assert lacking(tmp_path / "missing", "any") == ""
