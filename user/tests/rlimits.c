/* getrlimit, setrlimit and prlimit64: what a process may do to its limits, and what they do. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include "user/tests/report.h"

static void show_limit(const char *what, int resource) {
    struct rlimit limit;
    long result = getrlimit(resource, &limit);
    if (result != 0) {
        show(what, result);
        return;
    }
    say("%s: %ld %ld", what, (long)limit.rlim_cur, (long)limit.rlim_max);
}

static long set(int resource, rlim_t soft, rlim_t hard) {
    struct rlimit limit = {soft, hard};
    return call(prlimit64, 0, resource, &limit, nullptr);
}

static void check_refusals(void) {
    struct rlimit limit;
    show("unknown", call(getrlimit, 16, &limit));
    show("negative", call(getrlimit, -1, &limit));
    show("null page", call(getrlimit, RLIMIT_CORE, nullptr));
    show("set from the null page", call(setrlimit, RLIMIT_CORE, nullptr));
    show("set unknown", call(setrlimit, 16, &limit));
    show("soft above hard", set(RLIMIT_CPU, 100, 50));
    show("prlimit of nobody", call(prlimit64, 0x7ffffff, RLIMIT_CPU, nullptr, &limit));
    show("prlimit of init", call(prlimit64, 1, RLIMIT_CPU, nullptr, &limit));
    show("prlimit of nothing", call(prlimit64, 0, RLIMIT_CPU, nullptr, nullptr));
    show("hard for files beyond what is possible", set(RLIMIT_NOFILE, 10, 1ul << 40));
}

static void check_changes(void) {
    show_limit("stack", RLIMIT_STACK);
    show_limit("core", RLIMIT_CORE);
    show_limit("files", RLIMIT_NOFILE);
    show("soft down", set(RLIMIT_NOFILE, 100, 4096));
    show("soft up", set(RLIMIT_NOFILE, 4096, 4096));
    show("hard down", set(RLIMIT_NOFILE, 64, 128));
    show("hard up", set(RLIMIT_NOFILE, 64, 129));
    show_limit("files", RLIMIT_NOFILE);
    struct rlimit old = {}, new = {60, 120};
    show("exchange", call(prlimit64, getpid(), RLIMIT_NOFILE, &new, &old));
    say("old: %ld %ld", (long)old.rlim_cur, (long)old.rlim_max);
    pid_t child = fork();
    if (child == 0) {
        show_limit("inherited", RLIMIT_NOFILE);
        _exit(0);
    }
    show_end("child", child);
}

static void open_many(void) {
    int last = -1;
    set(RLIMIT_NOFILE, 20, 20);
    for (int i = 0; i < 30; i++) {
        int file = open("/dev/null", O_RDONLY);
        last = file >= 0 ? file : last;
    }
    say("the last: %d", last);
    show("open", open("/dev/null", O_RDONLY));
    show("duplicate", dup(0));
    show("duplicate to 19", dup2(0, 19));
    show("duplicate to 20", dup2(0, 20));
    show("duplicate from 20 on", fcntl(0, F_DUPFD, 20));
    int ends[2];
    show("pipe", pipe(ends));
}

static void write_much(void) {
    set(RLIMIT_FSIZE, 1000, 1000);
    signal(SIGXFSZ, SIG_IGN);
    int file = open("large", O_RDWR | O_CREAT, 0600);
    char bytes[600] = {};
    show("within", write(file, bytes, sizeof(bytes)));
    show("partly", write(file, bytes, sizeof(bytes)));
    show("beyond", write(file, bytes, 1));
    show("truncate beyond", ftruncate(file, 2000));
    show("truncate within", ftruncate(file, 10));
    signal(SIGXFSZ, SIG_DFL);
    pwrite(file, bytes, 1, 5000);
}

static void run_long(void) {
    set(RLIMIT_CPU, 1, 2);
    for (volatile long i = 0;; i++) {
    }
}

static void grow_stack(void) {
    set(RLIMIT_STACK, 256 << 10, 256 << 10);
    use_stack(20);
    say("a little");
    use_stack(200);
}

static void map_data(void) {
    set(RLIMIT_DATA, 1 << 20, 1 << 20);
    void *large =
        mmap(nullptr, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show_ok("data", (long)large);
    large = mmap(nullptr, 8 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    show_ok("read only is no data", (long)large);
    show("to write", mprotect(large, 8 << 20, PROT_READ | PROT_WRITE));
}

/* What a mapping that is refused was to replace stays. */
static void replace_too_much(void) {
    constexpr size_t room = 256 << 20;
    char *start = mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(start, room);
    start = mmap(start, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    start[PAGE] = 'k';
    set(RLIMIT_AS, 64 << 20, 64 << 20);
    const int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    show_ok("replace too much", (long)mmap(start, room, PROT_READ | PROT_WRITE, fixed, -1, 0));
    say("what was there: %s, %c", read_outcome(start + PAGE), start[PAGE]);
    int segment = shmget(IPC_PRIVATE, room, 0600);
    show_ok("replace too much by a segment", (long)shmat(segment, start, SHM_REMAP));
    shmctl(segment, IPC_RMID, nullptr);
    say("what was there: %s, %c", read_outcome(start + PAGE), start[PAGE]);
}

static char *map_some(void) {
    return mmap(nullptr, 32 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* What a child limits is itself, though it has its parent's memory. */
static void limit_in_vfork(void) {
    pid_t child = vfork();
    if (child == 0) {
        set(RLIMIT_AS, 8 << 20, 8 << 20);
        _exit(map_some() == MAP_FAILED ? 1 : 0);
    }
    show_end("child of vfork", child);
    show_ok("its parent maps", (long)map_some());
}

static void limit_another(void) {
    int ends[2];
    char byte;
    show("pipe", pipe(ends));
    pid_t child = fork();
    if (child == 0) {
        read(ends[0], &byte, 1);
        show_limit("from outside", RLIMIT_AS);
        show_ok("map", (long)map_some());
        _exit(0);
    }
    struct rlimit limit = {8 << 20, 8 << 20};
    show("limit another", call(prlimit64, child, RLIMIT_AS, &limit, nullptr));
    write(ends[1], "x", 1);
    show_end("the other", child);
}

static void fork_none(void) {
    set(RLIMIT_NPROC, 0, 0);
    show("fork", fork());
}

int main(void) {
    check_refusals();
    check_changes();
    show_child("files", open_many);
    show_child("size of files", write_much);
    show_child("processor", run_long);
    show_child("stack", grow_stack);
    show_child("data", map_data);
    show_child("replacing", replace_too_much);
    show_child("vfork", limit_in_vfork);
    show_child("another", limit_another);
    show_child("processes", fork_none);
}
