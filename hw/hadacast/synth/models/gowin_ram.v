// Gowin's block RAM with a write port A and a read port B, as its memory guide (UG285) says of SDPB and SDPX9B:
// registered addresses, one more register at the output if READ_MODE is 1, reset of what leaves. The lowest
// address bits of a write port of two or four bytes enable them. It begins empty.
module hadacast_sdp #(
    parameter BYTE = 8, BIT_WIDTH_0 = 32, BIT_WIDTH_1 = 32, READ_MODE = 0
) (
    input [4*BYTE-1:0] DI,
    output [4*BYTE-1:0] DO,
    input [13:0] ADA, ADB,
    input CLKA, CEA, CLKB, CEB, OCE, RESETB
);
    reg [BYTE-1:0] bytes[0:2047];
    reg [4*BYTE-1:0] read, kept;
    integer lane;
    always @(posedge CLKA)
        if (CEA) begin
            if (BIT_WIDTH_0 == 4*BYTE) begin
                for (lane = 0; lane < 4; lane = lane + 1)
                    if (ADA[lane]) bytes[{ADA[13:5], lane[1:0]}] <= DI[BYTE*lane +: BYTE];
            end else if (BIT_WIDTH_0 == 2*BYTE) begin
                for (lane = 0; lane < 2; lane = lane + 1)
                    if (ADA[lane]) bytes[{ADA[13:4], lane[0]}] <= DI[BYTE*lane +: BYTE];
            end else if (BIT_WIDTH_0 == BYTE) bytes[ADA[13:3]] <= DI[BYTE-1:0];
            else if (BIT_WIDTH_0 == 4) bytes[ADA[13:3]][4*ADA[2] +: 4] <= DI[3:0];
            else if (BIT_WIDTH_0 == 2) bytes[ADA[13:3]][2*ADA[2:1] +: 2] <= DI[1:0];
            else bytes[ADA[13:3]][ADA[2:0]] <= DI[0];
        end
    always @(posedge CLKB) begin
        if (CEB) begin
            if (BIT_WIDTH_1 == 4*BYTE)
                read <= {bytes[{ADB[13:5], 2'd3}], bytes[{ADB[13:5], 2'd2}], bytes[{ADB[13:5], 2'd1}],
                    bytes[{ADB[13:5], 2'd0}]};
            else if (BIT_WIDTH_1 == 2*BYTE) read <= {bytes[{ADB[13:4], 1'b1}], bytes[{ADB[13:4], 1'b0}]};
            else if (BIT_WIDTH_1 == BYTE) read <= bytes[ADB[13:3]];
            else if (BIT_WIDTH_1 == 4) read <= bytes[ADB[13:3]][4*ADB[2] +: 4];
            else if (BIT_WIDTH_1 == 2) read <= bytes[ADB[13:3]][2*ADB[2:1] +: 2];
            else read <= bytes[ADB[13:3]][ADB[2:0]];
        end
        if (OCE) kept <= read;
        if (RESETB) begin read <= 0; kept <= 0; end
    end
    assign DO = READ_MODE ? kept : read;
endmodule

module SDPB (
    input [31:0] DI, output [31:0] DO, input [2:0] BLKSELA, BLKSELB, input [13:0] ADA, ADB,
    input CLKA, CEA, CLKB, CEB, OCE, RESETA, RESETB
);
    parameter BIT_WIDTH_0 = 32, BIT_WIDTH_1 = 32, READ_MODE = 0;
    hadacast_sdp #(.BYTE(8), .BIT_WIDTH_0(BIT_WIDTH_0), .BIT_WIDTH_1(BIT_WIDTH_1), .READ_MODE(READ_MODE)) ram (
        .DI(DI), .DO(DO), .ADA(ADA), .ADB(ADB), .CLKA(CLKA), .CEA(CEA), .CLKB(CLKB), .CEB(CEB), .OCE(OCE),
        .RESETB(RESETB)
    );
endmodule

module SDPX9B (
    input [35:0] DI, output [35:0] DO, input [2:0] BLKSELA, BLKSELB, input [13:0] ADA, ADB,
    input CLKA, CEA, CLKB, CEB, OCE, RESETA, RESETB
);
    parameter BIT_WIDTH_0 = 36, BIT_WIDTH_1 = 36, READ_MODE = 0;
    hadacast_sdp #(.BYTE(9), .BIT_WIDTH_0(BIT_WIDTH_0), .BIT_WIDTH_1(BIT_WIDTH_1), .READ_MODE(READ_MODE)) ram (
        .DI(DI), .DO(DO), .ADA(ADA), .ADB(ADB), .CLKA(CLKA), .CEA(CEA), .CLKB(CLKB), .CEB(CEB), .OCE(OCE),
        .RESETB(RESETB)
    );
endmodule
