/* execve and execveat: arguments, scripts, what survives, and what is refused. */

#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "user/tests/report.h"

static char *self;
static char *const environment[] = {"ONE=1", "TWO=2", nullptr};

/* Executes in a child, and shows the error, or what the new program's end was. */
static void try_to_execute(const char *what, const char *path, char *const arguments[]) {
    pid_t child = fork();
    if (child == 0) {
        call(execve, path, arguments, environment);
        say("%s: %s", what, error_name(errno));
        _exit(HAS_SAID_WHY);
    }
    show_execution(what, child);
}

static void try(const char *what, const char *path) {
    try_to_execute(what, path, (char *const[]){"zero", "show", nullptr});
}

static void write_file(const char *path, const void *bytes, size_t size, mode_t mode) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    if (write(file, bytes, size) != (ssize_t)size) {
        say("cannot write %s", path);
    }
    fchmod(file, mode);
    close(file);
}

static void write_text(const char *path, const char *text) {
    write_file(path, text, strlen(text), 0755);
}

/* Runs as the new program too. */
static void show_lock(const char *what) {
    pid_t child = fork();
    if (child == 0) {
        struct flock lock = {.l_type = F_WRLCK};
        int file = open("locked", O_RDWR | O_CREAT, 0600);
        show(what, fcntl(file, F_SETLK, &lock));
        _exit(0);
    }
    show_end(what, child);
}

/* The new program has its locks still, though not those of files that it closes. */
static void execute_with_lock(void) {
    struct flock lock = {.l_type = F_WRLCK};
    show("lock", fcntl(open("locked", O_RDWR | O_CREAT, 0600), F_SETLK, &lock));
    call(execve, self, (char *const[]){"zero", "lock", nullptr}, environment);
}

static void check_paths(void) {
    char longer[5000];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = 0;
    mkdir("directory", 0755);
    write_text("file", "neither a program nor a script");
    write_file("plain", "x", 1, 0644);
    symlink("loop", "loop");
    symlink(self, "link");
    try("absent", "absent");
    try("no name", "");
    try("null", nullptr);
    try("too long", longer);
    try("below a file", "file/x");
    try("a directory", "directory");
    try("not executable", "plain");
    try("no format", "file");
    try("a loop", "loop");
    try("a link", "link");
    try("/dev/null", "/dev/null");
    write_text("empty", "");
    try("empty", "empty");
}

static void check_scripts(void) {
    char text[600];
    snprintf(text, sizeof(text), "#!%s show one argument  \n", self);
    write_text("script", text);
    try_to_execute("a script", "./script", (char *const[]){"zero", "mine", nullptr});
    try_to_execute("a script without arguments", "./script", (char *const[]){nullptr});
    snprintf(text, sizeof(text), "#! %s\tshow", self);
    write_text("unended", text);
    try("without a newline", "./unended");
    snprintf(text, sizeof(text), "#!./script\n");
    write_text("of_script", text);
    try("a script's script", "./of_script");
    write_text("recursive", "#!./recursive\n");
    try("its own interpreter", "./recursive");
    write_text("nobody", "#!/no/such\n");
    try("no interpreter", "./nobody");
    write_text("nothing", "#!\n");
    try("nothing after it", "./nothing");
    write_text("blank", "#!   \n");
    try("blanks after it", "./blank");
    memset(text, 'x', sizeof(text));
    memcpy(text, "#!/", 3);
    text[500] = '\n';
    write_file("long", text, 501, 0755);
    try("too long a name", "./long");
    write_text("of_file", "#!./plain\n");
    try("interpreter not executable", "./of_file");
}

static char *long_string(size_t length) {
    char *text = malloc(length + 1);
    memset(text, 'a', length);
    text[length] = 0;
    return text;
}

static void check_arguments(void) {
    try_to_execute("no arguments", self, (char *const[]){nullptr});
    try_to_execute("null arguments", self, nullptr);
    try_to_execute("bad arguments", self, (char *const *)8);
    try_to_execute("a bad argument", self, (char *const[]){"x", (char *)8, nullptr});
    char *longest = long_string(128 * 1024 - 1), *longer = long_string(128 * 1024);
    try_to_execute("128 KiB with its end", self,
                   (char *const[]){"zero", "count", longest, nullptr});
    try_to_execute("a byte more", self, (char *const[]){"zero", "count", longer, nullptr});
    char *many[70] = {"zero", "count"};
    for (int i = 2; i < 69; i++) {
        many[i] = longest;
    }
    try_to_execute("more than a quarter of the stack", self, many);
    many[13] = nullptr;
    try_to_execute("less", self, many);
    struct rlimit small = {1 << 20, RLIM_INFINITY};
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_STACK, &small);
        try_to_execute("less, on a small stack", self, many);
        _exit(0);
    }
    show_end("small stack", child);
}

