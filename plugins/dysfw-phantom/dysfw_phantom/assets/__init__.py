"""The head mesh (head.npz, built by build.py from CC0 MakeHuman and MPFB files)."""
