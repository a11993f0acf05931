/* msgget, msgsnd, msgrcv and msgctl. */

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "user/tests/report.h"

struct message {
    long type;
    char text[9000];
};

constexpr int MSG_COPY = 040000;

static int queue;
static struct message message;

static long put(long type, const char *text, int flags) {
    message.type = type;
    strcpy(message.text, text);
    return call(msgsnd, queue, &message, strlen(text), flags);
}

static void get(const char *what, size_t size, long type, int flags) {
    memset(&message, 0, sizeof(message));
    long result = call(msgrcv, queue, &message, size, type, flags | IPC_NOWAIT);
    if (result < 0) {
        show(what, result);
    } else {
        say("%s: %ld bytes, type %ld, \"%s\"", what, result, message.type, message.text);
    }
}

static void show_state(const char *what) {
    struct msqid_ds state = {};
    long result = call(msgctl, queue, IPC_STAT, &state);
    if (result < 0) {
        show(what, result);
        return;
    }
    say("%s: %lu messages, %lu bytes of %lu, mode %o, by me %d %d, times %d %d %d", what,
        (unsigned long)state.msg_qnum, (unsigned long)state.__msg_cbytes,
        (unsigned long)state.msg_qbytes, state.msg_perm.mode, state.msg_lspid == getpid(),
        state.msg_lrpid == getpid(), state.msg_stime != 0, state.msg_rtime != 0,
        state.msg_ctime != 0);
}

static void check_creation(void) {
    key_t key = 0x51554951 ^ getpid();
    show("absent", call(msgget, key, 0));
    int named = (int)call(msgget, key, IPC_CREAT | IPC_EXCL | 0640);
    show_ok("created", named);
    say("found again: %d", call(msgget, key, 0) == named);
    say("found with less: %d", call(msgget, key, 0400) == named);
    show("exclusive", call(msgget, key, IPC_CREAT | IPC_EXCL | 0600));
    show("removed", call(msgctl, named, IPC_RMID, 0));
    show("no more", call(msgget, key, 0));
    show("removed twice", call(msgctl, named, IPC_RMID, 0));
}

static void check_sending(void) {
    show_state("at first");
    show("one", put(1, "one", 0));
    show("empty", put(2, "", 0));
    show("type 0", put(0, "x", 0));
    show("type -1", put(-1, "x", 0));
    show("too long", call(msgsnd, queue, &message, 8193, 0));
    message.type = 3;
    show("negative", call(msgsnd, queue, &message, -1, 0));
    show("from the null page", call(msgsnd, queue, 8, 3, 0));
    show("no such queue", call(msgsnd, 0x7fffff00, &message, 3, 0));
    show("queue -1", call(msgsnd, -1, &message, 3, 0));
    show_state("then");
    get("first", 100, 0, 0);
    get("second", 100, 0, 0);
    get("none", 100, 0, 0);
    show_state("after");
}

static void check_choosing(void) {
    put(3, "three", 0);
    put(1, "one", 0);
    put(2, "two", 0);
    put(1, "uno", 0);
    get("copy", 100, 2, MSG_COPY);
    get("copy of none", 100, 9, MSG_COPY);
    get("copy and except", 100, 1, MSG_COPY | MSG_EXCEPT);
    show("copy and wait", call(msgrcv, queue, &message, 100, 0, MSG_COPY));
    get("type 2", 100, 2, 0);
    get("type 9", 100, 9, 0);
    get("other than 3", 100, 3, MSG_EXCEPT);
    get("at most 2", 100, -2, 0);
    get("at most 2, none", 100, -2, 0);
    get("the lowest", 100, LONG_MIN, 0);
    put(5, "long text", 0);
    get("too little room", 4, 0, 0);
    get("cut", 4, 0, MSG_NOERROR);
    put(5, "x", 0);
    show("to the null page", call(msgrcv, queue, 8, 100, 0, IPC_NOWAIT));
    get("is lost", 100, 0, 0);
    show("negative room", call(msgrcv, queue, &message, -1, 0, IPC_NOWAIT));
    show("no such queue", call(msgrcv, 0x7fffff00, &message, 3, 0, 0));
    show("queue -1", call(msgrcv, -1, &message, 3, 0, 0));
}

