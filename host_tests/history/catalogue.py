"""Every bug that history.py makes again."""

from host_tests.history.flush_cases import FLUSH_CASES
from host_tests.history.table_cases import TABLE_CASES

CATALOGUE = FLUSH_CASES + TABLE_CASES
