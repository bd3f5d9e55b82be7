"""What the tests are: see the map in CONTRIBUTING.md."""
