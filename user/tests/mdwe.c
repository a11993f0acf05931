/* PR_SET_MDWE: memory that may be executed was so from the first, and is never writable. */

#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr int READ_EXECUTE = PROT_READ | PROT_EXEC;
constexpr int ALL = PROT_READ | PROT_WRITE | PROT_EXEC;
constexpr int DENY = 1, DENY_SELF = 3;
constexpr int SET = 65, GET = 66; /* PR_SET_MDWE, PR_GET_MDWE */

static char *map(int rights) {
    return mmap(nullptr, 2 * PAGE, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void show_map(const char *what, int rights) {
    char *pages = map(rights);
    show_ok(what, pages == MAP_FAILED ? -1 : 0);
}

static char *before;

static void try_all(void) {
    show_map("map all", ALL);
    show_map("map code", READ_EXECUTE);
    show_map("map data", READ_WRITE);
    char *code = map(READ_EXECUTE), *data = map(READ_WRITE);
    show("code as it is", mprotect(code, PAGE, READ_EXECUTE));
    show("code becomes all", mprotect(code, PAGE, ALL));
    show("code becomes data", mprotect(code, PAGE, READ_WRITE));
    show("and code again", mprotect(code, PAGE, READ_EXECUTE));
    show("data becomes code", mprotect(data, PAGE, READ_EXECUTE));
    show("data becomes nothing", mprotect(data, PAGE, PROT_NONE));
    show("nothing becomes code", mprotect(data, PAGE, PROT_EXEC));
    show("over both", mprotect(code, 2 * PAGE, PROT_EXEC));
    show("old all stays", mprotect(before, PAGE, ALL));
    show("old all becomes code", mprotect(before, PAGE, READ_EXECUTE));
    void *fixed = mmap(data, PAGE, ALL, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    show_ok("over data", fixed == MAP_FAILED ? -1 : 0);
    say("data: %s", read_outcome(data + PAGE));
    int file = scratch_file("file", PAGE);
    void *shown = mmap(nullptr, PAGE, ALL, MAP_SHARED, file, 0);
    show_ok("a file", shown == MAP_FAILED ? -1 : 0);
    int segment = shmget(IPC_PRIVATE, PAGE, 0700);
    void *attached = shmat(segment, nullptr, SHM_EXEC);
    show_ok("a segment", attached == (void *)-1 ? -1 : 0);
    attached = shmat(segment, nullptr, SHM_EXEC | SHM_RDONLY);
    show_ok("a segment, not to be written to", attached == (void *)-1 ? -1 : 0);
    shmctl(segment, IPC_RMID, nullptr);
}

static void deny(void) {
    before = map(ALL);
    show("deny", prctl(SET, DENY, 0, 0, 0));
    try_all();
    say("in a child");
    show_child("child", try_all);
}

static void look(void) {
    show("denied", prctl(GET, 0, 0, 0, 0));
    show_map("map all", ALL);
}

static void deny_self(void) {
    show("deny, without children", prctl(SET, DENY_SELF, 0, 0, 0));
    look();
    show_child("child", look);
}

int main(void) {
    show_child("denied", deny);
    show_child("denied without children", deny_self);
    look();
    return 0;
}
