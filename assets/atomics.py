"""Atomic integers and a fence for CPython, as poolscope's explorer knows them: each method is one step.

Real atomics are instructions of the processor. Here a lock stands in for them, so that a program that uses them runs
under `python3` unchanged: put this file beside it, or its folder on PYTHONPATH.
"""

import threading

_lock = threading.Lock()


class Atomic:
    """A value that is read and written in one step, whoever else is at it."""

    def __init__(self, value=0):
        self._value = value

    def load(self):
        """The value."""
        with _lock:
            return self._value

    def store(self, value):
        """Sets the value."""
        with _lock:
            self._value = value

    def swap(self, value):
        """Sets the value; returns the one before."""
        with _lock:
            before, self._value = self._value, value
            return before

    def add(self, amount):
        """Adds to the value; returns the one before."""
        with _lock:
            before = self._value
            self._value = before + amount
            return before

    def compare_exchange(self, expected, value):
        """Sets the value if it is `expected`; returns whether it was."""
        with _lock:
            if self._value != expected:
                return False
            self._value = value
            return True


def fence():
    """Whatever this thread wrote before is seen by all from here on."""
    with _lock:
        pass
