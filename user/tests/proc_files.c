/* /proc: the fields that must be there, and those that must agree with what a process did. */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

static char text[1 << 16];

static const char *slurp(const char *path) {
    int file = open(path, O_RDONLY);
    size_t length = 0;
    ssize_t count;
    text[0] = 0;
    if (file < 0) {
        say("%s: %s", path, error_name(errno));
        return text;
    }
    while ((count = read(file, text + length, sizeof(text) - 1 - length)) > 0) {
        length += (size_t)count;
    }
    text[length] = 0;
    close(file);
    return text;
}

/* The rest of the line that begins with `name`; "absent" if none does. Outlives three more. */
static const char *field(const char *name) {
    static char values[4][300];
    static unsigned next;
    char *value = values[next++ % 4];
    size_t length = strlen(name);
    for (const char *line = text; line != nullptr && *line != 0;) {
        const char *end = strchr(line, '\n');
        if (strncmp(line, name, length) == 0) {
            line += length + strspn(line + length, " \t");
            snprintf(value, sizeof(values[0]), "%.*s", end ? (int)(end - line) : 200, line);
            return value;
        }
        line = end ? end + 1 : nullptr;
    }
    return "absent";
}

static void on_signal(int) {}

static void check_status(void) {
    const char *equal[] = {"Name:",   "State:",  "Threads:", "SigBlk:",     "SigIgn:",
                           "SigCgt:", "ShdPnd:", "SigPnd:",  "NoNewPrivs:", "Umask:"};
    const char *present[] = {"VmPeak:", "VmSize:", "VmRSS:", "VmData:", "VmStk:", "VmExe:",
                             "VmHWM:",  "VmLck:",  "VmPin:", "VmLib:",  "VmPTE:", "RssAnon:"};
    sigset_t set;
    prctl(PR_SET_NAME, "a (name) x");
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, on_signal);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    raise(SIGHUP);
    slurp("/proc/self/status");
    for (size_t i = 0; i < sizeof(equal) / sizeof(*equal); i++) {
        say("%s %s", equal[i], field(equal[i]));
    }
    for (size_t i = 0; i < sizeof(present) / sizeof(*present); i++) {
        const char *value = field(present[i]);
        say("%s in kB %d", present[i], strstr(value, " kB") != nullptr);
    }
    say("Pid and PPid: %d %d", atoi(field("Pid:")) == getpid(), atoi(field("PPid:")) == getppid());
    say("Uid: %d", (uid_t)atoi(field("Uid:")) == getuid());
}

static void check_stat(void) {
    char *after;
    slurp("/proc/self/stat");
    say("pid: %d", atoi(text) == getpid());
    say("name: %d", strstr(text, " (a (name) x) R ") != nullptr);
    int count = 1;
    for (after = strrchr(text, ')'); after != nullptr; after = strchr(after + 1, ' ')) {
        count++;
    }
    say("fields: %d", count);
    slurp("/proc/self/comm");
    say("comm: %s", strcmp(text, "a (name) x\n") == 0 ? "same" : text);
    slurp("/proc/self/statm");
    say("statm: %d", sscanf(text, "%*u %*u %*u %*u %*u %*u %d", &count));
}

static void check_links(const char *self) {
    char target[4096] = {}, here[4096];
    show_ok("exe", readlink("/proc/self/exe", target, sizeof(target) - 1));
    say("it is me: %d", strcmp(target, self) == 0);
    memset(target, 0, sizeof(target));
    show_ok("cwd", readlink("/proc/self/cwd", target, sizeof(target) - 1));
    say("it is here: %d", strcmp(target, getcwd(here, sizeof(here))) == 0);
    memset(target, 0, sizeof(target));
    show("root", readlink("/proc/self/root", target, sizeof(target) - 1));
    say("%s", target);
    int file = scratch_file("open", 10), ends[2];
    char path[64];
    pipe(ends);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    memset(target, 0, sizeof(target));
    readlink(path, target, sizeof(target) - 1);
    say("a file: %d", strcmp(strrchr(target, '/'), "/open") == 0);
    unlink("open");
    readlink(path, target, sizeof(target) - 1);
    say("deleted: %d", strstr(target, " (deleted)") != nullptr);
    lseek(file, 5, SEEK_SET);
    say("opened again, its own offset: %ld", (long)lseek(open(path, O_RDONLY), 0, SEEK_CUR));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    memset(target, 0, sizeof(target));
    readlink(path, target, sizeof(target) - 1);
    say("a pipe: %.6s", target);
    memset(target, 0, sizeof(target));
    readlink("/proc/self", target, sizeof(target) - 1);
    say("self: %d", atoi(target) == getpid());
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", file);
    slurp(path);
    say("fdinfo: pos %s", field("pos:"));
}

