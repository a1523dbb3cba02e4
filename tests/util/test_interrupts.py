"""Signals that arrive while processes start."""

import os
import signal
import threading

import pytest

from dysfw.util.interrupts import interrupts_deferred


class StoppedError(Exception):
    pass


@pytest.fixture(params=["SIGINT", "SIGTERM"])
def number(request):
    number = getattr(signal, request.param)

    def stop(*_):
        raise StoppedError

    previous = signal.signal(number, stop)
    yield number
    signal.signal(number, previous)


def test_a_signal_is_handled_after_the_processes_have_started(number):
    done = []

    def start():
        with interrupts_deferred():
            os.kill(os.getpid(), number)
            done.append(sum(range(100_000)))  # Python handles signals between instructions

    with pytest.raises(StoppedError):
        start()
    assert done
    with pytest.raises(StoppedError):  # the handler is back
        os.kill(os.getpid(), number)


def test_an_ignored_signal_stays_ignored(number):
    signal.signal(number, signal.SIG_IGN)
    with interrupts_deferred():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) == signal.SIG_IGN


def test_another_thread_may_start_processes(number):
    finished = []

    def start():
        with interrupts_deferred():
            finished.append(True)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert finished