static void check_control(void) {
    struct msqid_ds state = {};
    struct msginfo info = {};
    call(msgctl, queue, IPC_STAT, &state);
    say("creator %d, user %d, private %d", state.msg_perm.cuid == getuid(),
        state.msg_perm.uid == getuid(), state.msg_perm.__key == IPC_PRIVATE);
    state.msg_qbytes = 10;
    state.msg_perm.mode = 01600;
    show("set", call(msgctl, queue, IPC_SET, &state));
    show_state("then");
    show("fits", put(1, "0123456789", IPC_NOWAIT));
    show("does not", put(1, "", IPC_NOWAIT) == 0 ? put(1, "x", IPC_NOWAIT) : -2);
    get("first", 100, 0, 0);
    get("second", 100, 0, 0);
    state.msg_qbytes = 1 << 20;
    show("above the limit", call(msgctl, queue, IPC_SET, &state));
    state.msg_qbytes = 16384;
    show("set back", call(msgctl, queue, IPC_SET, &state));
    state.msg_perm.gid = (gid_t)-1;
    show("to no group", call(msgctl, queue, IPC_SET, &state));
    show("from the null page", call(msgctl, queue, IPC_SET, 8));
    show("to the null page", call(msgctl, queue, IPC_STAT, 8));
    show("unknown", call(msgctl, queue, 99, &state));
    show("negative", call(msgctl, -1, IPC_STAT, &state));
    show_ok("limits", call(msgctl, 0, IPC_INFO, &info));
    say("%d %d %d %d", info.msgmax, info.msgmnb, info.msgssz, info.msgseg);
    put(1, "four", 0);
    long last = call(msgctl, 0, MSG_INFO, &info);
    show_ok("use", last);
    say("some: %d %d %d", info.msgpool > 0, info.msgmap > 0, info.msgtql >= 4);
    bool is_found = false;
    for (long slot = 0; slot <= last; slot++) {
        is_found |= call(msgctl, slot, MSG_STAT_ANY, &state) == queue;
    }
    say("found by slot: %d", is_found);
    show("no such slot", call(msgctl, 32'000, MSG_STAT, &state));
    get("left", 100, 0, 0);
}

static void check_listing(void) {
    char line[300];
    FILE *list = fopen("/proc/sysvipc/msg", "r");
    put(1, "four", 0);
    if (list != nullptr && fgets(line, sizeof(line), list) != nullptr) {
        say("%.*s", (int)strcspn(line, "\n"), line);
    }
    while (list != nullptr && fgets(line, sizeof(line), list) != nullptr) {
        int number = -1;
        unsigned mode, bytes, count;
        if (sscanf(line, "%*d %d %o %u %u", &number, &mode, &bytes, &count) == 4 &&
            number == queue) {
            say("mode %o, %u bytes, %u messages, %zu long", mode, bytes, count, strlen(line));
        }
    }
    get("four", 10, 0, 0);
}

static void check_rights(void) {
    struct msqid_ds state = {};
    call(msgctl, queue, IPC_STAT, &state);
    state.msg_perm.mode = 0200;
    call(msgctl, queue, IPC_SET, &state);
    show("send", put(1, "x", IPC_NOWAIT));
    get("receive", 10, 0, 0);
    show_state("state");
    state.msg_perm.mode = 0400;
    call(msgctl, queue, IPC_SET, &state);
    show("send", put(1, "x", IPC_NOWAIT));
    get("receive", 10, 0, 0);
    state.msg_perm.mode = 0600;
    call(msgctl, queue, IPC_SET, &state);
}

/* Says nothing itself: who runs first when it is woken is left to the kernel. */
[[noreturn]] static void wait_for_message(void) {
    struct message got;
    long result = call(msgrcv, queue, &got, 100, 7, 0);
    _exit(result == 5 ? 7 : errno == EIDRM ? 8 : errno == E2BIG ? 9 : 10);
}

static void check_waiting(void) {
    pid_t child = fork();
    if (child == 0) {
        wait_for_message();
    }
    settle();
    put(1, "other", 0);
    put(7, "seven", 0);
    show_end("receiver", child);
    get("the other", 100, 0, 0);
    memset(message.text, 'x', 8192);
    message.type = 1;
    show("much", call(msgsnd, queue, &message, 8192, 0));
    show("more", call(msgsnd, queue, &message, 8192, 0));
    show("too much", call(msgsnd, queue, &message, 1, IPC_NOWAIT));
    child = fork();
    if (child == 0) {
        _exit(call(msgsnd, queue, &message, 10, 0) == 0 ? 5 : 6);
    }
    settle();
    show("taken", call(msgrcv, queue, &message, 8192, 0, 0));
    show_end("sender", child);
    show("taken", call(msgrcv, queue, &message, 8192, 0, 0));
    show("taken", call(msgrcv, queue, &message, 8192, 0, 0));
}

/* Leaves with the size of the message that it gets, or 100 and the error. */
static pid_t begin_receiving(size_t room, long type) {
    pid_t child = fork();
    if (child == 0) {
        long size = call(msgrcv, queue, &message, room, type, 0);
        _exit(size >= 0 ? (int)size : 100 + errno);
    }
    settle();
    return child;
}

/* Each message is for the first who waits for such a one; who has no room for it ends there. */
static void check_order_of_waiting(void) {
    const pid_t small = begin_receiving(2, 9), first = begin_receiving(100, -9);
    const pid_t second = begin_receiving(100, 9), third = begin_receiving(100, 0);
    put(10, "ten", 0);
    show_end("of any type", third);
    put(9, "nine!", 0);
    show_end("without room", small);
    show_end("first", first);
    put(9, "another", 0);
    show_end("second", second);
    show_state("none is left");
}

static void caught(int signal) {
    say("caught %s", signal_name(signal));
}

static void check_interruption(void) {
    struct sigaction action = {.sa_handler = caught, .sa_flags = SA_RESTART};
    struct itimerval soon = {.it_value = {.tv_usec = 50'000}};
    sigaction(SIGALRM, &action, nullptr);
    setitimer(ITIMER_REAL, &soon, nullptr);
    show("interrupted", call(msgrcv, queue, &message, 10, 0, 0));
}

static void check_removal(void) {
    pid_t child = fork();
    if (child == 0) {
        wait_for_message();
    }
    settle();
    put(1, "unread", 0);
    show("remove", call(msgctl, queue, IPC_RMID, 0));
    show_end("receiver", child);
    show("gone", put(1, "x", 0));
}

int main(void) {
    check_creation();
    queue = (int)call(msgget, IPC_PRIVATE, 0600);
    check_sending();
    check_choosing();
    check_control();
    check_listing();
    check_rights();
    check_waiting();
    check_order_of_waiting();
    check_interruption();
    check_removal();
}
