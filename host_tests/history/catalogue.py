"""Every bug that history.py makes again."""

from host_tests.history.flush_cases import FLUSH_CASES
from host_tests.history.fork_cases import FORK_CASES
from host_tests.history.refused_cases import REFUSED_CASES
from host_tests.history.space_cases import SPACE_CASES
from host_tests.history.table_cases import TABLE_CASES

CATALOGUE = FLUSH_CASES + TABLE_CASES + SPACE_CASES + FORK_CASES + REFUSED_CASES
