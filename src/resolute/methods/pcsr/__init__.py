"""PCSR: a light and a heavy decoder, and a classifier of pixels that weighs its chances against what each costs."""
