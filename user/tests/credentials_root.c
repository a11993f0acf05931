/*
 * What root may do, and what is left of it when it becomes another user. Runs as root where
 * run_group does.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/tests/report.h"

constexpr uid_t OTHER = 1000, THIRD = 2000;

struct capability_header {
    uint32_t version;
    int process;
};

struct capability_data {
    uint32_t effective, permitted, inheritable;
};

static void show_users(const char *what) {
    uid_t real, effective, saved;
    getresuid(&real, &effective, &saved);
    say("%s: real %u, effective %u, saved %u, files %d", what, real, effective, saved,
        setfsuid(-1));
}

static void show_groups(const char *what) {
    gid_t real, effective, saved;
    getresgid(&real, &effective, &saved);
    say("%s: real %u, effective %u, saved %u, files %d", what, real, effective, saved,
        setfsgid(-1));
}

/* Which ones root has differs from machine to machine. */
static void show_capabilities_of(const char *what, pid_t process) {
    struct capability_header header = {0x20080522, process};
    struct capability_data data[2] = {};
    call(capget, &header, data);
    say("%s: effective %s, permitted %s", what, data[0].effective == 0 ? "none" : "some",
        data[0].permitted == 0 ? "none" : "some");
}

static void show_capabilities(const char *what) {
    show_capabilities_of(what, 0);
}

static void look_at_another(void) {
    int ends[2], back[2];
    char byte;
    show("pipes", pipe(ends) + pipe(back));
    pid_t child = fork();
    if (child == 0) {
        setuid(OTHER);
        write(ends[1], "x", 1);
        read(back[0], &byte, 1);
        _exit(0);
    }
    read(ends[0], &byte, 1);
    show_capabilities_of("another's", child);
    show_capabilities_of("its own", getpid());
    write(back[1], "x", 1);
    show_end("the other", child);
}

static void become_effectively(void) {
    show("effective", seteuid(OTHER));
    show_users("then");
    show_capabilities("then");
    show("a third", seteuid(THIRD));
    show("real is root still", setreuid(-1, 0));
    show_users("back");
    show_capabilities("back");
}

static void become_for_ever(void) {
    show("setuid", setuid(OTHER));
    show_users("then");
    show_capabilities("then");
    show("back", setuid(0));
    show("back, effective", seteuid(0));
    show("setgroups", setgroups(0, nullptr));
}

static void keep_capabilities(void) {
    show("keep", prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
    show("setuid", setuid(OTHER));
    show_capabilities("kept");
}

static void exchange(void) {
    show("setresuid", setresuid(OTHER, THIRD, 0));
    show_users("three");
    show("to the real one", setresuid(-1, OTHER, -1));
    show("to the saved one", setresuid(-1, 0, -1));
    show_users("root again");
    show("setreuid", setreuid(OTHER, THIRD));
    show_users("the saved one follows");
    show("exchanged", setreuid(THIRD, OTHER));
    show_users("exchanged");
    show("no way back", setresuid(-1, 0, -1));
}

static void change_groups(void) {
    gid_t groups[3] = {7, 5, 9}, seen[3] = {};
    show("setgroups", setgroups(3, groups));
    show("getgroups", getgroups(3, seen));
    say("%u %u %u", seen[0], seen[1], seen[2]);
    show("too little room", getgroups(2, seen));
    show("setresgid", setresgid(OTHER, THIRD, 0));
    show_groups("three");
    show("setregid", setregid(THIRD, OTHER));
    show_groups("exchanged");
    show("setgid, by root", setgid(5));
    show_groups("all");
}

static int execute(const char *path) {
    call(execve, path, (char *const[]){"program", "show", nullptr}, environ);
    show("execve", -1);
    return 1;
}

/* What the program is once it has begun. */
static void show_program(void) {
    int death_signal = -1;
    show_users("it");
    show_groups("it");
    show_capabilities("it");
    prctl(PR_GET_PDEATHSIG, &death_signal);
    say("secure %lu, user %lu of %lu, dumpable %d, death signal %d", getauxval(AT_SECURE),
        getauxval(AT_EUID), getauxval(AT_UID), prctl(PR_GET_DUMPABLE), death_signal);
    show("back to root", setresuid(-1, 0, -1));
}

static void write_program(const char *path, uid_t user, gid_t group, mode_t mode) {
    static char bytes[1 << 16];
    int from = open("/proc/self/exe", O_RDONLY), to = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0);
    for (ssize_t size; (size = read(from, bytes, sizeof(bytes))) > 0;) {
        write(to, bytes, (size_t)size);
    }
    fchown(to, user, group);
    fchmod(to, mode);
    close(to);
    close(from);
}

