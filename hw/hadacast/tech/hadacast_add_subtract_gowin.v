// o = subtract ? a - b : a + b, modulo 2^WIDTH, in a Gowin carry chain of one ALU a bit, and one.
//
// An ALU is SUM = S ^ CIN, COUT = S ? CIN : C, where S and C are its mode's functions of I0, I1 and I3
// (UG288).
module hadacast_add_subtract_gowin #(
    parameter WIDTH = 16
) (
    input  [WIDTH-1:0] a,
    input  [WIDTH-1:0] b,
    input              subtract,
    output [WIDTH-1:0] o
);
    // S = I0 ^ I1, C = I0. Of a bit and itself the carry is the bit, whatever CIN is: nextpnr's own cell that
    // hands a signal to a chain also passes on the carry of whatever chain is placed before it.
    localparam ADD = 0;
    // S = I3 ? I0 ^ I1 : I0 ^ ~I1, C = I0.
    localparam ADDSUB = 2;

    wire [WIDTH:0] carry;
    ALU #(.ALU_MODE(ADD)) start (
        .I0(subtract), .I1(subtract), .I3(1'b0), .CIN(1'b0), .COUT(carry[0]), .SUM()
    );

    genvar i;
    generate
        for (i = 0; i < WIDTH; i = i + 1) begin : bit
            ALU #(.ALU_MODE(ADDSUB)) add (
                .I0(a[i]), .I1(b[i]), .I3(~subtract), .CIN(carry[i]), .COUT(carry[i+1]), .SUM(o[i])
            );
        end
    endgenerate
endmodule
