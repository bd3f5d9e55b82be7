"""Programs of chapter 2, multithreaded programming."""
