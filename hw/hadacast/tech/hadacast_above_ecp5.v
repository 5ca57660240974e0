// o = a > b, in an ECP5 carry chain of one half CCU2C a bit, and one.
//
// A half is S = LUT4(A, B, C, D) ^ CIN, COUT = LUT4 ? CIN : LUT2(A, B), where LUT2 is the low
// four bits of the LUT's table. With D tied to 1 the LUT4 that matters is the table's upper half.
module hadacast_above_ecp5 #(
    parameter WIDTH = 16
) (
    input  [WIDTH-1:0] a,
    input  [WIDTH-1:0] b,
    output             o
);
    // A = a, B = b. The lowest bit never propagates (LUT4 = 0), so that nothing need come in: a & ~b.
    localparam [15:0] FIRST = 16'h0002;
    // Where a and b are equal, what is below decides; else a.
    localparam [15:0] BIT = 16'h990A;
    // LUT4 = 0: S is the carry.
    localparam [15:0] END = 16'h0000;

    // Half i is bit i, half WIDTH hands out the carry.
    localparam PAIRS = (WIDTH + 2) / 2;
    wire [2*PAIRS-1:0] half_a = a, half_b = b;
    wire [2*PAIRS-1:0] s;
    wire [PAIRS:0] carry;
    assign carry[0] = 1'b0;
    assign o = s[WIDTH];

    genvar i;
    generate
        for (i = 0; i < PAIRS; i = i + 1) begin : pair
            CCU2C #(
                .INIT0(i == 0 ? FIRST : 2 * i == WIDTH ? END : BIT),
                .INIT1(2 * i + 1 == WIDTH ? END : BIT),
                .INJECT1_0("NO"), .INJECT1_1("NO")
            ) compare (
                .A0(half_a[2*i]), .B0(half_b[2*i]), .C0(1'b0), .D0(1'b1),
                .A1(half_a[2*i+1]), .B1(half_b[2*i+1]), .C1(1'b0), .D1(1'b1),
                .CIN(carry[i]), .COUT(carry[i+1]), .S0(s[2*i]), .S1(s[2*i+1])
            );
        end
    endgenerate
endmodule
