"""What the programs of chapter 5 claim."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from unittest import mock

import pytest

from snippets.pitfalls import (
    check_then_act,
    deadlock,
    lock_order,
    locked_update,
    lost_update,
    ordered_transfer,
    plus_equals,
)
from snippets.pitfalls.ordered_transfer import Account

TIMEOUT = 20.0  # seconds; only a broken program waits that long
A_WHILE = 0.2  # seconds that a broken program gets to betray itself; a sound one cannot


class TestDeadlock:
    """It happens every time, is seen, and is over when the program ends."""

    @pytest.mark.parametrize("_", range(5))
    def test_both_are_stuck(
        self,
        _: int,
        unjoined: set[threading.Thread],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        deadlock.main()
        assert not unjoined
        lines = capsys.readouterr().out.splitlines()
        assert lines[0::3] == ["left is stuck:", "right is stuck:"]
        assert lines[1].split()[0] == lines[4].split()[0] == "worker:"
        assert lines[2] == lines[5] == "    take: while not lock.acquire(timeout=0.02):"

    def test_waits_as_long_as_nobody_tells_it_to_give_up(self) -> None:
        lock, give_up = threading.Lock(), threading.Event()
        with ThreadPoolExecutor(1) as pool, lock:
            taken = pool.submit(deadlock.take, lock, give_up)
            assert threading.Event().wait(0.1) is False
            assert not taken.done()
            give_up.set()
            assert taken.result(TIMEOUT) is False

    def test_looks_again_until_the_thread_waits_for_the_lock(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lock, looking, go_on = threading.Lock(), threading.Event(), threading.Event()

        class Thoughtful(threading.Event):
            """Takes its time to say whether it is set."""

            def is_set(self) -> bool:
                looking.set()
                go_on.wait(TIMEOUT)
                return super().is_set()

        give_up = Thoughtful()
        thread = threading.Thread(target=deadlock.take, args=(lock, give_up))
        monkeypatch.setattr("time.sleep", lambda _: go_on.set())
        with lock:
            thread.start()
            looking.wait(TIMEOUT)
            assert deadlock.where_it_waits(thread)[-1].startswith("take: while not")
        thread.join(TIMEOUT)
        lock.release()

    def test_takes_a_lock_that_is_free(self) -> None:
        lock = threading.Lock()
        assert deadlock.take(lock, threading.Event())
        assert lock.locked()

    def test_workers_that_agree_on_the_order_are_not_stuck(self) -> None:
        first, second, give_up = threading.Lock(), threading.Lock(), threading.Event()
        alone = threading.Barrier(1)
        deadlock.worker(first, second, alone, give_up)
        deadlock.worker(first, second, alone, give_up)
        assert not first.locked()
        assert not second.locked()


class Recorder:
    """A lock that writes down when it is taken and given back."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    def __enter__(self) -> None:
        self.log.append(f"+{self.name}")

    def __exit__(self, *_: object) -> None:
        self.log.append(f"-{self.name}")


