"""What a transform costs, beside the floor of the fabric, the clock of a lone adder, and a peer."""
