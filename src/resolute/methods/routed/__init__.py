"""Networks whose routers send an image to one of several experts, layer by layer."""