class TestLockOrder:
    """Whoever asks in whatever order, the locks are taken in one."""

    @pytest.fixture
    def log(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Return what happens to the locks."""
        log: list[str] = []
        for name in lock_order.LOCKS:
            monkeypatch.setitem(lock_order.LOCKS, name, Recorder(name, log))
        return log

    def test_the_order_does_not_depend_on_who_asks(self, log: list[str]) -> None:
        with lock_order.holding("knife", "board"):
            log.append("both")
        with lock_order.holding("board", "knife"):
            log.append("both")
        once = ["+board", "+knife", "both", "-knife", "-board"]
        assert log == once * 2

    def test_a_failure_gives_the_locks_back(self) -> None:
        def fail() -> None:
            with lock_order.holding("knife", "board"):
                raise LookupError

        with pytest.raises(LookupError):
            fail()
        assert not any(lock.locked() for lock in lock_order.LOCKS.values())

    def test_a_cook_waits_for_the_other(self) -> None:
        together = mock.Mock()
        lock_order.cook("knife", "board", together)
        together.wait.assert_called_once_with(timeout=20)

    def test_a_cook_holds_both_locks_each_time(self, log: list[str]) -> None:
        assert lock_order.cook("knife", "board", threading.Barrier(1)) == 1000
        assert log == ["+board", "+knife", "-knife", "-board"] * 1000


class TestOrderedTransfer:
    """Money moves whole, or not at all, and nobody is stuck."""

    def test_locks_are_taken_by_number(self) -> None:
        log: list[str] = []
        one, two = Account(1, 10), Account(2, 10)
        one.lock = Recorder("one", log)  # type: ignore[assignment]
        two.lock = Recorder("two", log)  # type: ignore[assignment]
        ordered_transfer.transfer(one, two, 1)
        ordered_transfer.transfer(two, one, 1)
        assert log == ["+one", "+two", "-two", "-one"] * 2

    @pytest.mark.parametrize("which", ["source", "target"])
    def test_nothing_moves_without_both_locks(self, which: str) -> None:
        source, target = Account(1, 10), Account(2, 10)
        held = {"source": source, "target": target}[which].lock
        with ThreadPoolExecutor(1) as pool:
            with held:
                job = pool.submit(ordered_transfer.transfer, source, target, 3)
                assert not threading.Event().wait(A_WHILE)
                assert (source.balance, target.balance) == (10, 10)
            job.result(TIMEOUT)
        assert (source.balance, target.balance) == (7, 13)

    @pytest.mark.parametrize("amount", [0, -1, 11])
    def test_what_cannot_be_moved_is_refused(self, amount: int) -> None:
        one, two = Account(1, 10), Account(2, 0)
        with pytest.raises(ValueError, match=str(amount)):
            ordered_transfer.transfer(one, two, amount)
        assert (one.balance, two.balance) == (10, 0)
        assert not one.lock.locked()
        assert not two.lock.locked()

    def test_a_thousand_are_sent_when_both_are_there(self) -> None:
        one, two, together = Account(1, 1500), Account(2, 0), mock.Mock()
        ordered_transfer.send_often(one, two, together)
        together.wait.assert_called_once_with(timeout=20)
        assert (one.balance, two.balance) == (500, 1000)

    def test_a_failure_is_not_hidden(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ordered_transfer, "send_often", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ordered_transfer.main()

    def test_everything_can_be_moved(self) -> None:
        one, two = Account(1, 10), Account(2, 0)
        ordered_transfer.transfer(one, two, 10)
        assert (one.balance, two.balance) == (0, 10)


class TestLostUpdates:
    """Without a lock updates are lost every time, with it never."""

    @pytest.mark.parametrize("threads", [2, 10])
    def test_of_all_updates_one_is_left(self, threads: int) -> None:
        assert lost_update.count(threads) == 1

    def test_a_lone_thread_loses_nothing(self) -> None:
        counter, alone = lost_update.Counter(), threading.Barrier(1)
        for _ in range(3):
            lost_update.increment(counter, alone)
        assert counter.value == 3

    def test_a_line_is_three_steps(self) -> None:
        assert [step.split()[0] for step in plus_equals.steps()] == [
            "LOAD_GLOBAL",
            "BINARY_OP",
            "STORE_GLOBAL",
        ]

    @pytest.fixture
    def fresh_total(self) -> Iterator[None]:
        """Begin at zero, and leave the module as it was."""
        plus_equals.total = 0
        yield
        plus_equals.total = 0

    def test_a_failure_of_one_line_is_not_hidden(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(plus_equals, "add", lambda _: 1 / 0)
        monkeypatch.setattr(plus_equals, "steps", list)
        with pytest.raises(ZeroDivisionError):
            plus_equals.main()

    def test_one_line_alone_adds_up(self, fresh_total: None) -> None:
        alone = threading.Barrier(1)
        plus_equals.add(alone)
        plus_equals.add(alone)
        assert plus_equals.total == 2

    def test_with_the_lock_every_update_counts(self) -> None:
        assert locked_update.count(threads=7, times=50) == 350

    def test_nobody_reads_while_somebody_is_between_read_and_write(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counter, between = locked_update.Counter(), threading.Barrier(2)

        invited: list[float] = []

        def meet(seconds: float) -> None:
            invited.append(seconds)
            with pytest.raises(threading.BrokenBarrierError):
                between.wait(A_WHILE)
            between.reset()

        monkeypatch.setattr("time.sleep", meet)
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(locked_update.increment, counter) for _ in range(2)]
        for job in jobs:
            job.result()
        assert counter.value == 2
        assert invited == [0, 0]

    @pytest.mark.parametrize(
        ("program", "how_many"), [(lost_update, [2]), (locked_update, [2, 1])]
    )
    def test_a_failure_is_not_hidden(
        self,
        program: ModuleType,
        how_many: list[int],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(program, "increment", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            program.count(*how_many)

    @pytest.mark.parametrize(
        ("program", "arguments"),
        [
            (lost_update, mock.call(10)),
            (locked_update, mock.call(threads=10, times=100)),
        ],
    )
    def test_counts_as_often_as_it_says(
        self, program: ModuleType, arguments: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        count = mock.Mock()
        monkeypatch.setattr(program, "count", count)
        program.main()
        assert count.mock_calls[0] == arguments


class TestCheckThenAct:
    """Two locked steps are not one."""

    def test_the_last_item_is_sold_twice(self) -> None:
        stock, both_checked = check_then_act.Stock(1), threading.Barrier(2)
        sold = check_then_act.sell(
            lambda: check_then_act.check_then_act(stock, both_checked)
        )
        assert (sold, stock.items) == (2, -1)

    def test_in_one_step_it_is_sold_once(self) -> None:
        stock = check_then_act.Stock(1)
        assert check_then_act.sell(stock.take_if_available) == 1
        assert stock.items == 0

    def test_nothing_is_sold_from_an_empty_shelf(self) -> None:
        stock = check_then_act.Stock(0)
        assert not check_then_act.check_then_act(stock, threading.Barrier(1))
        assert not stock.take_if_available()
        assert stock.items == 0

    @pytest.mark.parametrize("step", ["available", "take", "take_if_available"])
    def test_each_step_takes_the_lock(self, step: str) -> None:
        stock = check_then_act.Stock(1)
        with ThreadPoolExecutor(1) as pool:
            with stock.lock:
                job = pool.submit(getattr(stock, step))
                assert not threading.Event().wait(A_WHILE)
                assert not job.done()
            job.result(TIMEOUT)
