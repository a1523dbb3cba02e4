"""Small real components for tests: fast, deterministic, and some of them faulty on demand."""
