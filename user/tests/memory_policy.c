/* The policies of man 2 mbind and its like, on a machine whose only node is 0. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr size_t PAGES = 8;
constexpr long SET_MEMPOLICY_HOME_NODE = 450;

constexpr unsigned STATIC = 1 << 15;
constexpr unsigned RELATIVE = 1 << 14;
constexpr unsigned BALANCING = 1 << 13;

static const struct {
    unsigned mode;
    const char *name;
} modes[] = {
    {0, "default"},        {1, "preferred"}, {2, "bind"}, {3, "interleave"},    {4, "local"},
    {5, "preferred many"}, {6, "weighted"},  {99, "99"},  {1 << 12, "1 << 12"},
};

static const struct {
    unsigned flags;
    const char *name;
} flags[] = {
    {0, "-"},
    {STATIC, "static"},
    {RELATIVE, "relative"},
    {STATIC | RELATIVE, "both"},
    {BALANCING, "balancing"},
};

static const struct {
    unsigned long nodes[2];
    unsigned long count;
    const char *name;
} sets[] = {
    {{0}, 0, "none"}, {{1}, 65, "0"}, {{2}, 65, "1"}, {{3}, 65, "0-1"}, {{0, 1}, 129, "64"},
};

static void show_policy(const char *what) {
    int mode = -1;
    unsigned long nodes = 77;
    long result = call(get_mempolicy, &mode, &nodes, 65, nullptr, 0);
    say("%s: %s, mode %#x, nodes %#lx", what, result == 0 ? "ok" : error_name(errno),
        (unsigned)mode, nodes);
}

static void try_mode(size_t mode, size_t flag) {
    for (size_t set = 0; set < sizeof(sets) / sizeof(*sets); set++) {
        char what[96];
        const unsigned long *nodes = sets[set].count ? sets[set].nodes : nullptr;
        long result =
            call(set_mempolicy, modes[mode].mode | flags[flag].flags, nodes, sets[set].count);
        snprintf(what, sizeof(what), "%s %s of %s", modes[mode].name, flags[flag].name,
                 sets[set].name);
        show(what, result);
        if (result == 0) {
            show_policy("  is");
        }
        call(set_mempolicy, 0, nullptr, 0);
    }
}

static void check_modes(void) {
    for (size_t mode = 0; mode < sizeof(modes) / sizeof(*modes); mode++) {
        for (size_t flag = 0; flag < sizeof(flags) / sizeof(*flags); flag++) {
            try_mode(mode, flag);
        }
    }
}

static void check_sets(void) {
    static unsigned long large[PAGE];
    large[0] = 1;
    show("one bit", call(set_mempolicy, 2, large, 1));
    show("two bits", call(set_mempolicy, 2, large, 2));
    show("no bits", call(set_mempolicy, 2, large, 0));
    show("1024 bits", call(set_mempolicy, 2, large, 1025));
    show("too many", call(set_mempolicy, 2, large, 32770));
    show("as many as may be", call(set_mempolicy, 2, large, 32769));
    large[17] = 1;
    show("one that cannot be", call(set_mempolicy, 2, large, 32769));
    show("not looked at", call(set_mempolicy, 2, large, 1024));
    show("bad address", call(set_mempolicy, 2, 1, 65));
    show("null", call(set_mempolicy, 2, nullptr, 65));
    show_policy("still");
    call(set_mempolicy, 0, nullptr, 0);
}

static void check_getting(void) {
    int mode = -1;
    unsigned long nodes[3] = {7, 7, 7};
    char *pages = mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show("nothing wanted", call(get_mempolicy, nullptr, nullptr, 0, nullptr, 0));
    show("no room", call(get_mempolicy, nullptr, nodes, 0, nullptr, 0));
    show("one bit", call(get_mempolicy, nullptr, nodes, 1, nullptr, 0));
    say("%lx %lx %lx", nodes[0], nodes[1], nodes[2]);
    show("129 bits", call(get_mempolicy, nullptr, nodes, 130, nullptr, 0));
    say("%lx %lx %lx", nodes[0], nodes[1], nodes[2]);
    show("too many", call(get_mempolicy, nullptr, nodes, 32770, nullptr, 0));
    show("bad mode", call(get_mempolicy, 1, nullptr, 0, nullptr, 0));
    show("bad nodes", call(get_mempolicy, &mode, 1, 65, nullptr, 0));
    show("unknown flag", call(get_mempolicy, &mode, nodes, 65, nullptr, 8));
    show("address without the flag", call(get_mempolicy, &mode, nodes, 65, pages, 0));
    show("node", call(get_mempolicy, &mode, nodes, 65, nullptr, 1));
    show("allowed", call(get_mempolicy, &mode, nodes, 65, nullptr, 4));
    say("mode %d nodes %lx", mode, nodes[0]);
    show("allowed and node", call(get_mempolicy, &mode, nodes, 65, nullptr, 5));
    show("allowed and address", call(get_mempolicy, &mode, nodes, 65, pages, 6));
    show("no memory there", call(get_mempolicy, &mode, nodes, 65, nullptr, 2));
    show("of an address", call(get_mempolicy, &mode, nodes, 65, pages, 2));
    say("mode %d nodes %lx", mode, nodes[0]);
    show("node of an address", call(get_mempolicy, &mode, nodes, 65, pages, 3));
    say("node %d nodes %lx", mode, nodes[0]);
    mprotect(pages, PAGE, PROT_NONE);
    show("without rights", call(get_mempolicy, &mode, nodes, 65, pages, 3));
    unsigned long node = 1;
    call(set_mempolicy, 3, &node, 65);
    show("next node", call(get_mempolicy, &mode, nodes, 65, nullptr, 1));
    say("node %d nodes %lx", mode, nodes[0]);
    call(set_mempolicy, 2, &node, 65);
    show("next node, bound", call(get_mempolicy, &mode, nodes, 65, nullptr, 1));
    show("of the thread", call(get_mempolicy, &mode, nodes, 65, pages + PAGE, 2));
    say("mode %d nodes %lx", mode, nodes[0]);
    call(set_mempolicy, 0, nullptr, 0);
}

static void show_area(const char *what, const char *address) {
    int mode = -1;
    unsigned long nodes = 0;
    long result = call(get_mempolicy, &mode, &nodes, 65, address, 2);
    say("%s: %s, mode %#x, nodes %#lx", what, result == 0 ? "ok" : error_name(errno),
        (unsigned)mode, nodes);
}

static void check_binding_arguments(char *pages) {
    unsigned long node = 1;
    show("unaligned", call(mbind, pages + 1, PAGE, 2, &node, 65, 0));
    show("nothing", call(mbind, pages, 0, 2, &node, 65, 0));
    show("nothing, wrongly", call(mbind, pages, 0, 2, nullptr, 0, 0));
    show("wraps", call(mbind, pages, -1ul, 2, &node, 65, 0));
    show("wraps round", call(mbind, pages, -2 * PAGE, 2, &node, 65, 0));
    show("unknown flag", call(mbind, pages, PAGE, 2, &node, 65, 8));
    show("unknown mode", call(mbind, pages, PAGE, 42, &node, 65, 8));
    show("move all", call(mbind, pages, PAGE, 2, &node, 65, 4));
    show("move all, unaligned", call(mbind, pages + 1, PAGE, 2, &node, 65, 4));
    show("bad nodes", call(mbind, pages, PAGE, 2, 1, 65, 8));
    show("not mapped", call(mbind, nullptr, PAGE, 2, &node, 65, 0));
    show("not mapped, default", call(mbind, nullptr, PAGE, 0, nullptr, 0, 0));
    show("the kernel's", call(mbind, 0xffff800000000000, PAGE, 2, &node, 65, 0));
    show("default of nodes", call(mbind, pages, PAGE, 0, &node, 65, 0));
}

static void check_binding(void) {
    unsigned long node = 1;
    char *pages = mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check_binding_arguments(pages);
    show("bind", call(mbind, pages + PAGE, 2 * PAGE, 2, &node, 65, 3));
    show("local", call(mbind, pages + 4 * PAGE, PAGE, 4, nullptr, 0, 0));
    show("interleave", call(mbind, pages + 5 * PAGE, 1, 3 | STATIC, &node, 65, 0));
    for (size_t i = 0; i < 7; i++) {
        show_area("page", pages + i * PAGE);
    }
    munmap(pages + 3 * PAGE, PAGE);
    show("over a hole", call(mbind, pages, 6 * PAGE, 5, &node, 65, 0));
    show("from a hole on", call(mbind, pages + 3 * PAGE, 2 * PAGE, 5, &node, 65, 0));
    show("into a hole", call(mbind, pages + 2 * PAGE, 2 * PAGE, 5, &node, 65, 0));
    show_area("unchanged", pages + 5 * PAGE);
    show("default over a hole", call(mbind, pages, 5 * PAGE, 0, nullptr, 0, 1));
    show_area("default", pages + PAGE);
    show_area("kept", pages + 5 * PAGE);
    char *moved = mremap(pages + 5 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, pages);
    show_area("moved", moved);
    show_area("a page that is there no more", pages + 5 * PAGE);
}

static void check_home(void) {
    unsigned long node = 1;
    char *pages = mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show("no policy", syscall(SET_MEMPOLICY_HOME_NODE, pages, PAGE, 0, 0));
    show("no memory", syscall(SET_MEMPOLICY_HOME_NODE, nullptr, PAGE, 0, 0));
    show("flags", syscall(SET_MEMPOLICY_HOME_NODE, pages, PAGE, 0, 1));
    show("unaligned", syscall(SET_MEMPOLICY_HOME_NODE, pages + 1, PAGE, 0, 0));
    show("another node", syscall(SET_MEMPOLICY_HOME_NODE, pages, PAGE, 1, 0));
    show("nothing", syscall(SET_MEMPOLICY_HOME_NODE, pages, 0, 0, 0));
    show("wraps", syscall(SET_MEMPOLICY_HOME_NODE, pages, -2 * PAGE, 0, 0));
    show("the kernel's", syscall(SET_MEMPOLICY_HOME_NODE, 0xffff800000000000, PAGE, 0, 0));
    call(mbind, pages, PAGE, 2, &node, 65, 0);
    call(mbind, pages + 2 * PAGE, PAGE, 5, &node, 65, 0);
    show("bound", syscall(SET_MEMPOLICY_HOME_NODE, pages, PAGES * PAGE, 0, 0));
    call(mbind, pages + 4 * PAGE, PAGE, 1, &node, 65, 0);
    show("preferred", syscall(SET_MEMPOLICY_HOME_NODE, pages, PAGES * PAGE, 0, 0));
    show_area("still", pages);
}

static void show_moved(const char *what, long result, const int *status, size_t count) {
    char line[128] = "";
    for (size_t i = 0; i < count; i++) {
        size_t at = strlen(line);
        snprintf(line + at, sizeof(line) - at, " %s", status[i] < 0 ? error_name(-status[i]) : "0");
    }
    say("%s: %s,%s", what, result < 0 ? error_name(errno) : "ok", line);
}

static void check_moving(void) {
    char *pages = mmap(nullptr, PAGES * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile char seen = pages[PAGE];
    (void)seen;
    pages[0] = 1;
    pages[3 * PAGE] = 1;
    mprotect(pages + 3 * PAGE, PAGE, PROT_NONE);
    void *places[] = {pages, pages + PAGE, pages + 2 * PAGE, pages + 3 * PAGE, nullptr, pages + 5};
    int status[6] = {9, 9, 9, 9, 9, 9};
    int nodes[6] = {};
    show_moved("where", call(move_pages, 0, 6, places, nullptr, status, 0), status, 6);
    show_moved("to 0", call(move_pages, 0, 6, places, nodes, status, 2), status, 6);
    nodes[2] = 1;
    show("to 1", call(move_pages, 0, 6, places, nodes, status, 2));
    nodes[2] = -1;
    show("to -1", call(move_pages, 0, 6, places, nodes, status, 2));
    show("nothing", call(move_pages, 0, 0, nullptr, nullptr, nullptr, 0));
    show("flags", call(move_pages, 0, 1, places, nullptr, status, 1));
    show("all", call(move_pages, 0, 1, places, nullptr, status, 4));
    show("no process", call(move_pages, 0x7ffffff, 1, places, nullptr, status, 0));
    show("bad places", call(move_pages, 0, 1, nullptr, nullptr, status, 0));
    show("bad status", call(move_pages, 0, 1, places, nullptr, nullptr, 0));
    show("bad nodes", call(move_pages, 0, 1, places, 1, status, 0));
    show("the first process", call(move_pages, 1, 1, places, nullptr, status, 0));
}

static void check_migrating(void) {
    unsigned long zero = 1, one = 2, none = 0, both = 3;
    show("0 to 0", call(migrate_pages, 0, 65, &zero, &zero));
    show("0 to 1", call(migrate_pages, 0, 65, &zero, &one));
    show("0 to both", call(migrate_pages, 0, 65, &zero, &both));
    show("1 to 0", call(migrate_pages, 0, 65, &one, &zero));
    show("0 to none", call(migrate_pages, 0, 65, &zero, &none));
    show("none to 0", call(migrate_pages, 0, 65, &none, &zero));
    show("null", call(migrate_pages, 0, 65, nullptr, &zero));
    show("bad old", call(migrate_pages, 0, 65, 1, &zero));
    show("bad new", call(migrate_pages, 0, 65, &zero, 1));
    show("too many", call(migrate_pages, 0, 32770, &zero, &zero));
    show("no process", call(migrate_pages, 0x7ffffff, 65, &zero, &zero));
    show("the first process", call(migrate_pages, 1, 65, &zero, &zero));
}

static void look_in_child(void) {
    show_policy("child");
}

/* So many pages that nobody waits for the end. */
static void look_at_many(void) {
    constexpr size_t count = 32 << 20;
    void **places = mmap(nullptr, count * sizeof(void *), PROT_READ,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int *status = mmap(nullptr, count * sizeof(int), READ_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    call(move_pages, 0, count, places, nullptr, status, 0);
}

static void check_end_of_moving(void) {
    pid_t child = fork();
    if (child == 0) {
        look_at_many();
        _exit(0);
    }
    is_late(0);
    usleep(50'000);
    kill(child, SIGKILL);
    show_end("killed", child);
    say("late: %d", is_late(10'000));
}

int main(void) {
    check_modes();
    check_sets();
    check_getting();
    check_binding();
    check_home();
    check_moving();
    check_migrating();
    check_end_of_moving();
    unsigned long node = 1;
    call(set_mempolicy, 2, &node, 65);
    show_child("inherits", look_in_child);
    return 0;
}
