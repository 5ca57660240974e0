"""A lone registered adder: the clock that a family's carry chain allows between registers."""

TOP = "adder"


def verilog(width: int) -> str:
    """An adder of `width` bits between registers.

    Nothing can be faster that adds so many bits in one cycle, and a butterfly does; a subtractor's carry
    chain is the same.
    """
    return f"""\
module {TOP}(
  input aclk,
  input [{width - 1}:0] a, b,
  output reg [{width - 1}:0] y
);
  reg [{width - 1}:0] left, right;
  always @(posedge aclk) begin
    left <= a;
    right <= b;
    y <= left + right;
  end
endmodule
"""
