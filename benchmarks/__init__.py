"""Side-by-side benchmarks of symgrad and its peers: see README.md; `python -m benchmarks` runs them."""
