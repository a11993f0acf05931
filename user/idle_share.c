/* Sleeps beside a process whose timers are always late, and says how much of the CPU was idle. */

#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

constexpr int TIMERS_OF_A_KIND = 32;
constexpr unsigned SLEEP_US = 1'000'000;

static const struct timespec nanosecond = {.tv_nsec = 1};

static void start_timers(clockid_t clock, int way) {
    struct sigevent event = {.sigev_notify = way, .sigev_signo = SIGUSR1};
    const struct itimerspec always = {nanosecond, nanosecond};
    for (int i = 0; i < TIMERS_OF_A_KIND; i++) {
        timer_t timer;
        if (timer_create(clock, &event, &timer) != 0 ||
            timer_settime(timer, 0, &always, nullptr) != 0) {
            perror("timer");
            exit(1);
        }
    }
}

static void pester(void) {
    const struct itimerval always = {{.tv_usec = 1}, {.tv_usec = 1}};
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    setitimer(ITIMER_REAL, &always, nullptr);
    start_timers(CLOCK_MONOTONIC, SIGEV_SIGNAL);
    start_timers(CLOCK_MONOTONIC, SIGEV_NONE);
    start_timers(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL);
    start_timers(CLOCK_PROCESS_CPUTIME_ID, SIGEV_NONE);
    start_timers(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL);
    for (;;) {
        pause();
    }
}

struct share {
    uint64_t idle, all;
};

/* man 5 proc_stat: user, nice, system, idle. */
static struct share read_share(void) {
    uint64_t user = 0, nice = 0, system = 0, idle = 0;
    FILE *file = fopen("/proc/stat", "r");
    if (!file || fscanf(file, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &user, &nice,
                        &system, &idle) != 4) {
        perror("/proc/stat");
        exit(1);
    }
    fclose(file);
    return (struct share){idle, user + nice + system + idle};
}

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        pester();
    }
    usleep(SLEEP_US / 4);
    struct share before = read_share();
    usleep(SLEEP_US);
    struct share after = read_share();
    kill(child, SIGKILL);
    uint64_t all = after.all - before.all;
    printf("idle: %d of 100\n", all > 0 ? (int)((after.idle - before.idle) * 100 / all) : 0);
    return 0;
}
