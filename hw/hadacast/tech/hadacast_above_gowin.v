// o = a > b, both unsigned, in a Gowin carry chain of one ALU a bit.
//
// An ALU is SUM = S ^ CIN, COUT = S ? CIN : C, where S and C are its mode's functions of I0 and I1 (UG288).
module hadacast_above_gowin #(
    parameter WIDTH = 16
) (
    input  [WIDTH-1:0] a,
    input  [WIDTH-1:0] b,
    output             o
);
    // S = I0 ^ ~I1, C = I0.
    localparam SUB = 1;

    // There is no carry out of b - a where that is below zero.
    wire [WIDTH:0] carry;
    assign carry[0] = 1'b1;

    genvar i;
    generate
        for (i = 0; i < WIDTH; i = i + 1) begin : bit
            ALU #(.ALU_MODE(SUB)) compare (
                .I0(b[i]), .I1(a[i]), .I3(1'b0), .CIN(carry[i]), .COUT(carry[i+1]), .SUM()
            );
        end
    endgenerate
    assign o = ~carry[WIDTH];
endmodule
