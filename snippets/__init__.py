"""The programs of the guide, a folder for each chapter."""
