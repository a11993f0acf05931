/* futex: bit sets, requeueing, wake and operate, absolute times, and words shared by processes. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

enum operation : int {
    WAIT = 0,
    WAKE = 1,
    REQUEUE = 3,
    CMP_REQUEUE = 4,
    WAKE_OP = 5,
    LOCK_PI = 6,
    UNLOCK_PI = 7,
    WAIT_BITSET = 9,
    WAKE_BITSET = 10,
    CLOCK_REAL = 256,
};
constexpr int THREADS = 4;
constexpr long WAITV = 449;

struct waiter {
    uint64_t value, address;
    uint32_t flags, reserved;
};

static uint32_t first, second;

static void settle_well(void) {
    for (int i = 0; i < 5; i++) {
        settle();
    }
}

static void *wait_for_bit(void *bits) {
    call(futex, &first, WAIT_BITSET, 0, nullptr, nullptr, (uint32_t)(uintptr_t)bits);
    return nullptr;
}

static void start(pthread_t *threads, void *(*body)(void *), const long *arguments) {
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], nullptr, body, (void *)arguments[i]);
    }
    settle_well();
}

static void join(pthread_t *threads) {
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], nullptr);
    }
}

static void check_bits(void) {
    pthread_t threads[THREADS];
    const long bits[] = {1, 2, 2, 12};
    start(threads, wait_for_bit, bits);
    show("no bits", call(futex, &first, WAKE_BITSET, 9, nullptr, nullptr, 0));
    show("wait for no bits", call(futex, &first, WAIT_BITSET, 0, nullptr, nullptr, 0));
    show("other bits", call(futex, &first, WAKE_BITSET, 9, nullptr, nullptr, 16));
    show("bit 1", call(futex, &first, WAKE_BITSET, 9, nullptr, nullptr, 2));
    show("bit 3", call(futex, &first, WAKE_BITSET, 9, nullptr, nullptr, 8));
    show("any", call(futex, &first, WAKE, 9));
    join(threads);
}

static void *wait_on_first(void *) {
    call(futex, &first, WAIT, 0, nullptr);
    return nullptr;
}

static void check_requeue(void) {
    pthread_t threads[THREADS];
    const long none[THREADS] = {};
    start(threads, wait_on_first, none);
    show("other value", call(futex, &first, CMP_REQUEUE, 1, 9, &second, 5));
    show("one woken, two moved", call(futex, &first, CMP_REQUEUE, 1, 2, &second, 0));
    show("on the first", call(futex, &first, WAKE, 9));
    show("on the second", call(futex, &second, WAKE, 9));
    join(threads);
    start(threads, wait_on_first, none);
    show("requeue", call(futex, &first, REQUEUE, 0, 9, &second));
    show("nobody on the first", call(futex, &first, WAKE, 9));
    show("all on the second", call(futex, &second, WAKE, 9));
    join(threads);
    show("negative", call(futex, &first, REQUEUE, -1, 1, &second));
    show("to the null page", call(futex, &first, REQUEUE, 0, 1, nullptr));
}

/* An operation of FUTEX_WAKE_OP (man 2 futex). */
static uint32_t operation(unsigned how, unsigned argument, unsigned compare, unsigned with) {
    return how << 28 | compare << 24 | argument << 12 | with;
}

static void check_wake_op(void) {
    second = 5;
    show("set", call(futex, &first, WAKE_OP, 1, 1, &second, operation(0, 7, 0, 5)));
    say("%u", second);
    show("add", call(futex, &first, WAKE_OP, 1, 1, &second, operation(1, 3, 0, 5)));
    say("%u", second);
    show("or", call(futex, &first, WAKE_OP, 1, 1, &second, operation(2, 5, 0, 5)));
    say("%u", second);
    show("and not", call(futex, &first, WAKE_OP, 1, 1, &second, operation(3, 3, 0, 5)));
    say("%u", second);
    show("xor", call(futex, &first, WAKE_OP, 1, 1, &second, operation(4, 15, 0, 5)));
    say("%u", second);
    show("a shift", call(futex, &first, WAKE_OP, 1, 1, &second, operation(8, 4, 0, 5)));
    say("%u", second);
    show("unknown", call(futex, &first, WAKE_OP, 1, 1, &second, operation(5, 4, 0, 5)));
    show("unknown comparison", call(futex, &first, WAKE_OP, 1, 1, &second, operation(0, 4, 6, 5)));
    second = 0;
    pthread_t threads[THREADS];
    const long none[THREADS] = {};
    start(threads, wait_on_first, none);
    show("first only", call(futex, &first, WAKE_OP, 1, 9, &second, operation(0, 1, 0, 5)));
    show("swapped", call(futex, &second, WAKE_OP, 1, 9, &first, operation(0, 0, 0, 0)));
    join(threads);
}

