// sum = runs ? a + x : held_sum, difference = runs ? a - x : held_difference, in ECP5 carry chains
// of one half CCU2C a bit.
//
// A half is S = LUT4(A, B, C, D) ^ CIN, COUT = LUT4 ? CIN : LUT2(A, B), where LUT2 is the low
// four bits of the LUT's table, so that LUT4 and LUT2 are the same while C = D = 0. All four inputs
// are in use here; what makes that possible is that the carry's operand is A in a sum, where C = 0
// leaves a ^ x = A, and ~A in a difference, where it leaves ~(a ^ x) = ~A. While the chain doesn't
// run no carry starts, and S = D.
module hadacast_holding_pair_ecp5 #(
    parameter WIDTH = 16                    // bits of an element
) (
    input  signed [WIDTH-1:0] a,
    input  signed [WIDTH-1:0] x,
    input                     runs,         // whether a and x are added
    input  signed [WIDTH:0]   held_sum,     // what else leaves
    input  signed [WIDTH:0]   held_difference,
    output signed [WIDTH:0]   sum,
    output signed [WIDTH:0]   difference
);
    // A first half that never propagates (LUT4 = 0 for D = 1) makes the carry, A.
    localparam [15:0] START = 16'h000A;
    // A = a, B = runs, C = x, D = held: runs ? a ^ x : held, and the carry runs & a.
    localparam [15:0] SUM = 16'h7B48;
    // A = x, B = runs, C = a, D = held: runs ? ~(a ^ x) : held, and the carry runs & ~x.
    localparam [15:0] DIFFERENCE = 16'hB784;

    // Half 0 starts the chain, half i + 1 is bit i; an odd count leaves one unused at the end.
    localparam PAIRS = (WIDTH + 3) / 2;
    wire signed [2*PAIRS-2:0] wide_a = a, wide_x = x, wide_sum = held_sum, wide_difference = held_difference;
    wire [2*PAIRS-1:0] sum_a = {wide_a, 1'b0}, sum_x = {wide_x, 1'b1}, sum_held = {wide_sum, 1'b1};
    wire [2*PAIRS-1:0] difference_x = {wide_x, runs}, difference_a = {wide_a, 1'b1};
    wire [2*PAIRS-1:0] difference_held = {wide_difference, 1'b1};
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
                .A0(sum_a[2*i]), .B0(runs), .C0(sum_x[2*i]), .D0(sum_held[2*i]),
                .A1(sum_a[2*i+1]), .B1(runs), .C1(sum_x[2*i+1]), .D1(sum_held[2*i+1]),
                .CIN(sum_carry[i]), .COUT(sum_carry[i+1]), .S0(sum_s[2*i]), .S1(sum_s[2*i+1])
            );
            CCU2C #(
                .INIT0(i == 0 ? START : DIFFERENCE), .INIT1(DIFFERENCE), .INJECT1_0("NO"), .INJECT1_1("NO")
            ) subtract (
                .A0(difference_x[2*i]), .B0(runs), .C0(difference_a[2*i]), .D0(difference_held[2*i]),
                .A1(difference_x[2*i+1]), .B1(runs), .C1(difference_a[2*i+1]), .D1(difference_held[2*i+1]),
                .CIN(difference_carry[i]), .COUT(difference_carry[i+1]),
                .S0(difference_s[2*i]), .S1(difference_s[2*i+1])
            );
        end
    endgenerate
endmodule