/* The rights and the size of the area that begins at an address, from /proc/self/maps. */
static void show_area(const char *what, const void *address) {
    char begin[32];
    snprintf(begin, sizeof(begin), "%lx-", (unsigned long)(uintptr_t)address);
    slurp("/proc/self/maps");
    const char *line = field(begin);
    if (strcmp(line, "absent") == 0) {
        say("%s: absent", what);
        return;
    }
    char *rights;
    unsigned long end = strtoul(line, &rights, 16);
    const char *name = strrchr(line, '/');
    say("%s: %lu pages, %.4s, %s", what, (end - (uintptr_t)address) / PAGE, rights + 1,
        name ? name : "no file");
}

static void check_maps(void) {
    constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
    char *pages = mmap(nullptr, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *at = pages + 16 * PAGE;
    int file = scratch_file("mapped", 4 * PAGE);
    mmap(at, 4 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    show_area("four pages", at);
    mprotect(at + PAGE, PAGE, PROT_READ);
    show_area("split", at);
    show_area("the middle", at + PAGE);
    show_area("the rest", at + 2 * PAGE);
    mprotect(at + PAGE, PAGE, READ_WRITE);
    show_area("joined", at);
    mmap(at + 8 * PAGE, 2 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, PAGE);
    show_area("a shared file", at + 8 * PAGE);
    mmap(at + 12 * PAGE, 2 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file, 0);
    show_area("a private file", at + 12 * PAGE);
    mmap(at + 4 * PAGE, 2 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    show_area("joined with its neighbour", at);
    slurp("/proc/self/maps");
    say("stack %d", strstr(text, "[stack]") != nullptr);
    at[0] = at[PAGE] = 1;
    char begin[32];
    snprintf(begin, sizeof(begin), "%lx-", (unsigned long)(uintptr_t)at);
    char *area = strstr(slurp("/proc/self/smaps"), begin);
    char *next = area ? strstr(area, "VmFlags") : nullptr;
    if (next != nullptr) {
        *next = 0;
        memmove(text, area, (size_t)(next - area) + 1);
        say("Size %s, Rss %s, Private_Dirty %s, Referenced %s", field("Size:"), field("Rss:"),
            field("Private_Dirty:"), field("Referenced:"));
    }
}

/* How a file is read in parts of this size, up to where one is not full. */
static void show_parts(const char *path, size_t size) {
    int file = open(path, O_RDONLY);
    ssize_t first = read(file, text, size);
    char last = first > 0 ? text[first - 1] : 0;
    ssize_t second = read(file, text, size);
    say("%s by %zu: full %d, within a page %d, a whole line %d; more %d, full %d", path, size,
        first == (ssize_t)size, first <= (ssize_t)PAGE, last == '\n', second > 0,
        second == (ssize_t)size);
    close(file);
}

/* Areas that do not join, so many that neither file fits into a page. */
static void check_parts(void) {
    constexpr size_t COUNT = 200;
    char *pages = mmap(nullptr, COUNT * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < COUNT; i += 2) {
        mprotect(pages + i * PAGE, PAGE, PROT_NONE);
    }
    const size_t sizes[] = {16, 100, PAGE - 1, PAGE, PAGE + 1, 4 * PAGE};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        show_parts("/proc/self/maps", sizes[i]);
        show_parts("/proc/self/smaps", sizes[i]);
    }
    munmap(pages, COUNT * PAGE);
}

static void check_pagemap(void) {
    char *pages =
        mmap(nullptr, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int file = open("/proc/self/pagemap", O_RDONLY);
    uint64_t entries[2] = {};
    pages[0] = 1;
    show("pagemap", pread(file, entries, sizeof(entries), (uintptr_t)pages / PAGE * 8));
    say("present %d %d", (int)(entries[0] >> 63), (int)(entries[1] >> 63));
    show("odd offset", pread(file, entries, 8, 4));
    show("odd size", pread(file, entries, 7, 0));
    int memory = open("/proc/self/mem", O_RDWR);
    char byte = 0;
    pages[1] = 'm';
    show("mem", pread(memory, &byte, 1, (off_t)(uintptr_t)(pages + 1)));
    say("%c", byte);
    show("mem, write", pwrite(memory, "w", 1, (off_t)(uintptr_t)(pages + 1)));
    say("%c", pages[1]);
    munmap(pages, PAGE);
    show("mem, a hole", pread(memory, &byte, 1, (off_t)(uintptr_t)pages));
}

/* What is read of them is what is there then. */
static void check_words(char **arguments) {
    char bytes[2] = {};
    int words = open("/proc/self/cmdline", O_RDONLY),
        environment = open("/proc/self/environ", O_RDONLY);
    char *variable = environ[0];
    show("one byte", read(words, bytes, 1));
    show("and one", read(environment, bytes, 1));
    arguments[0][1] = '!';
    variable[1] = '?';
    show("the next", read(words, bytes, 1));
    show("and the next", read(environment, bytes + 1, 1));
    say("as they are now: %.2s", bytes);
    show("far behind", pread(words, bytes, 1, 1L << 40));
    close(words);
    close(environment);
}

/* So much room that all of it shows the same memory. */
static void *large_room(void) {
    constexpr size_t size = 2l << 30, part = 2l << 20;
    int file = memfd_create("room", 0);
    char *room = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ftruncate(file, part) != 0) {
        say("ftruncate: %s", error_name(errno));
    }
    for (size_t at = 0; at < size; at += part) {
        mmap(room + at, part, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
    }
    return room;
}

static void check_killed(void) {
    struct timespec from, to;
    pid_t child = fork();
    if (child == 0) {
        int file = open("/proc/self/pagemap", O_RDONLY);
        _exit(pread(file, large_room(), (2l << 30) - PAGE, 0) > 0);
    }
    usleep(100'000);
    clock_gettime(CLOCK_MONOTONIC, &from);
    kill(child, SIGKILL);
    show_end("killed while it read", child);
    clock_gettime(CLOCK_MONOTONIC, &to);
    say("at once: %d", to.tv_sec - from.tv_sec < 3);
}

static void check_others(void) {
    slurp("/proc/self/cmdline");
    say("cmdline: its end is 0 %d", text[0] == '/');
    slurp("/proc/self/environ");
    say("environ: %s", text);
    slurp("/proc/self/limits");
    say("limits: %d",
        strstr(text, "Max open files            1024                 4096") != nullptr);
    slurp("/proc/self/oom_score_adj");
    say("oom_score_adj: %d", atoi(text));
    const char *machine[] = {"MemTotal:", "MemFree:", "MemAvailable:", "Cached:", "SwapTotal:"};
    slurp("/proc/meminfo");
    for (size_t i = 0; i < sizeof(machine) / sizeof(*machine); i++) {
        say("%s in kB %d", machine[i], strstr(field(machine[i]), " kB") != nullptr);
    }
    slurp("/proc/filesystems");
    say("filesystems: tmpfs %d, proc %d", strstr(text, "tmpfs") != nullptr,
        strstr(text, "proc") != nullptr);
    say("pid_max: %d", atoi(slurp("/proc/sys/kernel/pid_max")) > 0);
    say("uptime: %d", atof(slurp("/proc/uptime")) > 0);
    say("version: %d", slurp("/proc/version")[0] != 0);
    slurp("/proc/mounts");
    say("mounts: / %d, proc %d", strstr(text, " / ") != nullptr,
        strstr(text, " /proc ") != nullptr);
    slurp("/proc/cpuinfo");
    say("cpuinfo: %s", strncmp(text, "processor", 9) == 0 ? "ok" : "bad");
    slurp("/proc/stat");
    say("stat: %d", strncmp(text, "cpu ", 4) == 0);
    say("the first CPU's package: %d",
        atoi(slurp("/sys/devices/system/cpu/cpu0/topology/physical_package_id")));
    slurp("/proc/no_such_file");
    slurp("/proc/134217727/status");
    show("make a file", open("/proc/x", O_CREAT | O_WRONLY, 0600));
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    while (tasks != nullptr && readdir(tasks) != nullptr) {
        count++;
    }
    say("one task: %d", count == 3);
}

int main(int, char **arguments) {
    check_status();
    check_stat();
    check_links(arguments[0]);
    check_maps();
    check_parts();
    check_pagemap();
    check_others();
    check_words(arguments);
    check_killed();
}
