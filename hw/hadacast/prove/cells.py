"""Yosys's own models of the primitives that a family's Verilog names: a script's line that reads them."""

# Deferred, so that only the cells in use are built: the files' large memories take half a minute.
CELLS = {
    "ecp5": "read_verilog +/lattice/common_sim.vh +/lattice/ccu2c_sim.vh",
    "gowin": "read_verilog -defer +/gowin/cells_sim.v",
    "ice40": "read_verilog -defer -D NO_INCLUDES -D NO_ICE40_DEFAULT_ASSIGNMENTS -D ICE40_HX"
    " +/ice40/cells_sim.v",
    "xilinx7": "read_verilog -defer +/xilinx/cells_sim.v",
}
