"""The external tools hadacast drives: Yosys over pyosys, place and route, bitstream packers."""
