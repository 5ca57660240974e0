// o = (a ^ {WIDTH{negate}}) + more > b, in a Gowin carry chain of one ALU a bit, and two.
//
// An ALU is SUM = S ^ CIN, COUT = S ? CIN : C, where S and C are its mode's functions of I0, I1 and I3
// (UG288).
module hadacast_exceeds_gowin #(
    parameter WIDTH = 16
) (
    input  [WIDTH-1:0] a,
    input  [WIDTH-1:0] b,
    input              negate,
    input              more,
    output             o
);
    // S = I0 ^ ~I1, C = I0. From 0 - more, with a carry of 1, comes ~more.
    localparam SUB = 1;
    // S = I3 ? I0 ^ I1 : I0 ^ ~I1, C = I0.
    localparam ADDSUB = 2;

    // There is no carry out of b - (a ^ negate) - more where that is below zero.
    wire [WIDTH:0] carry;
    ALU #(.ALU_MODE(SUB)) start (
        .I0(1'b0), .I1(more), .I3(1'b0), .CIN(1'b1), .COUT(carry[0]), .SUM()
    );

    genvar i;
    generate
        for (i = 0; i < WIDTH; i = i + 1) begin : bit
            ALU #(.ALU_MODE(ADDSUB)) compare (
                .I0(b[i]), .I1(a[i]), .I3(negate), .CIN(carry[i]), .COUT(carry[i+1]), .SUM()
            );
        end
    endgenerate
    assign o = ~carry[WIDTH];
endmodule
