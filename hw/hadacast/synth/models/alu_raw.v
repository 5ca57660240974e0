// A Gowin ALU with a table of its own, as Project Apicula's doc/alu.md describes the silicon: a 4-input LUT,
// whose I2 nextpnr ties to 1, a 2-input LUT of its lowest four bits, and the carry chain.
module ALU_RAW (
    input I0, I1, I3, CIN,
    output SUM, COUT
);
    parameter ALU_MODE = 0;
    parameter [15:0] RAW_ALU_LUT = 0;

    wire s = RAW_ALU_LUT[{I3, 1'b1, I1, I0}];
    assign SUM = s ^ CIN;
    assign COUT = s ? CIN : RAW_ALU_LUT[{2'b00, I1, I0}];
endmodule
