"""ECPIX-5, in its two sizes."""

from hadacast.boards.board import Board


def _size(size: int, luts: int, ram_kbits: int) -> Board:
    return Board(
        name=f"ecpix5_{size}f",
        title=f"LambdaConcept ECPIX-5, {size}F",
        family="ecp5",
        device=f"LFE5UM5G-{size}F-8BG554",
        platform=f"ecpix5:ECPIX5{size}Platform",
        luts=luts,
        ram_kbits=ram_kbits,
        load="openFPGALoader -b ecpix5 {file}",
    )


BOARDS = (_size(45, 43_848, 1_944), _size(85, 83_640, 3_744))
