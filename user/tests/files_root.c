/* What root's files are to others who got them open. */

#include <fcntl.h>
#include <sys/stat.h>

#include "user/tests/report.h"

static int file;

static void show_mode(const char *what) {
    struct stat status;
    fstat(file, &status);
    say("%s: mode %o", what, status.st_mode & 07777);
    fchmod(file, 06755);
}

static void write_some(void) {
    write(file, "other", 5);
}

static void truncate_it(void) {
    ftruncate(file, 3);
}

static void allocate_more(void) {
    posix_fallocate(file, 0, 10000);
}

/* By root, and by somebody else with root's descriptor. */
static void check(const char *what, void (*change)(void)) {
    change();
    show_mode(what);
    pid_t child = fork();
    if (child == 0) {
        setgid(1000);
        setuid(1000);
        change();
        _exit(0);
    }
    show_end("by another", child);
    show_mode(what);
}

int main(void) {
    file = open("program", O_RDWR | O_CREAT, 0600);
    write(file, "program", 7);
    fchmod(file, 06755);
    check("written", write_some);
    check("truncated", truncate_it);
    check("allocated", allocate_more);
}