static void execute_saved_root(void) {
    write_program("plain", OTHER, OTHER, 0755);
    setresuid(OTHER, OTHER, 0);
    execute("./plain");
}

static void execute_effective(void) {
    write_program("plain", OTHER, OTHER, 0755);
    setresgid(OTHER, THIRD, OTHER);
    setresuid(OTHER, THIRD, 0);
    execute("./plain");
}

static void execute_set_user(void) {
    write_program("of_root", 0, 0, 04755);
    setresgid(OTHER, OTHER, OTHER);
    setresuid(OTHER, OTHER, OTHER);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execute("./of_root");
}

static void execute_set_both(void) {
    write_program("of_third", THIRD, THIRD, 06755);
    setresgid(OTHER, OTHER, OTHER);
    setresuid(OTHER, OTHER, OTHER);
    execute("./of_third");
}

/* Without the right to execute, the bit stands for something else. */
static void execute_set_group(void) {
    write_program("of_third", THIRD, THIRD, 02705);
    setresuid(OTHER, OTHER, OTHER);
    execute("./of_third");
}

static void execute_set_own(void) {
    write_program("of_other", OTHER, OTHER, 06755);
    setresgid(OTHER, OTHER, OTHER);
    setresuid(OTHER, OTHER, OTHER);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    execute("./of_other");
}

static void execute_without_gain(void) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    execute_set_user();
}

/* What may be executed need not be for reading, and then is not for looking at either. */
static void execute_unreadable(void) {
    write_program("unreadable", 0, 0, 0711);
    setresgid(OTHER, OTHER, OTHER);
    setresuid(OTHER, OTHER, OTHER);
    show("read", open("unreadable", O_RDONLY));
    execute("./unreadable");
}

/* Who shares its working directory with others gains nothing, and then it is a child's alone. */
static void execute_sharing(void) {
    write_program("of_root", 0, 0, 04755);
    setresgid(OTHER, OTHER, OTHER);
    setresuid(OTHER, OTHER, OTHER);
    for (int flags = CLONE_FS; flags >= 0; flags -= CLONE_FS) {
        pid_t child = (pid_t)call(clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
        if (child == 0) {
            _exit(execute("./of_root"));
        }
        show_end("it", child);
    }
}

/* Whether the process is open to be looked into, and acts for somebody else. */
static bool is_open_and_secure(pid_t process) {
    char path[32];
    unsigned long pairs[64] = {};
    snprintf(path, sizeof(path), "/proc/%d/auxv", process);
    int file = open(path, O_RDONLY);
    ssize_t size = read(file, pairs, sizeof(pairs));
    close(file);
    for (size_t i = 0; size > 0 && i < sizeof(pairs) / sizeof(pairs[0]); i += 2) {
        if (pairs[i] == AT_SECURE && pairs[i + 1] == 1) {
            return true;
        }
    }
    return false;
}

static void begin_slowly(void) {
    mmap(nullptr, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
         0);
    call(execve, "./of_root", (char *const[]){"program", "rest", nullptr}, environ);
    _exit(1);
}

/* A program with more rights is closed to who started it from its first moment. */
static void look_while_it_begins(void) {
    int count = 0;
    write_program("of_root", 0, 0, 04755);
    setresgid(OTHER, OTHER, OTHER);
    setresuid(OTHER, OTHER, OTHER);
    prctl(PR_SET_DUMPABLE, 1);
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0) {
            begin_slowly();
        }
        while (waitpid(child, nullptr, WNOHANG) == 0) {
            count += is_open_and_secure(child);
        }
    }
    say("seen from outside %d times", count);
}

