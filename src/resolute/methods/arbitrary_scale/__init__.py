"""Networks of arbitrary scale: an encoder and a decoder of coordinates, trained on single pixels."""
