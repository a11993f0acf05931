#include <cstdio>
#include <cstdlib>

#include "lib/check.h"

void check_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "%s:%d: CHECK(%s) failed\n", file, line, condition);
    abort();
}
