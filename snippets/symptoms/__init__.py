"""Programs that show the symptoms of the index, and their cures."""
