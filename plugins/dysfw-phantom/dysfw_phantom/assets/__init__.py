"""The head mesh: head.npz, built by build.py from the CC0 assets of MakeHuman and MPFB."""
