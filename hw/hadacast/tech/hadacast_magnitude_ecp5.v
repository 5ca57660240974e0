// o = |a|, or all ones where the high bits of a say that it is too large, in an ECP5 carry chain of one
// half CCU2C a bit, and one.
//
// A half is S = LUT4(A, B, C, D) ^ CIN, COUT = LUT4 ? CIN : LUT2(A, B), where LUT2 is the low
// four bits of the LUT's table. With D tied to 1 the LUT4 that matters is the table's upper half,
// so propagate (of A, B, C) and generate (of A, B) are chosen freely.
//
// What is too large is found in LUTs that are named: before a chain, synthesis makes several times as
// many of them, to be a little faster.
module hadacast_magnitude_ecp5 #(
    parameter IN = 20,
    parameter WIDTH = 16,
    parameter ONES = 3
) (
    input  [IN-1:0]    a,
    output [WIDTH-1:0] o
);
    wire negative = a[IN-1];
    wire over;

    // A first half that never propagates (LUT4 = 0) makes the carry: A & ~B, negative and not over.
    localparam [15:0] START = 16'h0002;
    // A = a, B = negative, C = over: a ^ negative, or 1. Where that is 0, no carry leaves.
    localparam [15:0] BIT = 16'hF600;
    // Whether A, B, C and D aren't all alike, and whether B, C and D are, and A isn't.
    localparam [15:0] MIXED = 16'h7FFE, APART = 16'h4002;

    genvar i;
    generate
        if (ONES == 0) begin : whole
            assign over = 1'b0;
        end else begin : held
            // Bits above o that aren't like the sign, three in a LUT; and the highest of o, if none is.
            localparam UPPER = IN - 1 - WIDTH;
            localparam GROUPS = (UPPER + 2) / 3;
            wire [GROUPS:0] beyond;
            for (i = 0; i < GROUPS; i = i + 1) begin : group
                localparam FIRST = WIDTH + 3 * i, LAST = WIDTH + UPPER - 1;
                if (FIRST == LAST) begin : one
                    assign beyond[i] = a[FIRST] ^ negative;
                end else begin : few
                    LUT4 #(.INIT(MIXED)) lut (
                        .A(negative), .B(a[FIRST]), .C(a[FIRST+1]),
                        .D(a[FIRST+2<LAST?FIRST+2:LAST]), .Z(beyond[i])
                    );
                end
            end
            LUT4 #(.INIT(APART)) ones (
                .A(negative), .B(a[WIDTH-1]), .C(a[WIDTH-(ONES>1?2:1)]), .D(a[WIDTH-ONES]),
                .Z(beyond[GROUPS])
            );
            assign over = |beyond;
        end
    endgenerate

    // Half 0 starts the chain, half i + 1 is bit i; an even count of bits leaves one unused at the end.
    localparam PAIRS = (WIDTH + 2) / 2;
    wire [2*PAIRS-1:0] half_a = {a[WIDTH-1:0], negative};
    wire [2*PAIRS-1:0] s;
    wire [PAIRS:0] carry;
    assign carry[0] = 1'b0;
    assign o = s[WIDTH:1];

    generate
        for (i = 0; i < PAIRS; i = i + 1) begin : pair
            CCU2C #(
                .INIT0(i == 0 ? START : BIT), .INIT1(BIT), .INJECT1_0("NO"), .INJECT1_1("NO")
            ) add (
                .A0(half_a[2*i]), .B0(i == 0 ? over : negative), .C0(i == 0 ? 1'b0 : over), .D0(1'b1),
                .A1(half_a[2*i+1]), .B1(negative), .C1(over), .D1(1'b1),
                .CIN(carry[i]), .COUT(carry[i+1]), .S0(s[2*i]), .S1(s[2*i+1])
            );
        end
    endgenerate
endmodule
