// o = subtract ? a - b : a + b, modulo 2^WIDTH, in an ECP5 carry chain of one half CCU2C a bit.
//
// A half is S = LUT4(A, B, C, D) ^ CIN, COUT = LUT4 ? CIN : LUT2(A, B), where LUT2 is the low
// four bits of the LUT's table. With D tied to 1 the LUT4 that matters is the table's upper half,
// so propagate (of A, B, C) and generate (of A, B) are chosen freely.
module hadacast_add_subtract_ecp5 #(
    parameter WIDTH = 16
) (
    input  [WIDTH-1:0] a,
    input  [WIDTH-1:0] b,
    input              subtract,
    output [WIDTH-1:0] o
);
    // A first half that never propagates (LUT4 = 0) makes the carry, A.
    localparam [15:0] START = 16'h000A;
    // A = a, B = b, C = subtract. Where propagate is 0, a and (b ^ subtract) are equal: the carry is a.
    localparam [15:0] BIT = 16'h960A;

    // Half 0 starts the chain, half i + 1 is bit i; an even count of bits leaves one unused at the end.
    localparam PAIRS = (WIDTH + 2) / 2;
    wire [2*PAIRS-1:0] half_a = {a, subtract}, half_b = {b, 1'b0};
    wire [2*PAIRS-1:0] s;
    wire [PAIRS:0] carry;
    assign carry[0] = 1'b0;
    assign o = s[WIDTH:1];

    genvar i;
    generate
        for (i = 0; i < PAIRS; i = i + 1) begin : pair
            CCU2C #(
                .INIT0(i == 0 ? START : BIT), .INIT1(BIT), .INJECT1_0("NO"), .INJECT1_1("NO")
            ) add (
                .A0(half_a[2*i]), .B0(half_b[2*i]), .C0(subtract), .D0(1'b1),
                .A1(half_a[2*i+1]), .B1(half_b[2*i+1]), .C1(subtract), .D1(1'b1),
                .CIN(carry[i]), .COUT(carry[i+1]), .S0(s[2*i]), .S1(s[2*i+1])
            );
        end
    endgenerate
endmodule
