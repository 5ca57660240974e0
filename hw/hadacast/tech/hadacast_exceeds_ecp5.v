// o = (a ^ {WIDTH{negate}}) + more > b, in an ECP5 carry chain of one half CCU2C a bit, and two.
//
// A half is S = LUT4(A, B, C, D) ^ CIN, COUT = LUT4 ? CIN : LUT2(A, B), where LUT2 is the low
// four bits of the LUT's table. With D tied to 1 the LUT4 that matters is the table's upper half,
// so propagate (of A, B, C) and generate (of A, B) are chosen freely.
module hadacast_exceeds_ecp5 #(
    parameter WIDTH = 16
) (
    input  [WIDTH-1:0] a,
    input  [WIDTH-1:0] b,
    input              negate,
    input              more,
    output             o
);
    // A first half that never propagates (LUT4 = 0) makes the carry, A.
    localparam [15:0] START = 16'h000A;
    // The carry out of (a ^ negate) + ~b + more. A = b, B = a, C = negate. Where propagate is 0,
    // a ^ negate and ~b are equal: the carry is ~b.
    localparam [15:0] BIT = 16'h6905;
    // LUT4 = 0: S is the carry.
    localparam [15:0] END = 16'h0000;

    // Half 0 starts the chain, half i + 1 is bit i, half WIDTH + 1 hands out the carry.
    localparam PAIRS = (WIDTH + 3) / 2;
    wire [2*PAIRS-1:0] half_a = {a, 1'b0}, half_b = {b, more};
    wire [2*PAIRS-1:0] s;
    wire [PAIRS:0] carry;
    assign carry[0] = 1'b0;
    assign o = s[WIDTH+1];

    genvar i;
    generate
        for (i = 0; i < PAIRS; i = i + 1) begin : pair
            CCU2C #(
                .INIT0(i == 0 ? START : 2 * i == WIDTH + 1 ? END : BIT),
                .INIT1(2 * i == WIDTH ? END : BIT),
                .INJECT1_0("NO"), .INJECT1_1("NO")
            ) compare (
                .A0(half_b[2*i]), .B0(half_a[2*i]), .C0(negate), .D0(1'b1),
                .A1(half_b[2*i+1]), .B1(half_a[2*i+1]), .C1(negate), .D1(1'b1),
                .CIN(carry[i]), .COUT(carry[i+1]), .S0(s[2*i]), .S1(s[2*i+1])
            );
        end
    endgenerate
endmodule
