// A logic cell of iCE40 as nextpnr-ice40 places it, after Project IceStorm's description of the logic tile: a LUT, a
// carry, and a flip-flop with a synchronous reset that its enable gates. Every pin has a value here.
module ICESTORM_LC(
    input I0, I1, I2, I3, CIN, CLK, CEN, SR,
    output LO, O, COUT
);
    parameter [15:0] LUT_INIT = 0;
    parameter CARRY_ENABLE = 0, DFF_ENABLE = 0, SET_NORESET = 0, CIN_CONST = 0, CIN_SET = 0;

    wire in = CIN_CONST ? CIN_SET : CIN;
    wire lut = LUT_INIT[{I3, I2, I1, I0}];
    reg kept;
    always @(posedge CLK) if (CEN) kept <= SR ? SET_NORESET : lut;
    assign LO = lut;
    assign O = DFF_ENABLE ? kept : lut;
    assign COUT = CARRY_ENABLE && ((I1 && I2) || ((I1 || I2) && in));
endmodule
