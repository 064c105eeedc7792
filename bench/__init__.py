"""Load generators and side-by-side benchmarks; see bench/README.md."""