static void try_at(const char *what, int directory, const char *path, int flags) {
    char *const arguments[] = {"zero", "show", nullptr};
    pid_t child = fork();
    if (child == 0) {
        call(execveat, directory, path, arguments, environment, flags);
        say("%s: %s", what, error_name(errno));
        _exit(HAS_SAID_WHY);
    }
    show_execution(what, child);
}

static void check_execveat(void) {
    int program = open(self, O_PATH | O_CLOEXEC), here = open(".", O_RDONLY | O_DIRECTORY),
        script = open("script", O_RDONLY | O_CLOEXEC);
    try_at("by descriptor", program, "", AT_EMPTY_PATH);
    try_at("by descriptor, without the flag", program, "", 0);
    try_at("below a directory", here, "link", 0);
    try_at("a link, not followed", here, "link", AT_SYMLINK_NOFOLLOW);
    try_at("absolute", 77, self, 0);
    try_at("closed directory", 77, "link", 0);
    try_at("not a directory", program, "x", 0);
    try_at("unknown flag", here, "link", 1);
    try_at("a script that would be closed", script, "", AT_EMPTY_PATH);
}

static void on_signal(int) {}

static void become_survivor(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    raise(SIGUSR2);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGHUP, on_signal);
    umask(027);
    alarm(100);
    dup2(1, 50);
    dup2(1, 51);
    fcntl(51, F_SETFD, FD_CLOEXEC);
    struct rlimit files = {200, 300};
    setrlimit(RLIMIT_NOFILE, &files);
    execve(self, (char *const[]){self, "survivor", nullptr}, environment);
}

static int survivor(void) {
    struct sigaction ignored, caught;
    struct rlimit files;
    sigset_t blocked, pending;
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    sigpending(&pending);
    sigaction(SIGUSR1, nullptr, &ignored);
    sigaction(SIGHUP, nullptr, &caught);
    getrlimit(RLIMIT_NOFILE, &files);
    say("blocked %d, pending %d, ignored %d, caught is default %d", sigismember(&blocked, SIGUSR2),
        sigismember(&pending, SIGUSR2), ignored.sa_handler == SIG_IGN,
        caught.sa_handler == SIG_DFL);
    say("mask %o, alarm %d, descriptors %d %d, files %ld", umask(0), alarm(0) > 90,
        fcntl(50, F_GETFD) >= 0, fcntl(51, F_GETFD) >= 0, (long)files.rlim_cur);
    return 0;
}

static int show_self(int argument_count, char **arguments) {
    for (int i = 0; i < argument_count; i++) {
        say("  argument %d: %s", i, strcmp(arguments[i], self) == 0 ? "self" : arguments[i]);
    }
    say("  environment: %s %s", environ[0], environ[1]);
    return 0;
}

static void become_busy(void) {
    int writer = open("copy", O_RDWR);
    try("open to write", "./copy");
    close(writer);
    try("closed", "./copy");
}

static void copy_self(void) {
    char bytes[PAGE];
    int from = open(self, O_RDONLY), to = open("copy", O_WRONLY | O_CREAT, 0755);
    for (ssize_t count; (count = read(from, bytes, sizeof(bytes))) > 0;) {
        write(to, bytes, (size_t)count);
    }
    close(from);
    close(to);
}

int main(int argument_count, char **arguments) {
    self = arguments[0];
    if (argument_count > 1 && strcmp(arguments[1], "survivor") == 0) {
        return survivor();
    }
    if (argument_count > 1 && strcmp(arguments[1], "count") == 0) {
        say("  %d arguments", argument_count);
        return 0;
    }
    if (argument_count > 1 && strcmp(arguments[1], "lock") == 0) {
        show_lock("locked by another");
        return 0;
    }
    if (argument_count != 1 || strchr(arguments[0], '/') == nullptr) {
        return show_self(argument_count, arguments);
    }
    check_paths();
    check_scripts();
    check_arguments();
    check_execveat();
    show_child("survivor", become_survivor);
    show_child("with a lock", execute_with_lock);
    copy_self();
    become_busy();
}
