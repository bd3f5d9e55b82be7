"""A lock that its owner may take again, where one guarded method calls another."""

import threading


class Inventory:
    """Counts of goods; each method may be called alone, or by another one."""

    def __init__(self) -> None:
        """Begin with empty shelves."""
        self.counts: dict[str, int] = {}
        self.lock = threading.RLock()

    def add(self, name: str, count: int) -> None:
        """Put goods on the shelf."""
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + count

    def add_all(self, delivery: dict[str, int]) -> None:
        """Put a whole delivery on the shelves, with nobody in between."""
        with self.lock:
            for name, count in delivery.items():
                self.add(name, count)  # takes the lock that this thread already has


def main() -> None:
    """Take a delivery; then see what a plain lock would have done."""
    inventory = Inventory()
    inventory.add_all({"nuts": 3, "bolts": 5})
    inventory.add("nuts", 1)
    print(inventory.counts)
    plain = threading.Lock()
    with plain:
        again = plain.acquire(timeout=0.05)
        print("a plain lock, taken again by its owner:", "fine" if again else "stuck")


if __name__ == "__main__":
    main()
