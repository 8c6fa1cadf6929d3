"""What makes a network fast on this machine: the same function, within float rounding. Training executes none of it."""
