// o = a > b, both unsigned, in a carry chain of AMD's (Xilinx) 7 series, one LUT a bit.
//
// A bit of a CARRY4 is O = S ^ CI, CO = S ? CI : DI (UG474).
module hadacast_above_xilinx7 #(
    parameter WIDTH = 16
) (
    input  [WIDTH-1:0] a,
    input  [WIDTH-1:0] b,
    output             o
);
    // There is no carry out of b - a where that is below zero.
    // I0 = b, I1 = a: S = ~(b ^ a). Where it is 0 the carry is b.
    localparam [3:0] BIT = 4'h9;

    // Carries come in fours; the rest is left open.
    localparam FOURS = (WIDTH + 3) / 4;
    wire [4*FOURS-1:0] s;
    wire [4*FOURS-1:0] d = b;
    wire [4*FOURS:0] carry;
    assign carry[0] = 1'b0;
    assign o = ~carry[WIDTH];

    genvar i;
    generate
        for (i = 0; i < 4 * FOURS; i = i + 1) begin : bit
            if (i < WIDTH)
                LUT2 #(.INIT(BIT)) compare (.I0(b[i]), .I1(a[i]), .O(s[i]));
            else
                assign s[i] = 1'b0;
        end
        for (i = 0; i < 4 * FOURS; i = i + 4) begin : four
            CARRY4 compare (
                .CI(carry[i]), .CYINIT(i == 0 ? 1'b1 : 1'b0), .DI(d[i +: 4]), .S(s[i +: 4]),
                .O(), .CO(carry[i+1 +: 4])
            );
        end
    endgenerate
endmodule
