"""What threads, processes and tasks cost, measured on this machine."""
