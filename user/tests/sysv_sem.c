/* semget, semop, semtimedop and semctl. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

static int set;

static long operate(unsigned short number, short change, short flags) {
    struct sembuf operation = {number, change, flags};
    return call(semop, set, &operation, 1);
}

static void check_creation(void) {
    key_t key = 0x51554953 ^ getpid();
    show("absent", call(semget, key, 1, 0));
    show("none", call(semget, key, 0, IPC_CREAT | 0600));
    show("too many", call(semget, key, 32001, IPC_CREAT | 0600));
    int named = (int)call(semget, key, 3, IPC_CREAT | IPC_EXCL | 0600);
    show_ok("created", named);
    say("found again: %d", call(semget, key, 2, 0) == named);
    show("more than it has", call(semget, key, 4, 0));
    show("exclusive", call(semget, key, 3, IPC_CREAT | IPC_EXCL | 0600));
    show("removed", call(semctl, named, 0, IPC_RMID, 0));
    show("no more", call(semget, key, 1, 0));
    show("removed twice", call(semctl, named, 0, IPC_RMID, 0));
}

static void check_values(void) {
    unsigned short values[3] = {1, 2, 3}, seen[3] = {};
    show("set all", call(semctl, set, 0, SETALL, values));
    show("get all", call(semctl, set, 0, GETALL, seen));
    say("%d %d %d", seen[0], seen[1], seen[2]);
    values[1] = 40000;
    show("too large", call(semctl, set, 0, SETALL, values));
    show("one too large", call(semctl, set, 0, SETVAL, 32768));
    show("below 0", call(semctl, set, 0, SETVAL, -1));
    show("one", call(semctl, set, 1, SETVAL, 7));
    show("it", call(semctl, set, 1, GETVAL, 0));
    show("another than there are", call(semctl, set, 3, GETVAL, 0));
    show("unknown command", call(semctl, set, 0, 99, 0));
    show("of nobody", call(semctl, 0x7fffff00, 0, GETVAL, 0));
    show("of -1", call(semctl, -1, 0, GETVAL, 0));
    show("get all to the null page", call(semctl, set, 0, GETALL, 8));
}

static void check_operations(void) {
    struct timespec soon = {.tv_nsec = 20'000'000};
    struct sembuf two[2] = {{0, 1, 0}, {1, -100, IPC_NOWAIT}};
    show("zero", call(semctl, set, 0, SETVAL, 0));
    show("up", operate(0, 2, 0));
    show("down", operate(0, -1, 0));
    show("value", call(semctl, set, 0, GETVAL, 0));
    say("by me: %d", call(semctl, set, 0, GETPID, 0) == getpid());
    show("too far down", operate(0, -2, IPC_NOWAIT));
    show("not 0", operate(0, 0, IPC_NOWAIT));
    show("too far up", operate(0, 32767, 0));
    show("no such semaphore", operate(3, 1, 0));
    show("both or none", call(semop, set, two, 2));
    show("value", call(semctl, set, 0, GETVAL, 0));
    show("no operations", call(semop, set, two, 0));
    show("too many operations", call(semop, set, two, 501));
    show("operations on the null page", call(semop, set, 8, 1));
    struct sembuf down = {0, -5, 0};
    show("in time", call(semtimedop, set, &down, 1, &soon));
}

/* Says nothing itself: who runs first when it is woken is left to the kernel. */
[[noreturn]] static void wait_for_it(void) {
    long result = operate(2, -1, 0);
    _exit(result == 0 ? 7 : errno == EIDRM ? 8 : 9);
}

static void check_waiting(void) {
    call(semctl, set, 2, SETVAL, 0);
    pid_t child = fork();
    if (child == 0) {
        wait_for_it();
    }
    settle();
    show("who wait", call(semctl, set, 2, GETNCNT, 0));
    show("who wait for zero", call(semctl, set, 2, GETZCNT, 0));
    show("up", operate(2, 1, 0));
    show_end("child", child);
}

static void take_and_die(void) {
    show("down", operate(1, -1, SEM_UNDO));
    show("while it lives", call(semctl, set, 1, GETVAL, 0));
}

static void check_giving(void) {
    struct semid_ds state = {};
    call(semctl, set, 0, IPC_STAT, &state);
    state.sem_perm.uid = (uid_t)-1;
    show("to nobody", call(semctl, set, 0, IPC_SET, &state));
    state.sem_perm.uid = getuid();
    show("to its own", call(semctl, set, 0, IPC_SET, &state));
}

static void check_undo(void) {
    call(semctl, set, 1, SETVAL, 3);
    show_child("taker", take_and_die);
    show("given back", call(semctl, set, 1, GETVAL, 0));
}

static void check_removal(void) {
    call(semctl, set, 2, SETVAL, 0);
    pid_t child = fork();
    if (child == 0) {
        wait_for_it();
    }
    settle();
    show("remove", call(semctl, set, 0, IPC_RMID, 0));
    show_end("child", child);
}

static void take_one(void) {
    operate(0, -1, 0);
}

static void pass_on(void) {
    struct sembuf both[2] = {{0, -1, 0}, {1, 1, 0}};
    call(semop, set, both, 2);
}

static void take_passed(void) {
    operate(1, -1, 0);
}

static pid_t start(void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    settle();
    return child;
}

/* Who gives does at once what others wait to do: nobody else can take it first. */
static void check_service(void) {
    show("zero", call(semctl, set, 0, SETVAL, 0));
    show("zero", call(semctl, set, 1, SETVAL, 0));
    pid_t first = start(take_one), second = start(take_one);
    show("one for two", operate(0, 1, 0));
    show("steal it", operate(0, -1, IPC_NOWAIT));
    show_end("first", first);
    show("still waiting", call(semctl, set, 0, GETNCNT, 0));
    show("one for the other", operate(0, 1, 0));
    show_end("second", second);
    pid_t last = start(take_passed), middle = start(pass_on);
    show("one to be passed on", operate(0, 1, 0));
    show("steal it", operate(1, -1, IPC_NOWAIT));
    show_end("middle", middle);
    show_end("last", last);
    show("left", call(semctl, set, 0, GETVAL, 0));
    show("left", call(semctl, set, 1, GETVAL, 0));
}

constexpr int MANY = 32'000, UNDOERS = 100;

static int many;

static void change_and_stay(void) {
    struct sembuf operation = {0, 1, SEM_UNDO};
    call(semop, many, &operation, 1);
    pause();
}

static void check_many_undos(void) {
    static unsigned short values[MANY];
    pid_t children[UNDOERS];
    struct timespec before, after;
    many = (int)call(semget, IPC_PRIVATE, MANY, 0600);
    for (int i = 0; i < UNDOERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            change_and_stay();
        }
    }
    while (call(semctl, many, 0, GETVAL, 0) < UNDOERS) {
        usleep(1000);
    }
    clock_gettime(CLOCK_MONOTONIC, &before);
    show("set all", call(semctl, many, 0, SETALL, values));
    clock_gettime(CLOCK_MONOTONIC, &after);
    long milliseconds =
        (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1'000'000;
    say("at once: %d", milliseconds < 300);
    for (int i = 0; i < UNDOERS; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], nullptr, 0);
    }
    show("nothing is undone", call(semctl, many, 0, GETVAL, 0));
    show("remove", call(semctl, many, 0, IPC_RMID, 0));
}

int main(void) {
    check_creation();
    set = (int)call(semget, IPC_PRIVATE, 3, 0600);
    check_values();
    check_operations();
    check_waiting();
    check_giving();
    check_undo();
    check_service();
    check_many_undos();
    check_removal();
}
