"""What pages show: programs, their evidence, timelines, charts, diagrams."""
