"""Tang Primer 20K on its dock."""

from hadacast.boards.board import Board

BOARD = Board(
    name="tang_primer_20k",
    title="Sipeed Tang Primer 20K (dock)",
    family="gowin",
    device="GW2A-LV18PG256C8/I7",
    platform="tang_primer_20k:TangPrimer20kDockPlatform",
    luts=20_736,
    ram_kbits=828,
    load="openFPGALoader -b tangprimer20k {file}",
)
