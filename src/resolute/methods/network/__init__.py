"""Methods that are a network and nothing else: most of them."""
