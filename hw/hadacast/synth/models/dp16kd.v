// What Lattice's memory usage guide (FPGA-TN-02204) says of a DP16KD with one clock, as Yosys uses it: two ports
// of 18, 9, 4, 2 or 1 bits, or a write port A and a read port B of 36 bits (there called PDPW16KD). Registered
// addresses, an output register by REGMODE, clock enables, synchronous reset of what leaves. It begins empty.
module DP16KD(
    input CLKA, CEA, OCEA, WEA, RSTA, CSA0, CSA1, CSA2,
    input CLKB, CEB, OCEB, WEB, RSTB, CSB0, CSB1, CSB2,
    input ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8, ADA9, ADA10, ADA11, ADA12, ADA13,
    input ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8, ADB9, ADB10, ADB11, ADB12, ADB13,
    input DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8, DIA9, DIA10, DIA11, DIA12, DIA13, DIA14, DIA15,
    input DIA16, DIA17,
    input DIB0, DIB1, DIB2, DIB3, DIB4, DIB5, DIB6, DIB7, DIB8, DIB9, DIB10, DIB11, DIB12, DIB13, DIB14, DIB15,
    input DIB16, DIB17,
    output DOA0, DOA1, DOA2, DOA3, DOA4, DOA5, DOA6, DOA7, DOA8, DOA9, DOA10, DOA11, DOA12, DOA13, DOA14,
    output DOA15, DOA16, DOA17,
    output DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8, DOB9, DOB10, DOB11, DOB12, DOB13, DOB14,
    output DOB15, DOB16, DOB17
);
    parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18, REGMODE_A = "NOREG", REGMODE_B = "NOREG";
    parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL";

    wire [13:0] ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0};
    wire [13:0] adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0};
    wire [17:0] dia = {
        DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2,
        DIA1, DIA0
    };
    wire [17:0] dib = {
        DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2,
        DIB1, DIB0
    };
    wire [17:0] doa, dob;
    assign {
        DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2,
        DOA1, DOA0
    } = doa;
    assign {
        DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2,
        DOB1, DOB0
    } = dob;

    generate
        if (DATA_WIDTH_A == 36 || DATA_WIDTH_B == 36) begin : wide
            // The lowest address bits enable bytes of nine bits.
            reg [35:0] words[0:511];
            reg [35:0] read, kept;
            wire [35:0] in = {dib, dia};
            integer lane;
            always @(posedge CLKA)
                if (CEA && WEA)
                    for (lane = 0; lane < 4; lane = lane + 1)
                        if (ada[lane]) words[ada[13:5]][9*lane +: 9] <= in[9*lane +: 9];
            always @(posedge CLKB) begin
                if (RSTB) read <= 0;
                else if (CEB) read <= words[adb[13:5]];
                if (RSTB) kept <= 0;
                else if (OCEB) kept <= read;
            end
            assign doa = REGMODE_A == "OUTREG" ? kept[17:0] : read[17:0];
            assign dob = REGMODE_B == "OUTREG" ? kept[35:18] : read[35:18];
        end else begin : narrow
            // Bytes of nine bits; a port of 4, 2 or 1 has the lower eight of them.
            reg [8:0] bytes[0:2047];
            reg [17:0] read_a, kept_a, read_b, kept_b;
            always @(posedge CLKA) begin
                if (CEA && WEA)
                    case (DATA_WIDTH_A)
                        18: begin
                            if (ada[0]) bytes[{ada[13:4], 1'b0}] <= dia[8:0];
                            if (ada[1]) bytes[{ada[13:4], 1'b1}] <= dia[17:9];
                        end
                        9: bytes[ada[13:3]] <= dia[8:0];
                        4: bytes[ada[13:3]][4*ada[2] +: 4] <= dia[3:0];
                        2: bytes[ada[13:3]][2*ada[2:1] +: 2] <= dia[1:0];
                        1: bytes[ada[13:3]][ada[2:0]] <= dia[0];
                    endcase
                if (CEA && (!WEA || WRITEMODE_A == "READBEFOREWRITE"))
                    case (DATA_WIDTH_A)
                        18: read_a <= {bytes[{ada[13:4], 1'b1}], bytes[{ada[13:4], 1'b0}]};
                        9: read_a <= bytes[ada[13:3]];
                        4: read_a <= bytes[ada[13:3]][4*ada[2] +: 4];
                        2: read_a <= bytes[ada[13:3]][2*ada[2:1] +: 2];
                        1: read_a <= bytes[ada[13:3]][ada[2:0]];
                    endcase
                if (OCEA) kept_a <= read_a;
                if (RSTA) begin read_a <= 0; kept_a <= 0; end
            end
            always @(posedge CLKB) begin
                if (CEB && WEB)
                    case (DATA_WIDTH_B)
                        18: begin
                            if (adb[0]) bytes[{adb[13:4], 1'b0}] <= dib[8:0];
                            if (adb[1]) bytes[{adb[13:4], 1'b1}] <= dib[17:9];
                        end
                        9: bytes[adb[13:3]] <= dib[8:0];
                        4: bytes[adb[13:3]][4*adb[2] +: 4] <= dib[3:0];
                        2: bytes[adb[13:3]][2*adb[2:1] +: 2] <= dib[1:0];
                        1: bytes[adb[13:3]][adb[2:0]] <= dib[0];
                    endcase
                if (CEB && (!WEB || WRITEMODE_B == "READBEFOREWRITE"))
                    case (DATA_WIDTH_B)
                        18: read_b <= {bytes[{adb[13:4], 1'b1}], bytes[{adb[13:4], 1'b0}]};
                        9: read_b <= bytes[adb[13:3]];
                        4: read_b <= bytes[adb[13:3]][4*adb[2] +: 4];
                        2: read_b <= bytes[adb[13:3]][2*adb[2:1] +: 2];
                        1: read_b <= bytes[adb[13:3]][adb[2:0]];
                    endcase
                if (OCEB) kept_b <= read_b;
                if (RSTB) begin read_b <= 0; kept_b <= 0; end
            end
            assign doa = REGMODE_A == "OUTREG" ? kept_a : read_a;
            assign dob = REGMODE_B == "OUTREG" ? kept_b : read_b;
        end
    endgenerate
endmodule
