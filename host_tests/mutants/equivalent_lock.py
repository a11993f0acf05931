"""Mutants of mm/lock that no test can notice."""

from host_tests.mutants.argument import Argument

ARGUMENTS: tuple[Argument, ...] = (
    Argument("Without its sleep a waiter tries again at once, and waking nobody does nothing: both "
             "cost processor time only.", (
        "mm/lock/sleep_lock.c: sleep_lock_acquire: call is left out: "
        "platform_sleep_while(&lock->state, SLEEP_LOCK_AWAITED);",
        "mm/lock/sleep_lock.c: sleep_lock_release: condition is true: "
        "held == SLEEP_LOCK_AWAITED",
    )),
)
