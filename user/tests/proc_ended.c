/* Files of /proc that tell of memory are open when the process that has it goes on without it. */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "user/tests/report.h"

static const char *const names[] = {"maps", "smaps", "environ", "mem", "pagemap"};
constexpr size_t NAME_COUNT = sizeof(names) / sizeof(names[0]);
static int files[NAME_COUNT];

static void open_files(pid_t process) {
    for (size_t i = 0; i < NAME_COUNT; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/%s", process, names[i]);
        files[i] = open(path, O_RDONLY);
    }
}

static void read_files(const char *when, const void *address) {
    for (size_t i = 0; i < NAME_COUNT; i++) {
        char bytes[64], what[64];
        snprintf(what, sizeof(what), "%s of %s", names[i], when);
        off_t at = i < 3 ? 0 : (off_t)((uintptr_t)address / (i == 4 ? PAGE / 8 : 1));
        show(what, pread(files[i], bytes, sizeof(bytes), at));
    }
}

static void check_end(const void *address) {
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(1);
    }
    open_files(child);
    read_files("one that lives", address);
    kill(child, SIGKILL);
    waitid(P_PID, (id_t)child, nullptr, WEXITED | WNOWAIT);
    read_files("one that has ended", address);
    waitpid(child, nullptr, 0);
    read_files("one that was waited for", address);
    for (size_t i = 0; i < NAME_COUNT; i++) {
        close(files[i]);
    }
}

static void check_execve(const char *self, const void *address) {
    int ends[2];
    char byte;
    pipe(ends);
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        dup2(ends[1], 1);
        execl(self, self, "again", nullptr);
        _exit(1);
    }
    waitpid(child, nullptr, WUNTRACED);
    open_files(child);
    kill(child, SIGCONT);
    show("the new program", read(ends[0], &byte, 1));
    read_files("one that runs another program", address);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

/* Many areas make a text that is longer than a page; it is read to its end by any size. */
static void check_length(size_t size) {
    char bytes[8192];
    size_t line_count = 0;
    ssize_t got;
    int file = open("/proc/self/maps", O_RDONLY);
    while ((got = read(file, bytes, size)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            line_count += bytes[i] == '\n';
        }
    }
    say("read by %zu: all areas %d", size, line_count > 300);
    close(file);
}

static void check_seek(void) {
    char first[100], again[100];
    int file = open("/proc/self/maps", O_RDONLY);
    show("first", pread(file, first, sizeof(first), 5000));
    show("again", pread(file, again, sizeof(again), 5000));
    show("before", pread(file, first, 50, 4950));
    show("far behind", pread(file, first, 50, 1 << 24));
    show("once more", pread(file, first, sizeof(first), 5000));
    say("the same: %d", __builtin_memcmp(first, again, sizeof(first)) == 0);
}

static void *wait_here(void *nothing) {
    pause();
    return nothing;
}

static void check_tasks(void) {
    int entries = 0, last = 0, is_rising = 1;
    pthread_t thread;
    for (int i = 0; i < 50; i++) {
        pthread_create(&thread, nullptr, wait_here, nullptr);
    }
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(tasks)) != nullptr;) {
        int number = atoi(entry->d_name);
        entries += number > 0;
        is_rising &= number == 0 || number > last;
        last = number;
    }
    closedir(tasks);
    say("tasks: %d, rising %d", entries, is_rising);
}

int main(int count, char **arguments) {
    if (count > 1) {
        write(1, "x", 1);
        pause();
    }
    char *pages =
        mmap(nullptr, 600 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pages[0] = 1;
    check_end(pages);
    check_execve(arguments[0], pages);
    for (size_t i = 0; i < 600; i += 2) {
        mprotect(pages + i * PAGE, PAGE, PROT_READ);
    }
    check_length(1);
    check_length(700);
    check_length(8192);
    check_seek();
    check_tasks();
    return 0;
}
