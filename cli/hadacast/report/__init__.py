"""The report of a build: figures, plots, and one HTML page that needs nothing else."""
