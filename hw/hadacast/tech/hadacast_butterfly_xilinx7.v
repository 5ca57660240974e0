// The adders of a butterfly in carry chains of AMD's (Xilinx) 7 series, one LUT a bit:
//   sum = meets ? a + x : a        difference = meets ? a - x : x
//
// A bit of a CARRY4 is O = S ^ CI, CO = S ? CI : DI, where S and DI are the two outputs of one LUT (UG474).
// Nothing is declared signed: of signed nets at a LUT6_2, Yosys would read the whole core a second time, too
// late for what is flattened.
module hadacast_butterfly_xilinx7 #(
    parameter WIDTH = 16                    // bits of an arriving element
) (
    input  [WIDTH:0]   a,                   // one element or, unless they meet, a difference
    input  [WIDTH-1:0] x,                   // the other element
    input              meets,               // whether the two meet
    output [WIDTH:0]   sum,
    output [WIDTH:0]   difference
);
    // I0 = a, I1 = x, I2 = meets. S = a ^ (x & meets); where it is 0 the two are equal: DI = a.
    localparam [7:0] SUM = 8'h6A;
    // S = ~(a & meets ^ x), DI = a | ~meets: where they don't meet the carry stays 1, and O = ~S = x.
    localparam [63:0] DIFFERENCE = 64'h93939393AFAFAFAF;

    // Carries come in fours; the rest is left open.
    localparam FOURS = (WIDTH + 4) / 4;
    wire [WIDTH:0] wide_x = {x[WIDTH-1], x};
    wire [4*FOURS-1:0] add_s, add_o, subtract_s, subtract_d, subtract_o;
    wire [4*FOURS-1:0] add_d = {a};
    wire [4*FOURS:0] add_carry, subtract_carry;
    assign add_carry[0] = 1'b0;
    assign subtract_carry[0] = 1'b0;
    assign sum = add_o[WIDTH:0];
    assign difference = subtract_o[WIDTH:0];

    genvar i;
    generate
        for (i = 0; i < 4 * FOURS; i = i + 1) begin : bit
            if (i <= WIDTH) begin
                LUT3 #(.INIT(SUM)) add (.I0(a[i]), .I1(wide_x[i]), .I2(meets), .O(add_s[i]));
                LUT6_2 #(.INIT(DIFFERENCE)) subtract (
                    .I0(a[i]), .I1(wide_x[i]), .I2(meets), .I3(1'b0), .I4(1'b0), .I5(1'b1),
                    .O6(subtract_s[i]), .O5(subtract_d[i])
                );
            end else begin
                assign add_s[i] = 1'b0;
                assign subtract_s[i] = 1'b0;
                assign subtract_d[i] = 1'b0;
            end
        end
        for (i = 0; i < 4 * FOURS; i = i + 4) begin : four
            CARRY4 add (
                .CI(add_carry[i]), .CYINIT(1'b0), .DI(add_d[i +: 4]), .S(add_s[i +: 4]),
                .O(add_o[i +: 4]), .CO(add_carry[i+1 +: 4])
            );
            CARRY4 subtract (
                .CI(subtract_carry[i]), .CYINIT(i == 0), .DI(subtract_d[i +: 4]), .S(subtract_s[i +: 4]),
                .O(subtract_o[i +: 4]), .CO(subtract_carry[i+1 +: 4])
            );
        end
    endgenerate
endmodule
