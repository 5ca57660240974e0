// sum = a + x, difference = a - x, in ECP5 carry chains of one half CCU2C a bit.
//
// A half is S = LUT4(A, B, C, D) ^ CIN, COUT = LUT4 ? CIN : LUT2(A, B), where LUT2 is the low
// four bits of the LUT's table. With D tied to 1 the LUT4 that matters is the table's upper half,
// so propagate (of A, B, C) and generate (of A, B) are chosen freely.
module hadacast_pair_ecp5 #(
    parameter WIDTH = 16                    // bits of an element
) (
    input  signed [WIDTH-1:0] a,
    input  signed [WIDTH-1:0] x,
    output signed [WIDTH:0]   sum,
    output signed [WIDTH:0]   difference
);
    // Halves come in pairs. Of an odd count of sum bits, bit 0, which is that of the difference too, is a LUT
    // outside, and the first half makes the carry out of it; else the first half is before bit 0. Either way
    // it never propagates (LUT4 = 0), for a carry from fabric would take place and route a pair.
    localparam SHORT = WIDTH % 2;
    localparam [15:0] SUM_START = SHORT ? 16'h0008 : 16'h0000;          // a & x, or 0
    localparam [15:0] DIFFERENCE_START = SHORT ? 16'h000B : 16'h000F;   // a | ~x, or 1
    // A = a, B = x. Where propagate is 0, a and x are equal, or a and ~x: the carry is a.
    localparam [15:0] SUM = 16'h660A;
    localparam [15:0] DIFFERENCE = 16'h990A;

    // Half 0 starts the chain; half i + 1 - SHORT is bit i.
    localparam PAIRS = (WIDTH + 2 - SHORT) / 2;
    wire signed [WIDTH:0] wide_a = a, wide_x = x;
    wire [2*PAIRS-1:0] half_a = SHORT ? wide_a : {wide_a, 1'b0};
    wire [2*PAIRS-1:0] half_x = SHORT ? wide_x : {wide_x, 1'b0};
    wire [2*PAIRS-1:0] sum_s, difference_s;
    wire [PAIRS:0] sum_carry, difference_carry;
    assign sum_carry[0] = 1'b0;
    assign difference_carry[0] = 1'b0;
    wire low = a[0] ^ x[0];
    assign sum = SHORT ? {sum_s[2*PAIRS-1:1], low} : sum_s[2*PAIRS-1:1];
    assign difference = SHORT ? {difference_s[2*PAIRS-1:1], low} : difference_s[2*PAIRS-1:1];

    genvar i;
    generate
        for (i = 0; i < PAIRS; i = i + 1) begin : pair
            CCU2C #(
                .INIT0(i == 0 ? SUM_START : SUM), .INIT1(SUM), .INJECT1_0("NO"), .INJECT1_1("NO")
            ) add (
                .A0(half_a[2*i]), .B0(half_x[2*i]), .C0(1'b1), .D0(1'b1),
                .A1(half_a[2*i+1]), .B1(half_x[2*i+1]), .C1(1'b1), .D1(1'b1),
                .CIN(sum_carry[i]), .COUT(sum_carry[i+1]), .S0(sum_s[2*i]), .S1(sum_s[2*i+1])
            );
            CCU2C #(
                .INIT0(i == 0 ? DIFFERENCE_START : DIFFERENCE), .INIT1(DIFFERENCE),
                .INJECT1_0("NO"), .INJECT1_1("NO")
            ) subtract (
                .A0(half_a[2*i]), .B0(half_x[2*i]), .C0(1'b1), .D0(1'b1),
                .A1(half_a[2*i+1]), .B1(half_x[2*i+1]), .C1(1'b1), .D1(1'b1),
                .CIN(difference_carry[i]), .COUT(difference_carry[i+1]),
                .S0(difference_s[2*i]), .S1(difference_s[2*i+1])
            );
        end
    endgenerate
endmodule