/* A tracer that has no right to a program's rights takes them away from it. */
static void execute_traced(void) {
    write_program("of_root", 0, 0, 04755);
    setresgid(OTHER, OTHER, OTHER);
    setresuid(OTHER, OTHER, OTHER);
    pid_t child = fork();
    if (child == 0) {
        call(ptrace, PTRACE_TRACEME, 0, 0, 0);
        _exit(execute("./of_root"));
    }
    waitpid(child, nullptr, 0);
    call(ptrace, PTRACE_CONT, child, 0, 0);
    show_end("the tracee", child);
}

static void execute_traced_by_root(void) {
    int start[2];
    char byte;
    write_program("of_root", 0, 0, 04755);
    pipe(start);
    pid_t child = fork();
    if (child == 0) {
        read(start[0], &byte, 1);
        setresgid(OTHER, OTHER, OTHER);
        setresuid(OTHER, OTHER, OTHER);
        _exit(execute("./of_root"));
    }
    show("seize", call(ptrace, PTRACE_SEIZE, child, 0, 0));
    write(start[1], "x", 1);
    show_end("the tracee", child);
}

/* Who may be traced: the same user, as long as it may be dumped; and nobody more than the tracer.
 */
static void trace_others(void) {
    int start[2];
    char byte;
    pipe(start);
    pid_t child = fork();
    if (child == 0) {
        read(start[0], &byte, 1);
        _exit(0);
    }
    setresuid(OTHER, OTHER, OTHER);
    show("root's", call(ptrace, PTRACE_ATTACH, child, 0, 0));
    write(start[1], "x", 1);
    show_end("it", child);
    prctl(PR_SET_DUMPABLE, 1);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_DUMPABLE, 0);
        write(start[1], "y", 1);
        pause();
    }
    read(start[0], &byte, 1);
    show("one that may not be dumped", call(ptrace, PTRACE_SEIZE, child, 0, 0));
    kill(child, SIGKILL);
    show_end("it", child);
}

static void execute_programs(void) {
    chmod(".", 0755);
    show_child("saved user root", execute_saved_root);
    show_child("effective user", execute_effective);
    show_child("set user", execute_set_user);
    show_child("set both", execute_set_both);
    show_child("set group", execute_set_group);
    show_child("set to its own", execute_set_own);
    show_child("no new privileges", execute_without_gain);
    show_child("unreadable", execute_unreadable);
    show_child("sharing directories", execute_sharing);
    show_child("looking while it begins", look_while_it_begins);
    show_child("traced", execute_traced);
    show_child("traced by root", execute_traced_by_root);
    show_child("tracing", trace_others);
}

static void use_files(void) {
    struct stat status;
    close(open("secret", O_CREAT | O_WRONLY, 0));
    show_ok("root reads what nobody may", open("secret", O_RDONLY));
    show("access", access("secret", R_OK | W_OK));
    show("execute", access("secret", X_OK));
    show("chown", chown("secret", OTHER, THIRD));
    stat("secret", &status);
    say("owner %u:%u", status.st_uid, status.st_gid);
    chmod("secret", 06755);
    show("chown takes privileges away", chown("secret", OTHER, THIRD));
    stat("secret", &status);
    say("mode %o", status.st_mode);
    show("device", mknod("null", S_IFCHR | 0666, makedev(1, 3)));
    show("write to it", write(open("null", O_WRONLY), "x", 1));
    chmod("secret", 0640);
    show("as another", setfsuid(THIRD));
    show_ok("not the owner", open("secret", O_RDONLY));
    show("as the owner", setfsuid(OTHER));
    show_ok("the owner", open("secret", O_RDWR));
    show("not in the group", setfsuid(65534));
    show("by the group", setfsgid(THIRD));
    show_ok("the group reads", open("secret", O_RDONLY));
    show_ok("the group does not write", open("secret", O_WRONLY));
}

