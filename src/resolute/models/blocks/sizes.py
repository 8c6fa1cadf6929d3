"""Arithmetic on the sides of maps that stays in a traced graph, where a comparison would become a constant.

Sides are integers, or tensors of one integer while a graph is traced.
"""


def larger(a: int, b: int) -> int:
    """The larger one of two sides."""
    return (a + b + abs(a - b)) // 2


def smaller(a: int, b: int) -> int:
    """The smaller one of two sides."""
    return (a + b - abs(a - b)) // 2


def quotient_up(a: int, b: int) -> int:
    """How often a side that is positive goes into one that is not negative, rounded up: `-(-a // b)`, whose division
    an exported graph rounds to zero.
    """
    return (a + b - 1) // b
