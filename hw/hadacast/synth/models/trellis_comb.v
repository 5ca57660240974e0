// A slice's half as nextpnr-ecp5 places it, after Project Trellis's description of the silicon: a LUT, half of a
// CCU2C (FPGA-TN-02205 has the whole), or a bit of LUT RAM; and one of the multiplexers that join LUTs.
module TRELLIS_COMB(
    input A, B, C, D, M, FCI, F1, FXA, FXB, DI0, DI1, WD, WAD0, WAD1, WAD2, WAD3, WRE, WCK,
    output F, FCO, OFX
);
    parameter MODE = "LOGIC", CCU2_INJECT1 = "NO", WREMUX = "WRE", IS_Z1 = 0;
    parameter [15:0] INITVAL = 0;

    generate
        if (MODE == "CCU2") begin : carry
            wire four = INITVAL[{D, C, B, A}];
            wire two = INITVAL[{2'b00, B, A}];
            assign F = CCU2_INJECT1 == "YES" ? four : four ^ FCI;
            assign FCO = four ? FCI : CCU2_INJECT1 != "YES" && two;
        end else if (MODE == "DPRAM") begin : ram
            reg [15:0] bits;
            wire write = WREMUX == "INV" ? !WRE : WRE;
            always @(posedge WCK)
                if (write) bits[{WAD3, WAD2, WAD1, WAD0}] <= WD;
            assign F = bits[{A, C, B, D}];
            assign FCO = 0;
        end else begin : lut
            assign F = INITVAL[{D, C, B, A}];
            assign FCO = 0;
        end
    endgenerate
    assign OFX = IS_Z1 ? (M ? FXB : FXA) : (M ? F1 : F);
endmodule

// What writes a slice's LUT RAM: its inputs come through the pins of LUTs.
module TRELLIS_RAMW(
    input A0, B0, C0, D0, A1, B1, C1, D1,
    output WADO0, WADO1, WADO2, WADO3, WDO0, WDO1, WDO2, WDO3
);
    assign {WADO3, WADO2, WADO1, WADO0} = {A0, C0, B0, D0};
    assign {WDO3, WDO2, WDO1, WDO0} = {B1, D1, A1, C1};
endmodule
