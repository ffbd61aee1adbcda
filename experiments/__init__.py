"""Studies about the method, on simulated clips, and their simulator: run from a clone (make experiment), not installed."""
