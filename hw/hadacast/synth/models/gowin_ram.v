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

// The same memory with two ports that both read and write, of up to two bytes: DPB and DPX9B. A port's output
// stays while it writes, or is what was there before (WRITE_MODE 2), or what is written (1).
module hadacast_dp #(
    parameter BYTE = 8, BIT_WIDTH_0 = 16, BIT_WIDTH_1 = 16, READ_MODE0 = 0, READ_MODE1 = 0,
    parameter WRITE_MODE0 = 0, WRITE_MODE1 = 0
) (
    input [2*BYTE-1:0] DIA, DIB,
    output [2*BYTE-1:0] DOA, DOB,
    input [13:0] ADA, ADB,
    input CLKA, CEA, OCEA, WREA, RESETA, CLKB, CEB, OCEB, WREB, RESETB
);
    reg [BYTE-1:0] bytes[0:2047];
    reg [2*BYTE-1:0] read_a, kept_a, read_b, kept_b;
    always @(posedge CLKA) begin
        if (CEA && WREA) begin
            if (BIT_WIDTH_0 == 2*BYTE) begin
                if (ADA[0]) bytes[{ADA[13:4], 1'b0}] <= DIA[BYTE-1:0];
                if (ADA[1]) bytes[{ADA[13:4], 1'b1}] <= DIA[2*BYTE-1:BYTE];
            end else if (BIT_WIDTH_0 == BYTE) bytes[ADA[13:3]] <= DIA[BYTE-1:0];
            else if (BIT_WIDTH_0 == 4) bytes[ADA[13:3]][4*ADA[2] +: 4] <= DIA[3:0];
            else if (BIT_WIDTH_0 == 2) bytes[ADA[13:3]][2*ADA[2:1] +: 2] <= DIA[1:0];
            else bytes[ADA[13:3]][ADA[2:0]] <= DIA[0];
        end
        if (CEA && WREA && WRITE_MODE0 == 1) read_a <= DIA;
        else if (CEA && (!WREA || WRITE_MODE0 == 2)) begin
            if (BIT_WIDTH_0 == 2*BYTE) read_a <= {bytes[{ADA[13:4], 1'b1}], bytes[{ADA[13:4], 1'b0}]};
            else if (BIT_WIDTH_0 == BYTE) read_a <= bytes[ADA[13:3]];
            else if (BIT_WIDTH_0 == 4) read_a <= bytes[ADA[13:3]][4*ADA[2] +: 4];
            else if (BIT_WIDTH_0 == 2) read_a <= bytes[ADA[13:3]][2*ADA[2:1] +: 2];
            else read_a <= bytes[ADA[13:3]][ADA[2:0]];
        end
        if (OCEA) kept_a <= read_a;
        if (RESETA) begin read_a <= 0; kept_a <= 0; end
    end
    always @(posedge CLKB) begin
        if (CEB && WREB) begin
            if (BIT_WIDTH_1 == 2*BYTE) begin
                if (ADB[0]) bytes[{ADB[13:4], 1'b0}] <= DIB[BYTE-1:0];
                if (ADB[1]) bytes[{ADB[13:4], 1'b1}] <= DIB[2*BYTE-1:BYTE];
            end else if (BIT_WIDTH_1 == BYTE) bytes[ADB[13:3]] <= DIB[BYTE-1:0];
            else if (BIT_WIDTH_1 == 4) bytes[ADB[13:3]][4*ADB[2] +: 4] <= DIB[3:0];
            else if (BIT_WIDTH_1 == 2) bytes[ADB[13:3]][2*ADB[2:1] +: 2] <= DIB[1:0];
            else bytes[ADB[13:3]][ADB[2:0]] <= DIB[0];
        end
        if (CEB && WREB && WRITE_MODE1 == 1) read_b <= DIB;
        else if (CEB && (!WREB || WRITE_MODE1 == 2)) begin
            if (BIT_WIDTH_1 == 2*BYTE) read_b <= {bytes[{ADB[13:4], 1'b1}], bytes[{ADB[13:4], 1'b0}]};
            else if (BIT_WIDTH_1 == BYTE) read_b <= bytes[ADB[13:3]];
            else if (BIT_WIDTH_1 == 4) read_b <= bytes[ADB[13:3]][4*ADB[2] +: 4];
            else if (BIT_WIDTH_1 == 2) read_b <= bytes[ADB[13:3]][2*ADB[2:1] +: 2];
            else read_b <= bytes[ADB[13:3]][ADB[2:0]];
        end
        if (OCEB) kept_b <= read_b;
        if (RESETB) begin read_b <= 0; kept_b <= 0; end
    end
    assign DOA = READ_MODE0 ? kept_a : read_a;
    assign DOB = READ_MODE1 ? kept_b : read_b;
endmodule

module DPB (
    input [15:0] DIA, DIB, output [15:0] DOA, DOB, input [2:0] BLKSELA, BLKSELB, input [13:0] ADA, ADB,
    input CLKA, CEA, OCEA, WREA, RESETA, CLKB, CEB, OCEB, WREB, RESETB
);
    parameter BIT_WIDTH_0 = 16, BIT_WIDTH_1 = 16, READ_MODE0 = 0, READ_MODE1 = 0, WRITE_MODE0 = 0, WRITE_MODE1 = 0;
    hadacast_dp #(
        .BYTE(8), .BIT_WIDTH_0(BIT_WIDTH_0), .BIT_WIDTH_1(BIT_WIDTH_1), .READ_MODE0(READ_MODE0),
        .READ_MODE1(READ_MODE1), .WRITE_MODE0(WRITE_MODE0), .WRITE_MODE1(WRITE_MODE1)
    ) ram (
        .DIA(DIA), .DIB(DIB), .DOA(DOA), .DOB(DOB), .ADA(ADA), .ADB(ADB), .CLKA(CLKA), .CEA(CEA), .OCEA(OCEA),
        .WREA(WREA), .RESETA(RESETA), .CLKB(CLKB), .CEB(CEB), .OCEB(OCEB), .WREB(WREB), .RESETB(RESETB)
    );
endmodule

module DPX9B (
    input [17:0] DIA, DIB, output [17:0] DOA, DOB, input [2:0] BLKSELA, BLKSELB, input [13:0] ADA, ADB,
    input CLKA, CEA, OCEA, WREA, RESETA, CLKB, CEB, OCEB, WREB, RESETB
);
    parameter BIT_WIDTH_0 = 18, BIT_WIDTH_1 = 18, READ_MODE0 = 0, READ_MODE1 = 0, WRITE_MODE0 = 0, WRITE_MODE1 = 0;
    hadacast_dp #(
        .BYTE(9), .BIT_WIDTH_0(BIT_WIDTH_0), .BIT_WIDTH_1(BIT_WIDTH_1), .READ_MODE0(READ_MODE0),
        .READ_MODE1(READ_MODE1), .WRITE_MODE0(WRITE_MODE0), .WRITE_MODE1(WRITE_MODE1)
    ) ram (
        .DIA(DIA), .DIB(DIB), .DOA(DOA), .DOB(DOB), .ADA(ADA), .ADB(ADB), .CLKA(CLKA), .CEA(CEA), .OCEA(OCEA),
        .WREA(WREA), .RESETA(RESETA), .CLKB(CLKB), .CEB(CEB), .OCEB(OCEB), .WREB(WREB), .RESETB(RESETB)
    );
endmodule
