// o = a > (choose ? c : b), in an ECP5 carry chain of one half CCU2C a bit and one, and a LUT.
//
// A half is S = LUT4(A, B, C, D) ^ CIN, COUT = LUT4 ? CIN : LUT2(A, B), where LUT2 is the low
// four bits of the LUT's table: what LUT4 is for C = D = 0. So a bit may use all four inputs if its
// propagate and its generate are the same there. Those of limit >= a are: with A = a, B = choose,
// C = b and D = c, where both limits' bits are 0, either is ~a.
module hadacast_above_either_ecp5 #(
    parameter WIDTH = 16
) (
    input  [WIDTH-1:0] a,
    input  [WIDTH-1:0] b,
    input  [WIDTH-1:0] c,
    input              choose,
    output             o
);
    // A first half that never propagates (LUT4 = 0) makes the carry, A.
    localparam [15:0] START = 16'h000A;
    // The limit's bit is B ? D : C. Where it is a, what is below decides; else ~a.
    localparam [15:0] BIT = 16'hA965;
    // LUT4 = 1: S is the carry's inverse.
    localparam [15:0] END = 16'hFFFF;

    // Half i is bit i, the lowest made in a LUT; half WIDTH hands out the carry.
    localparam PAIRS = (WIDTH + 2) / 2;
    wire lowest = (choose ? c[0] : b[0]) | ~a[0];
    wire [2*PAIRS-1:0] half_a = a, half_b = b, half_c = c;
    wire [2*PAIRS-1:0] s;
    wire [PAIRS:0] carry;
    assign carry[0] = 1'b0;
    assign o = s[WIDTH];

    genvar i;
    generate
        for (i = 0; i < PAIRS; i = i + 1) begin : pair
            CCU2C #(
                .INIT0(i == 0 ? START : 2 * i == WIDTH ? END : BIT),
                .INIT1(2 * i + 1 == WIDTH ? END : BIT),
                .INJECT1_0("NO"), .INJECT1_1("NO")
            ) compare (
                .A0(i == 0 ? lowest : half_a[2*i]), .B0(i == 0 ? 1'b0 : choose),
                .C0(i == 0 ? 1'b0 : half_b[2*i]), .D0(i == 0 ? 1'b1 : half_c[2*i]),
                .A1(half_a[2*i+1]), .B1(choose), .C1(half_b[2*i+1]), .D1(half_c[2*i+1]),
                .CIN(carry[i]), .COUT(carry[i+1]), .S0(s[2*i]), .S1(s[2*i+1])
            );
        end
    endgenerate
endmodule
