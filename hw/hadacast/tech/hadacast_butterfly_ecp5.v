// The adders of a butterfly in ECP5 carry chains, one half CCU2C a bit:
//   sum = meets ? a + x : a        difference = meets ? a - x : x
//
// A half is S = LUT4(A, B, C, D) ^ CIN, COUT = LUT4 ? CIN : LUT2(A, B), where LUT2 is the low
// four bits of the LUT's table. With D tied to 1 the LUT4 that matters is the table's upper half,
// so propagate (of A, B, C) and generate (of A, B) are chosen freely, and the multiplexers fold in.
module hadacast_butterfly_ecp5 #(
    parameter WIDTH = 16                    // bits of an arriving element
) (
    input  signed [WIDTH:0]   a,            // one element or, unless they meet, a difference
    input  signed [WIDTH-1:0] x,            // the other element
    input                     meets,        // whether the two meet
    output signed [WIDTH:0]   sum,
    output signed [WIDTH:0]   difference
);
    // A first half that never propagates (LUT4 = 0) makes the carry, A: it needs no CIN, and one
    // half is less than the pair that place and route would spend on a carry from fabric.
    localparam [15:0] START = 16'h000A;
    // A = a, B = x, C = meets. Where propagate is 0, a and (x & meets) are equal: the carry is a.
    localparam [15:0] SUM = 16'h6A0A;
    // A = a, B = meets, C = x. Where they meet and propagate is 0, a and ~x are equal: the carry
    // is a. Else no carry ever starts, and S = x.
    localparam [15:0] DIFFERENCE = 16'hB408;

    // Half 0 starts the chain, half i + 1 is bit i; an odd count leaves one unused at the end.
    localparam PAIRS = (WIDTH + 3) / 2;
    wire signed [2*PAIRS-2:0] wide_a = a, wide_x = x;
    wire [2*PAIRS-1:0] half_x = {wide_x, 1'b0};
    wire [2*PAIRS-1:0] sum_a = {wide_a, 1'b0}, difference_a = {wide_a, meets};
    wire [2*PAIRS-1:0] sum_s, difference_s;
    wire [PAIRS:0] sum_carry, difference_carry;
    assign sum_carry[0] = 1'b0;
    assign difference_carry[0] = 1'b0;
    assign sum = sum_s[WIDTH+1:1];
    assign difference = difference_s[WIDTH+1:1];

    genvar i;
    generate
        for (i = 0; i < PAIRS; i = i + 1) begin : pair
            CCU2C #(
                .INIT0(i == 0 ? START : SUM), .INIT1(SUM), .INJECT1_0("NO"), .INJECT1_1("NO")
            ) add (
                .A0(sum_a[2*i]), .B0(half_x[2*i]), .C0(meets), .D0(1'b1),
                .A1(sum_a[2*i+1]), .B1(half_x[2*i+1]), .C1(meets), .D1(1'b1),
                .CIN(sum_carry[i]), .COUT(sum_carry[i+1]), .S0(sum_s[2*i]), .S1(sum_s[2*i+1])
            );
            CCU2C #(
                .INIT0(i == 0 ? START : DIFFERENCE), .INIT1(DIFFERENCE), .INJECT1_0("NO"), .INJECT1_1("NO")
            ) subtract (
                .A0(difference_a[2*i]), .B0(meets), .C0(half_x[2*i]), .D0(1'b1),
                .A1(difference_a[2*i+1]), .B1(meets), .C1(half_x[2*i+1]), .D1(1'b1),
                .CIN(difference_carry[i]), .COUT(difference_carry[i+1]),
                .S0(difference_s[2*i]), .S1(difference_s[2*i+1])
            );
        end
    endgenerate
endmodule
