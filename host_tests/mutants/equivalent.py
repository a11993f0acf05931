"""Mutants that no test can notice, each with the argument why.

A name that stands for no mutant any more, or whose mutant is killed, fails the test.
"""

from host_tests.mutants import (equivalent_addr, equivalent_audit, equivalent_frame,
                                equivalent_heap, equivalent_lock, equivalent_object,
                                equivalent_paging, equivalent_space)

ARGUMENTS = (
    *equivalent_addr.ARGUMENTS,
    *equivalent_audit.ARGUMENTS,
    *equivalent_frame.ARGUMENTS,
    *equivalent_heap.ARGUMENTS,
    *equivalent_lock.ARGUMENTS,
    *equivalent_object.ARGUMENTS,
    *equivalent_paging.ARGUMENTS,
    *equivalent_space.ARGUMENTS,
)
