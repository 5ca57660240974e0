"""Area and clock of a core on an FPGA, from open synthesis and place and route."""
