"""ULX3S, in its four sizes."""

from hadacast.boards.board import Board


def _size(size: int, luts: int, ram_kbits: int) -> Board:
    return Board(
        name=f"ulx3s_{size}f",
        title=f"Radiona ULX3S, {size}F",
        family="ecp5",
        device=f"LFE5U-{size}F-6BG381C",
        platform=f"ulx3s:ULX3S_{size}F_Platform",
        luts=luts,
        ram_kbits=ram_kbits,
        load="openFPGALoader -b ulx3s {file}",
    )


# The 12F is a 25F in silicon, and the open tools use all of it.
BOARDS = (
    _size(12, 24_288, 1_008),
    _size(25, 24_288, 1_008),
    _size(45, 43_848, 1_944),
    _size(85, 83_640, 3_744),
)
