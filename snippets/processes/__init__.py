"""Programs of chapter 3, multiprocessing programming."""