static void signal_others(void) {
    pid_t child = fork();
    if (child == 0) {
        alarm(2); /* nobody else will have the right to end it */
        pause();
    }
    setresuid(OTHER, OTHER, OTHER);
    show("to root's process", kill(child, SIGTERM));
    show("CONT, within the session", kill(child, SIGCONT));
    show("its limits", call(prlimit64, child, RLIMIT_CPU, nullptr, &(struct rlimit){}));
    show("its group", setpgid(child, child));
    show("its CPUs", call(sched_setaffinity, child, 8, &(unsigned long){1}));
    show("none of them", call(sched_setaffinity, child, 8, &(unsigned long){0}));
}

/* Fields of man 5 proc that say where memory lies, as what they are. */
static void show_stat(const char *what, pid_t process) {
    char path[32], text[2000] = {};
    snprintf(path, sizeof(path), "/proc/%d/stat", process);
    int file = open(path, O_RDONLY);
    ssize_t got = read(file, text, sizeof(text) - 1);
    close(file);
    char *at = got > 0 ? strrchr(text, ')') + 1 : text;
    for (int field = 3; field <= 52 && *at != 0; field++) {
        unsigned long value = strtoul(at + 2, nullptr, 10);
        if ((field >= 26 && field <= 30) || field >= 45) {
            say("%s, field %d: %s", what, field, value > 1 ? "an address" : value ? "1" : "0");
        }
        at += strcspn(at + 1, " \n") + 1;
    }
}

static void look_at_memory(void) {
    show_stat("root's", getpid());
    pid_t parent = getppid();
    setresuid(OTHER, OTHER, OTHER);
    show_stat("another's", parent);
}

static void adjust(const char *what, const char *text) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY);
    show(what, write(file, text, strlen(text)));
    close(file);
}

/* Who is not root goes no lower than root has set it last, which is 0 here. */
static void adjust_score(void) {
    setresuid(OTHER, OTHER, OTHER);
    prctl(PR_SET_DUMPABLE, 1);
    adjust("up", "500");
    adjust("back", "0");
    adjust("below", "-1");
    adjust("up again", "300");
}

static void change_root(void) {
    mkdir("new", 0755);
    mkdir("new/inside", 0755);
    show("chroot", chroot("new"));
    show("inside", access("/inside", F_OK));
    show("above is outside still", access("..", F_OK));
    show("chdir", chdir("/"));
    show("above root is root", access("../../inside", F_OK));
    show("the old root is gone", access("/tmp", F_OK));
    show("file as root", chroot("/nothing"));
}

static void change_the_machine(void) {
    show("nice", setpriority(PRIO_PROCESS, 0, -5));
    show("priority", call(getpriority, PRIO_PROCESS, 0));
    show("host name to the null page", call(sethostname, nullptr, 3));
    show("host name too long", call(sethostname, "x", 100));
    show("clock to a bad time", call(clock_settime, 0, &(struct timespec){.tv_nsec = -1}));
}

int main(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "rest") == 0) {
        return 0;
    }
    if (count > 1) {
        show_program();
        return 0;
    }
    show_users("at first");
    show_capabilities("at first");
    show_child("effective user", become_effectively);
    show_child("another", look_at_another);
    show_child("for ever", become_for_ever);
    show_child("keeping capabilities", keep_capabilities);
    show_child("three users", exchange);
    show_child("groups", change_groups);
    show_child("files", use_files);
    execute_programs();
    show_child("signals", signal_others);
    show_child("where memory lies", look_at_memory);
    show_child("score", adjust_score);
    show_child("root directory", change_root);
    show_child("machine", change_the_machine);
}
