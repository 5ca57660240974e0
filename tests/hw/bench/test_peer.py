"""The stored figures of the peer."""

import statistics
from importlib import resources

from hadacast.bench import peer


def test_a_row_as_it_stands_in_the_file():
    text = resources.files("hadacast.bench").joinpath("sgen.csv").read_text()
    row = "ecp5,6,2,16,22,48,1695,248,2141,72,0,2721,2141,72,0,213.9,216.0 213.9 208.7"
    assert row in text.splitlines()
    assert peer.peer_of("ecp5", 64, 4, 16) == peer.Peer(
        family="ecp5",
        frame=64,
        lanes=4,
        width=16,
        latency=48,
        logic_cells=2721,
        ff=2141,
        lut_ram=72,
        block_ram=0,
        fmax=(216.0, 213.9, 208.7),
        median_fmax=213.9,
    )


def test_all_rows():
    assert len(peer.peers()) == 15
    assert [p.family for p in peer.peers()].count("ice40") == 4
    assert len({(p.family, p.frame, p.lanes, p.width) for p in peer.peers()}) == 15
    for found in peer.peers():
        assert len(found.fmax) == (3 if found.family == "ecp5" else 2)
        assert abs(found.median_fmax - statistics.median(found.fmax)) < 0.06


def test_what_was_not_measured():
    assert peer.peer_of("ecp5", 64, 4, 12) is None
    assert peer.peer_of("gowin", 64, 4, 16) is None


def test_the_provenance_names_every_column():
    folder = resources.files("hadacast.bench")
    text = folder.joinpath("sgen.md").read_text()
    head = folder.joinpath("sgen.csv").read_text().splitlines()[0]
    assert all(f"`{column}`" in text for column in head.split(","))
