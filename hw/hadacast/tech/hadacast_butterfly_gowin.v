// The adders of a butterfly in Gowin carry chains, one ALU a bit, and one LUT a bit:
//   sum = meets ? a + x : a        difference = meets ? a - x : x
//
// An ALU is SUM = S ^ CIN, COUT = S ? CIN : C, where S and C are its mode's functions of I0, I1 and I3
// (UG288). No mode both subtracts and selects, so a LUT replaces a by -1 where the two don't meet:
// -1 + x and the carry of the subtraction, 1, are x. That carry is constant for a second reason: nextpnr's
// cell that hands a signal to a chain also passes on the carry of whatever chain is placed before it.
// tools.gowin_alu puts that LUT into the ALU.
module hadacast_butterfly_gowin #(
    parameter WIDTH = 16                    // bits of an arriving element
) (
    input  signed [WIDTH:0]   a,            // one element or, unless they meet, a difference
    input  signed [WIDTH-1:0] x,            // the other element
    input                     meets,        // whether the two meet
    output signed [WIDTH:0]   sum,
    output signed [WIDTH:0]   difference
);
    // S = I0 & I1 ^ I3, C = I0 & I1: a multiplier's step is what `meets` asks of a sum.
    localparam MULT = 9;
    // S = I3 ? I0 ^ I1 : I0 ^ ~I1, C = I0.
    localparam ADDSUB = 2;

    wire signed [WIDTH:0] wide_x = x;
    wire signed [WIDTH:0] minuend = a | {WIDTH+1{~meets}};
    wire [WIDTH+1:0] sum_carry, difference_carry;
    assign sum_carry[0] = 1'b0;
    assign difference_carry[0] = 1'b1;

    genvar i;
    generate
        for (i = 0; i <= WIDTH; i = i + 1) begin : bit
            ALU #(.ALU_MODE(MULT)) add (
                .I0(wide_x[i]), .I1(meets), .I3(a[i]),
                .CIN(sum_carry[i]), .COUT(sum_carry[i+1]), .SUM(sum[i])
            );
            ALU #(.ALU_MODE(ADDSUB)) subtract (
                .I0(minuend[i]), .I1(wide_x[i]), .I3(~meets),
                .CIN(difference_carry[i]), .COUT(difference_carry[i+1]), .SUM(difference[i])
            );
        end
    endgenerate
endmodule
