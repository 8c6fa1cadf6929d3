"""ARM: a supernet of several widths, of which every patch takes the one that its edges call for.

Bicubic enlargement is the cheapest of its subnets, at no cost.
"""
