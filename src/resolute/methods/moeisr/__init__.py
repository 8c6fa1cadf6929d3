"""MoEISR: every pixel goes to one of several decoders of different depth (Oh et al., arXiv 2311.12077)."""
