"""What was recorded and what passed: where, when, and of which text."""
