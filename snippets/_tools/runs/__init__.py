"""Run a program as a reader would, and compare what it prints."""
