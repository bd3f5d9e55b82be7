"""What the threads, processes and tasks of a program did in a recorded run."""