static void *lock_second(void *) {
    call(futex, &second, LOCK_PI, 0, nullptr);
    call(futex, &second, UNLOCK_PI, 0, nullptr);
    return nullptr;
}

/* Who asks for none to be woken wakes one; and an error is not added to a count. */
static void check_wake_op_counts(void) {
    pthread_t threads[THREADS], locker;
    const long none[THREADS] = {};
    uint32_t third = 0;
    start(threads, wait_on_first, none);
    show("none", call(futex, &first, WAKE_OP, 0, 0, &third, operation(0, 0, 0, 5)));
    show("none twice", call(futex, &third, WAKE_OP, 0, 0, &first, operation(0, 0, 0, 0)));
    second = 0;
    show("lock", call(futex, &second, LOCK_PI, 0, nullptr));
    pthread_create(&locker, nullptr, lock_second, nullptr);
    settle_well();
    show("a lock", call(futex, &first, WAKE_OP, 1, 1, &second, operation(1, 0, 1, 0)));
    show("unlock", call(futex, &second, UNLOCK_PI));
    pthread_join(locker, nullptr);
    show("the last", call(futex, &first, WAKE, 9));
    join(threads);
    second = 0;
}

static void check_times(void) {
    struct timespec past = {}, soon;
    show("a time that has passed", call(futex, &first, WAIT_BITSET, 0, &past, nullptr, -1));
    clock_gettime(CLOCK_MONOTONIC, &soon);
    soon.tv_nsec += 20'000'000;
    if (soon.tv_nsec >= 1'000'000'000) {
        soon = (struct timespec){soon.tv_sec + 1, soon.tv_nsec - 1'000'000'000};
    }
    show("soon", call(futex, &first, WAIT_BITSET, 0, &soon, nullptr, -1));
    clock_gettime(CLOCK_REALTIME, &soon);
    show("now, by the real time",
         call(futex, &first, WAIT_BITSET | CLOCK_REAL, 0, &soon, nullptr, -1));
}

static void check_processes(void) {
    uint32_t *shared =
        mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        long result = call(futex, shared, WAIT, 0, nullptr);
        _exit(result == 0 ? 0 : 1);
    }
    settle_well();
    show("wake, private", call(futex, shared, WAKE | 128, 1));
    show("wake, shared", call(futex, shared, WAKE, 1));
    show_end("child", child);
    int file = scratch_file("file", PAGE);
    uint32_t *one = mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0),
             *two = mmap(nullptr, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    child = fork();
    if (child == 0) {
        _exit(call(futex, one, WAIT, *one, nullptr) == 0 ? 0 : 1);
    }
    settle_well();
    show("wake, by another mapping of the file", call(futex, two, WAKE, 1));
    show_end("child", child);
}

static void *wait_for_either(void *) {
    struct waiter waiters[2] = {{0, (uintptr_t)&first, 2, 0}, {0, (uintptr_t)&second, 2, 0}};
    return (void *)syscall(WAITV, waiters, 2, 0, nullptr, 0);
}

static void check_many(void) {
    struct waiter waiter = {1, (uintptr_t)&first, 2, 0};
    pthread_t thread;
    void *which;
    show("either, other value", syscall(WAITV, &waiter, 1, 0, nullptr, 0));
    show("either of none", syscall(WAITV, &waiter, 0, 0, nullptr, 0));
    show("either of too many", syscall(WAITV, &waiter, 129, 0, nullptr, 0));
    show("either, flags", syscall(WAITV, &waiter, 1, 1, nullptr, 0));
    waiter.flags = 77;
    show("either, unknown flags", syscall(WAITV, &waiter, 1, 0, nullptr, 0));
    second = 0;
    pthread_create(&thread, nullptr, wait_for_either, nullptr);
    settle_well();
    show("wake the second", call(futex, &second, WAKE, 9));
    pthread_join(thread, &which);
    say("which: %ld", (long)which);
}

int main(void) {
    check_bits();
    check_requeue();
    check_wake_op();
    check_wake_op_counts();
    check_times();
    check_processes();
    check_many();
}
