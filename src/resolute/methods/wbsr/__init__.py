"""WBSR: a supernet of three widths and three depths, of which every patch takes the one that its gradients call for."""
