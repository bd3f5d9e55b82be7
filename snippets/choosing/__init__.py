"""Programs of chapter 8, choosing the right concurrency model."""
