/*
 * Processes and threads that begin, stop, go on, replace themselves and end all at once:
 *
 *     storm kill|stop|exec|bomb
 *
 * leaves with 0 when everything that it began has ended; what ends how is left to chance.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

constexpr int THREADS = 64;
constexpr int ROUNDS = 20;
constexpr rlim_t BOMB_LIMIT = 60;
constexpr int NOBODY = 65534;

static char *self;

static void pause_briefly(unsigned microseconds) {
    nanosleep(&(struct timespec){.tv_nsec = microseconds * 1000l}, nullptr);
}

static void *fork_and_kill(void *seed) {
    for (int i = 0; i < ROUNDS; i++) {
        pid_t child = fork();
        if (child == 0) {
            if (i % 3 == 0) {
                _exit(i);
            }
            for (;;) {
                pause();
            }
        }
        if (child > 0) {
            kill(child, (uintptr_t)seed % 2 ? SIGKILL : SIGTERM);
            waitpid(child, nullptr, 0);
        }
    }
    return nullptr;
}

static void kill_storm(void) {
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], nullptr, fork_and_kill, (void *)i) != 0) {
            exit(3);
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], nullptr);
    }
}

static void *spin(void *) {
    for (;;) {
        (void)getppid();
    }
}

static void run_threads(void) {
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        pthread_create(&thread, nullptr, spin, nullptr);
    }
    spin(nullptr);
}

/* The last word is SIGCONT: a process that stays stopped would never be seen to have gone on. */
static void stop_storm(void) {
    pid_t child = fork();
    if (child == 0) {
        run_threads();
    }
    for (int i = 0; i < ROUNDS * 20; i++) {
        int status;
        kill(child, SIGSTOP);
        if (i % 2 == 0) {
            waitpid(child, &status, WUNTRACED);
        }
        kill(child, SIGCONT);
        if (i % 4 == 0) {
            waitpid(child, &status, WCONTINUED);
        }
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

static void *replace_self(void *) {
    execv(self, (char *[]){self, "nothing", nullptr});
    return nullptr;
}

/* Several threads of one process run another program, while somebody kills it. */
static void exec_storm(void) {
    for (int i = 0; i < ROUNDS * 15; i++) {
        pid_t child = fork();
        if (child == 0) {
            for (int k = 0; k < 6; k++) {
                pthread_t thread;
                pthread_create(&thread, nullptr, k % 2 ? replace_self : spin, nullptr);
            }
            run_threads();
        }
        if (i % 4) {
            for (int turn = 0; turn < i % 32; turn++) {
                sched_yield();
            }
            kill(child, SIGKILL);
        }
        waitpid(child, nullptr, 0);
    }
}

static void fork_until_refused(void) {
    while (fork() >= 0) {
    }
    pause_briefly(10'000);
    _exit(errno == EAGAIN ? 0 : 1);
}

static void bomb(void) {
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {BOMB_LIMIT, BOMB_LIMIT};
        setsid();
        if (setrlimit(RLIMIT_NPROC, &limit) != 0 || setuid(NOBODY) != 0) {
            _exit(2);
        }
        fork_until_refused();
    }
    pause_briefly(200'000);
    kill(-child, SIGKILL);
    waitpid(child, nullptr, 0);
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    self = arguments[0];
    if (strcmp(what, "nothing") == 0) {
        return 0;
    }
    if (strcmp(what, "kill") == 0) {
        kill_storm();
    } else if (strcmp(what, "stop") == 0) {
        stop_storm();
    } else if (strcmp(what, "exec") == 0) {
        exec_storm();
    } else if (strcmp(what, "bomb") == 0) {
        bomb();
    } else {
        return 2;
    }
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    puts("over");
    return 0;
}
