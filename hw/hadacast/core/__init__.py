"""The hardware: one component for each stage spec, the pipeline, the AXI4-Stream top."""
