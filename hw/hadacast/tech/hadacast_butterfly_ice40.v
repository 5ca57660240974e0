// The adders of a butterfly in iCE40 logic cells, one a bit, and one inverter a bit:
//   sum = meets ? a + x : a        difference = meets ? a - x : x
//
// A cell is LUT4(I0, I1, I2, I3) beside a carry majority(I1, I2, CI), with I3 = CI. The carry sees
// I1 and I2 as they are, so `meets` selects in the LUT only, and the difference wants x inverted.
//
// That can't be avoided here: of two chains that add and subtract the same a and x, one operand is wanted in
// both polarities, however they are stored. A chain behind the other needs no inverter, for a - x is
// 2a + ~(a + x) + 1 and the LUT of a sum may invert; but its LUT then sees 2a and the sum's bit, and x, which
// it hands on where the two don't meet, would be a fifth input beside `meets` and the carry.
module hadacast_butterfly_ice40 #(
    parameter WIDTH = 16                    // bits of an arriving element
) (
    input  signed [WIDTH:0]   a,            // one element or, unless they meet, a difference
    input  signed [WIDTH-1:0] x,            // the other element
    input                     meets,        // whether the two meet
    output signed [WIDTH:0]   sum,
    output signed [WIDTH:0]   difference
);
    // I0 = meets, I1 = a, I3 = carry. SUM: I2 = x, meets ? a ^ x ^ carry : a.
    localparam [15:0] SUM = 16'hC66C;
    // DIFFERENCE: I2 = ~x, meets ? a ^ ~x ^ carry : x.
    localparam [15:0] DIFFERENCE = 16'h872D;

    wire signed [WIDTH:0] wide_x = x;
    wire signed [WIDTH:0] inverted_x = ~wide_x;
    wire [WIDTH+1:0] sum_carry, difference_carry;
    assign sum_carry[0] = 1'b0;
    assign difference_carry[0] = 1'b1;

    genvar i;
    generate
        for (i = 0; i <= WIDTH; i = i + 1) begin : bit
            SB_LUT4 #(.LUT_INIT(SUM)) add (
                .I0(meets), .I1(a[i]), .I2(wide_x[i]), .I3(sum_carry[i]), .O(sum[i])
            );
            SB_LUT4 #(.LUT_INIT(DIFFERENCE)) subtract (
                .I0(meets), .I1(a[i]), .I2(inverted_x[i]), .I3(difference_carry[i]), .O(difference[i])
            );
            SB_CARRY add_carry (
                .I0(a[i]), .I1(wide_x[i]), .CI(sum_carry[i]), .CO(sum_carry[i+1])
            );
            SB_CARRY subtract_carry (
                .I0(a[i]), .I1(inverted_x[i]), .CI(difference_carry[i]), .CO(difference_carry[i+1])
            );
        end
    endgenerate
endmodule
