"""What the programs of chapter 4 claim."""
