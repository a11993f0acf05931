/* How many processes a user may have, as root: RLIMIT_NPROC (man 2 getrlimit). */

#define _GNU_SOURCE
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/tests/report.h"

static void exit_on_line(int line) {
    char byte;
    read(line, &byte, 1);
    _exit(0);
}

/* How many children can be made; they end with `line`. */
static int make_children(const int *line) {
    int made = 0;
    pid_t child;
    while (made < 10 && (child = fork()) >= 0) {
        if (child == 0) {
            close(line[1]);
            exit_on_line(line[0]);
        }
        made++;
    }
    say("%d, then %s", made, error_name(errno));
    return made;
}

/* RLIMIT_NPROC counts the tasks of a user, and a process that changes its user moves its own. */
static void fill_user(void) {
    const struct rlimit four = {4, 4};
    uid_t user = 1'000'000 + (uid_t)getpid();
    int line[2];
    pipe(line);
    show("limit", setrlimit(RLIMIT_NPROC, &four));
    if (fork() == 0) { /* one that is root's while it is made, and the user's later */
        close(line[1]);
        show("another's user", setuid(user));
        exit_on_line(line[0]);
    }
    settle();
    show("user", setuid(user));
    make_children(line);
    close(line[1]);
    while (wait(nullptr) > 0) {
    }
    pipe(line);
    make_children(line);
    close(line[1]);
    while (wait(nullptr) > 0) {
    }
}

static pid_t fork_once(void) {
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child;
}

/* One that has ended counts until it is waited for, and who acts as root is not limited. */
static void leave_children_behind(void) {
    const struct rlimit four = {4, 4};
    uid_t user = 1'000'000 + (uid_t)getpid();
    int made = 0;
    show("limit", setrlimit(RLIMIT_NPROC, &four));
    show("user", setresuid(user, user, 0));
    for (pid_t child; made < 10 && (child = fork_once()) > 0; made++) {
        waitid(P_PID, (id_t)child, nullptr, WEXITED | WNOWAIT);
    }
    say("%d that have ended, then %s", made, error_name(errno));
    show("root again, by one id", setresuid(-1, 0, -1));
    show_ok("one more", fork_once());
    show("root no more", setresuid(-1, user, user));
    show_ok("one more", fork_once());
}

int main() {
    show_child("a user with many processes", fill_user);
    show_child("a user with many ended ones", leave_children_behind);
}
