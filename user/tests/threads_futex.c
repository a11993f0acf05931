/* Threads: what they share, how they end, and how they wait for each other. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "user/tests/report.h"

constexpr int THREADS = 8, ROUNDS = 2000;
constexpr int WAIT = 0, WAKE = 1, PRIVATE = 128;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;
static _Thread_local int own;
static long counter;
static int turn, word;

static void start_all(pthread_t *threads, void *(*body)(void *)) {
    for (long i = 0; i < THREADS; i++) {
        int error = pthread_create(&threads[i], nullptr, body, (void *)i);
        if (error != 0) {
            say("pthread_create: %s", error_name(error));
        }
    }
}

static long join_all(pthread_t *threads) {
    long sum = 0;
    for (int i = 0; i < THREADS; i++) {
        void *result = nullptr;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    return sum;
}

static void *add(void *number) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
        own++;
    }
    return (void *)((long)number + own);
}

static void *take_turns(void *number) {
    for (int i = 0; i < 10; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != (long)number) {
            pthread_cond_wait(&condition, &mutex);
        }
        turn++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return nullptr;
}

static void *meet(void *) {
    long leaders = 0;
    for (int i = 0; i < 20; i++) {
        leaders += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
    }
    return (void *)leaders;
}

static void *read_and_write(void *number) {
    for (int i = 0; i < 200; i++) {
        if ((i + (long)number) % 4 == 0) {
            pthread_rwlock_wrlock(&rwlock);
            counter++;
        } else {
            pthread_rwlock_rdlock(&rwlock);
        }
        pthread_rwlock_unlock(&rwlock);
    }
    return nullptr;
}

static void *hand_over(void *number) {
    for (int i = 0; i < 100; i++) {
        if ((long)number % 2 == 0) {
            sem_post(&semaphore);
        } else {
            sem_wait(&semaphore);
        }
    }
    return nullptr;
}

static void check_synchronisation(void) {
    pthread_t threads[THREADS];
    start_all(threads, add);
    say("own counts: %ld, shared count %ld", join_all(threads), counter);
    start_all(threads, take_turns);
    join_all(threads);
    say("turns: %d", turn);
    pthread_barrier_init(&barrier, nullptr, THREADS);
    start_all(threads, meet);
    say("one leads at each barrier: %ld", join_all(threads));
    counter = 0;
    start_all(threads, read_and_write);
    join_all(threads);
    say("writers: %ld", counter);
    sem_init(&semaphore, 0, 0);
    start_all(threads, hand_over);
    join_all(threads);
    int value = -1;
    sem_getvalue(&semaphore, &value);
    say("all posts were taken: %d", value);
}

static void *identify(void *process) {
    say("same process %d, other thread %d", getpid() == *(pid_t *)process, gettid() != getpid());
    return nullptr;
}

static void check_identity(void) {
    pthread_t thread;
    pid_t process = getpid();
    say("the first thread has the process's id: %d", gettid() == getpid());
    pthread_create(&thread, nullptr, identify, &process);
    pthread_join(thread, nullptr);
    say("alone in single file: %d", own);
}

static void check_refusals(void) {
    struct timespec now = {}, bad = {.tv_nsec = -1};
    show("other value", call(futex, &word, WAIT, 1, nullptr));
    show("no time", call(futex, &word, WAIT, 0, &now));
    show("bad time", call(futex, &word, WAIT, 0, &bad));
    show("unaligned", call(futex, (char *)&word + 1, WAIT, 0, nullptr));
    show("null page", call(futex, nullptr, WAIT, 0, nullptr));
    show("the kernel", call(futex, -PAGE, WAIT, 0, nullptr));
    show("time on the null page", call(futex, &word, WAIT, 0, 8));
    show("unknown operation", call(futex, &word, 77, 0, nullptr));
    show("wake nobody", call(futex, &word, WAKE, 1));
    show("wake on the null page", call(futex, nullptr, WAKE, 1));
    show("wake, private", call(futex, &word, WAKE | PRIVATE, 1));
}

static void *sleep_on_word(void *) {
    return (void *)(call(futex, &word, WAIT | PRIVATE, 0, nullptr) == 0 ? 1l : 0l);
}

static void check_waking(void) {
    pthread_t threads[THREADS];
    long woken = 0, last;
    start_all(threads, sleep_on_word);
    for (int i = 0; i < 10; i++) {
        settle();
    }
    show("wake, but shared", call(futex, &word, WAKE, 100));
    show("wake three", call(futex, &word, WAKE | PRIVATE, 3));
    last = call(futex, &word, WAKE | PRIVATE, 1000);
    woken += 3 + last;
    say("all: %ld, each was woken %ld", woken, join_all(threads));
}

static void *exit_process(void *) {
    settle();
    call(exit_group, 6);
    return nullptr;
}

static void exit_from_thread(void) {
    pthread_t thread;
    pthread_create(&thread, nullptr, exit_process, nullptr);
    pause();
}

static void leave_first_thread(void) {
    pthread_t thread;
    pthread_create(&thread, nullptr, exit_process, nullptr);
    call(exit, 9);
}

static void *die(void *) {
    settle();
    *(volatile int *)8 = 1;
    return nullptr;
}

static void die_in_thread(void) {
    pthread_t thread;
    pthread_create(&thread, nullptr, die, nullptr);
    pause();
}

static void *fork_in_thread(void *) {
    pid_t child = fork();
    if (child == 0) {
        say("a thread's child has one thread: %d", gettid() == getpid());
        _exit(3);
    }
    show_end("a thread's child", child);
    return nullptr;
}

static void *wait_to_be_cancelled(void *) {
    pause();
    return nullptr;
}

static void check_ends(void) {
    pthread_t thread;
    void *result;
    show_child("exit_group in a thread", exit_from_thread);
    show_child("the first thread leaves first", leave_first_thread);
    show_child("a fault in a thread", die_in_thread);
    pthread_create(&thread, nullptr, fork_in_thread, nullptr);
    pthread_join(thread, nullptr);
    pthread_create(&thread, nullptr, wait_to_be_cancelled, nullptr);
    settle();
    pthread_cancel(thread);
    pthread_join(thread, &result);
    say("cancelled: %d", result == PTHREAD_CANCELED);
}

int main(void) {
    check_identity();
    check_synchronisation();
    check_refusals();
    check_waking();
    check_ends();
}
