"""Programs of chapter 1, concurrency basics."""
