"""What the programs of chapter 2 claim."""

import importlib
import queue
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from unittest import mock

import pytest

from snippets.threads import (
    back_pressure,
    bank_account,
    barrier,
    condition,
    event,
    reentrant_lock,
    semaphore,
    thread_exception,
    thread_local,
    thread_pool,
    worker_threads,
)
from snippets.threads.bank_account import Account, InsufficientFundsError

TIMEOUT = 20.0  # seconds; only a broken program waits that long
A_WHILE = 0.2  # seconds that a broken program gets to betray itself; a sound one cannot


class TestWorkers:
    """Workers, in threads or in a pool, leave nothing undone and hide nothing."""

    @pytest.mark.parametrize("program", [worker_threads, thread_pool])
    def test_every_task_has_its_outcome(self, program: ModuleType) -> None:
        outcomes = program.handle_all([0, *range(1, 101)], workers=7)
        assert isinstance(outcomes.pop(0), ZeroDivisionError)
        assert outcomes == {number: 1 / number for number in range(1, 101)}

    @pytest.mark.parametrize("program", [worker_threads, thread_pool])
    def test_failures_do_not_use_up_the_workers(self, program: ModuleType) -> None:
        (outcome,) = program.handle_all([0, 0, 0, 0], workers=2).values()
        assert isinstance(outcome, ZeroDivisionError)

    @pytest.mark.parametrize("program", [worker_threads, thread_pool])
    def test_workers_work_at_once(
        self, program: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meeting = threading.Barrier(3)
        monkeypatch.setattr(program, "handle", lambda _: meeting.wait(TIMEOUT))
        assert set(program.handle_all(range(3), workers=3).values()) == {0, 1, 2}

    def test_a_worker_ends_at_the_sentinel_and_not_before(self) -> None:
        tasks, outcomes = worker_threads.Tasks(), worker_threads.Outcomes()
        worker = threading.Thread(
            target=worker_threads.worker, args=(tasks, outcomes), daemon=True
        )
        worker.start()
        tasks.put(2)
        assert outcomes.get(timeout=TIMEOUT) == (2, 0.5)
        assert worker.is_alive()
        tasks.put(None)
        worker.join(TIMEOUT)
        assert not worker.is_alive()

    @pytest.mark.parametrize("program", [worker_threads, thread_pool])
    def test_the_program_has_three_workers(
        self, program: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handle_all = mock.Mock(return_value={})
        monkeypatch.setattr(program, "handle_all", handle_all)
        program.main()
        handle_all.assert_called_once_with([1, 2, 4, 0, 5], workers=3)


class TestExceptions:
    """A thread's exception goes to the hook, a task's into its future."""

    def test_the_hook_hears_and_is_put_back(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = threading.excepthook
        thread_exception.in_a_thread()
        assert threading.excepthook is before
        hook, thread = capsys.readouterr().out.splitlines()
        assert hook == "hook: worker-1 died of LookupError('no such order')"
        assert thread.startswith("thread: join() returned")

    def test_the_hook_comes_before_the_return_of_join(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail_later() -> None:
            time.sleep(A_WHILE)
            message = "late"
            raise LookupError(message)

        monkeypatch.setattr(thread_exception, "fail", fail_later)
        thread_exception.in_a_thread()
        assert capsys.readouterr().out.startswith("hook: ")

    def test_a_thread_that_is_gone_has_no_name(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        error = LookupError("no")
        gone = threading.ExceptHookArgs((LookupError, error, None, None))
        thread_exception.report(gone)
        assert capsys.readouterr().out == "hook: a thread died of LookupError('no')\n"

    def test_the_future_keeps_it_until_asked(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        thread_exception.in_a_pool()
        pool, future = capsys.readouterr().out.splitlines()
        assert pool.startswith("pool: closed")
        assert future == "future: result() raised LookupError('no such order')"


def meeting_account(balance: int) -> tuple[Account, Callable[[], None]]:
    """Return an account in which two threads read the balance before either writes.

    If the lock is there, only one of them can read, waits for the other in vain, and
    goes on. The function returned checks that nobody met.
    """
    meeting = threading.Barrier(2)
    met = threading.Event()

    def read(account: Account) -> int:
        seen: int = account.__dict__["amount"]
        try:
            meeting.wait(A_WHILE)
            met.set()
        except threading.BrokenBarrierError:
            meeting.reset()
        return seen

    def write(account: Account, amount: int) -> None:
        account.__dict__["amount"] = amount

    watched = type("Watched", (Account,), {"balance": property(read, write)})

    def check() -> None:
        assert not met.is_set(), "two threads read the balance at once"

    return watched(balance), check


class TestBankAccount:
    """Not a cent is lost, and nothing is taken that is not there."""

    def test_ten_threads_keep_the_invariant(self) -> None:
        account = Account(500)
        with ThreadPoolExecutor(10) as pool:
            changes = pool.map(
                lambda n: bank_account.use(account, deposits=n % 2 == 0), range(10)
            )
        assert account.balance == 500 + sum(changes)
        assert account.balance >= 0

    @pytest.mark.parametrize("action", ["deposit", "withdraw"])
    def test_nobody_else_reads_between_read_and_write(self, action: str) -> None:
        account, check_nobody_met = meeting_account(100)
        pair = [
            threading.Thread(target=getattr(account, action), args=(10,))
            for _ in range(2)
        ]
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join(TIMEOUT)
        check_nobody_met()

    def test_no_more_is_taken_than_is_there(self) -> None:
        account = Account(5)
        with pytest.raises(InsufficientFundsError, match="6 cents asked, 5 there"):
            account.withdraw(6)
        account.withdraw(5)
        assert account.balance == 0

    def test_the_balance_is_compared_with_all_changes(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(bank_account, "use", lambda *_, **__: 7)
        bank_account.main()
        first = capsys.readouterr().out.splitlines()[0]
        assert first == "balance 10000 as it must be 10070"

    def test_what_is_refused_is_reported(self) -> None:
        assert bank_account.use(Account(3), deposits=False) == -3

    @pytest.mark.parametrize("amount", [0, -1])
    def test_amounts_must_be_positive(self, amount: int) -> None:
        account = Account(5)
        with pytest.raises(ValueError, match=f"not {amount}"):
            account.deposit(amount)
        with pytest.raises(ValueError, match=f"not {amount}"):
            account.withdraw(amount)
        assert account.balance == 5

    def test_a_transfer_moves_money_or_does_nothing(self) -> None:
        source, target = Account(5), Account(1)
        bank_account.transfer(source, target, 4)
        assert (source.balance, target.balance) == (1, 5)
        with pytest.raises(InsufficientFundsError):
            bank_account.transfer(source, target, 2)
        assert (source.balance, target.balance) == (1, 5)


def blocked_by(lock: threading.Lock, action: Callable[[], object]) -> bool:
    """Tell whether an action in another thread waits for a lock that this one holds."""
    thread = threading.Thread(target=action)
    with lock:
        thread.start()
        thread.join(A_WHILE)
        blocked = thread.is_alive()
    thread.join(TIMEOUT)
    return blocked


class TestReentrantLock:
    """A delivery is one step, though it is made of several."""

    def test_goods_are_counted(self) -> None:
        inventory = reentrant_lock.Inventory()
        inventory.add_all({"nuts": 3, "bolts": 5})
        inventory.add("nuts", 1)
        assert inventory.counts == {"nuts": 4, "bolts": 5}

    def test_nobody_comes_in_between(self) -> None:
        inventory = reentrant_lock.Inventory()
        delivery = {"nuts": 1}
        lock: threading.Lock = inventory.lock  # type: ignore[assignment]  # alike in use
        assert blocked_by(lock, lambda: inventory.add_all(delivery))
        assert blocked_by(lock, lambda: inventory.add("nuts", 1))

    def test_the_whole_delivery_holds_the_lock(self) -> None:
        inventory = reentrant_lock.Inventory()
        free: list[bool] = []

        class Delivery(dict[str, int]):
            """Looks whether the lock is free while the delivery is under way."""

            def items(self) -> object:  # type: ignore[override]  # iterated over only
                with ThreadPoolExecutor(1) as pool:
                    taken = pool.submit(inventory.lock.acquire, blocking=False)
                    free.append(taken.result())
                return super().items()

        inventory.add_all(Delivery(nuts=1))
        assert free == [False]

    def test_a_plain_lock_would_be_stuck(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        reentrant_lock.main()
        assert capsys.readouterr().out.endswith("by its owner: stuck\n")

    def test_a_reentrant_one_would_not(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("threading.Lock", threading.RLock)
        reentrant_lock.main()
        assert capsys.readouterr().out.endswith("by its owner: fine\n")


class TestCondition:
    """Who waits is woken, and does not go on too early."""

    def test_waits_for_the_last_one(self) -> None:
        turnstile = condition.Turnstile()
        seen: queue.SimpleQueue[int] = queue.SimpleQueue()
        guide = threading.Thread(target=lambda: seen.put(turnstile.wait_for(2)))
        guide.start()
        turnstile.enter()
        assert seen.empty()
        turnstile.enter()
        assert seen.get(timeout=TIMEOUT) == 2
        guide.join()

    def test_all_who_wait_are_woken(self) -> None:
        turnstile = condition.Turnstile()
        with ThreadPoolExecutor(3) as pool:
            guides = [pool.submit(turnstile.wait_for, 1) for _ in range(3)]
            turnstile.enter()
        assert [guide.result() for guide in guides] == [1, 1, 1]

    def test_says_how_many_are_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        turnstile = condition.Turnstile()
        monkeypatch.setattr(turnstile.changed, "wait_for", lambda *_, **__: False)
        with pytest.raises(TimeoutError, match="only 0 of 1 came"):
            turnstile.wait_for(1)


class TestSemaphore:
    """Two at once, no more and no less."""

    def test_the_bound_is_kept_and_reached(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meeting = threading.Barrier(2)
        monkeypatch.setattr("time.sleep", lambda _: meeting.wait(TIMEOUT))
        assert semaphore.download_all(downloads=6, at_once=2) == 2

    def test_without_a_bound_all_run_at_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meeting = threading.Barrier(6)
        monkeypatch.setattr("time.sleep", lambda _: meeting.wait(TIMEOUT))
        assert semaphore.download_all(downloads=6, at_once=6) == 6

    def test_both_counts_change_under_the_lock(self) -> None:
        mark = semaphore.HighWater()
        with mock.patch.object(mark, "lock", mock.MagicMock()) as lock:
            with mark:
                assert lock.__enter__.call_count == lock.__exit__.call_count == 1
            assert lock.__enter__.call_count == lock.__exit__.call_count == 2

    @pytest.mark.parametrize(("most", "said"), [(2, "kept"), (3, "broken, 3")])
    def test_a_broken_bound_is_said(
        self,
        most: int,
        said: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        download_all = mock.Mock(return_value=most)
        monkeypatch.setattr(semaphore, "download_all", download_all)
        semaphore.main()
        download_all.assert_called_once_with(downloads=6, at_once=2)
        assert capsys.readouterr().out.endswith(f"at once: {said}\n")

    def test_a_failure_is_not_hidden(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(semaphore, "download", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            semaphore.download_all(downloads=2, at_once=1)

    def test_a_slot_comes_back_from_a_failure(self) -> None:
        slots, mark = threading.BoundedSemaphore(1), semaphore.HighWater()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("time.sleep", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                semaphore.download(slots, mark)
        assert slots.acquire(blocking=False)
        assert mark.inside == 0


class TestSmallPrimitives:
    """Event, barrier and thread-local values."""

    def test_a_sleeping_poller_is_woken(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        event.main()
        assert "after 1 round" in capsys.readouterr().out

    def test_it_is_stopped_after_its_first_round(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def poll_late(stop: threading.Event, first_round: threading.Event) -> None:
            time.sleep(A_WHILE)
            print("stopped first" if stop.is_set() else "looked first")
            first_round.set()

        monkeypatch.setattr(event, "poll", poll_late)
        event.main()
        assert capsys.readouterr().out.startswith("looked first")

    def test_a_poller_looks_again_until_it_is_told(self) -> None:
        class ThirdTime(threading.Event):
            """Is set the third time it is asked."""

            asked = 0

            def wait(self, timeout: float | None = None) -> bool:
                self.asked += 1
                return self.asked == 3

        stop = ThirdTime()
        event.poll(stop, threading.Event())
        assert stop.asked == 3

    def test_nobody_computes_before_all_have_loaded(self) -> None:
        parts, everybody = [0, 0], threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(barrier.work, n, parts, everybody) for n in range(2)]
        assert [job.result() for job in jobs] == [30, 30]

    def test_a_lone_worker_waits(self) -> None:
        everybody = threading.Barrier(2)
        lone = threading.Thread(target=barrier.work, args=(0, [0, 0], everybody))
        lone.start()
        lone.join(A_WHILE)
        assert lone.is_alive()
        everybody.wait(TIMEOUT)
        lone.join(TIMEOUT)

    def test_threads_do_not_see_each_others_value(self) -> None:
        both_here = threading.Barrier(2)
        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(thread_local.ask_twice, both_here) for _ in range(2)]
        pairs = [job.result() for job in jobs]
        assert all(first == second for first, second in pairs)
        assert pairs[0] != pairs[1]

    def test_values_that_differ_are_shown_to_differ(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(thread_local, "ask_twice", lambda _: ("mine", "yours"))
        thread_local.main()
        assert capsys.readouterr().out.startswith("mine != yours\n")

    def test_a_connection_is_opened_once(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(thread_local.local, "connection", "mine", raising=False)
        assert thread_local.connection() == "mine"
        thread_local.main()
        assert capsys.readouterr().out.endswith("main thread has one: True\n")


class TestBackPressure:
    """A producer cannot run ahead of its consumers."""

    def test_the_third_item_has_to_wait(self) -> None:
        items: queue.Queue[int] = queue.Queue(maxsize=2)
        waiting = threading.Event()
        producer = threading.Thread(target=back_pressure.produce, args=(items, waiting))
        producer.start()
        assert waiting.wait(TIMEOUT)
        assert (items.full(), producer.is_alive()) == (True, True)
        assert [items.get(timeout=TIMEOUT) for _ in range(3)] == [1, 2, 3]
        producer.join()

    def test_nothing_is_taken_before_it_waits(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        room: list[bool] = []

        def produce_late(items: queue.Queue[int], waiting: threading.Event) -> None:
            items.put(1)
            time.sleep(A_WHILE)
            room.append(items.empty())
            waiting.set()
            items.put(2)
            items.put(3)

        monkeypatch.setattr(back_pressure, "produce", produce_late)
        back_pressure.main()
        assert room == [False]


needs_shutdown = pytest.mark.skipif(
    sys.version_info < (3, 13), reason="Queue.shutdown needs Python 3.13"
)


@pytest.mark.parametrize(
    "name", ["bounded_queue", pytest.param("queue_shutdown", marks=needs_shutdown)]
)
class TestProducerAndConsumers:
    """Every item is handled once, and nobody waits for ever."""

    def test_every_item_is_handled_once(self, name: str) -> None:
        program = importlib.import_module(f"snippets.threads.{name}")
        numbers = [str(number) for number in range(1000)]
        expected = sorted(f"{number}: {int(number) * 2}" for number in numbers)
        assert program.handle(numbers) == expected

    def test_items_that_raise_are_reported(self, name: str) -> None:
        program = importlib.import_module(f"snippets.threads.{name}")
        outcomes = program.handle(["x", "y", "z", "1"])
        assert outcomes[0] == "1: 2"
        assert [outcome.split(",")[0] for outcome in outcomes[1:]] == [
            "x: failed",
            "y: failed",
            "z: failed",
        ]

    def test_every_item_is_marked_as_done(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = importlib.import_module(f"snippets.threads.{name}")
        queues: list[queue.Queue[object]] = []
        original = queue.Queue.__init__

        def remember(self: queue.Queue[object], maxsize: int = 0) -> None:
            queues.append(self)
            original(self, maxsize)

        monkeypatch.setattr(queue.Queue, "__init__", remember)
        program.handle(["1", "two", "3"])
        assert [q.unfinished_tasks for q in queues] == [0]
        assert [q.maxsize for q in queues] == [3]

    def test_both_consumers_work_at_once(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = importlib.import_module(f"snippets.threads.{name}")
        meeting = threading.Barrier(2)

        def meet(order: str) -> int:
            meeting.wait(TIMEOUT)
            return int(order)

        monkeypatch.setattr(program, "int", meet, raising=False)
        assert len(program.handle(["1", "2", "3", "4"])) == 4
        assert program.CONSUMERS == 2


@needs_shutdown
def test_consumers_go_home_when_the_producer_fails() -> None:
    program = importlib.import_module("snippets.threads.queue_shutdown")
    items: queue.Queue[str] = queue.Queue()
    with pytest.raises(TypeError):
        program.produce(items, 5)
    program.consume(items, queue.SimpleQueue())
