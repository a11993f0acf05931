/*
 * Takes all there is of something, beside a sentinel that must come to no harm:
 *
 *     exhaust processes      a fork bomb with no limit, until forks have been refused
 *     exhaust memory [N]     N processes (200), several at once, each of which takes one kind of
 *                            memory until it is refused or ended
 *     exhaust cycles [N]     no more than there is: N (10,000) times fork, execve and exit
 *
 * Prints what came of it. Exits with status 0 when all that it began has ended and the sentinel
 * found its memory as it had left it; 1 when not; 2 when it is asked for something else. Not for a
 * Linux that has something to lose.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

constexpr size_t PAGE = 4096;
constexpr size_t HUGE_SIZE = (size_t)1 << 40;
constexpr size_t CHUNK = (size_t)1 << 20;
constexpr size_t SENTINEL_WORDS = ((size_t)4 << 20) / sizeof(uint64_t);
constexpr int MANY_REFUSALS = 1000;
constexpr int AT_ONCE = 4;

static atomic_int *refusals;

static void wait_a_moment(void) {
    nanosleep(&(struct timespec){.tv_nsec = 10'000'000}, nullptr);
}

static void *map(size_t size, int flags) {
    return mmap(nullptr, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                0);
}

/* Not chosen when memory ends. */
static bool spare_self(void) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY);
    bool is_spared = file >= 0 && write(file, "-1000", 5) == 5;
    close(file);
    return is_spared;
}

static bool give_up_being_spared(void) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY);
    bool is_as_all = file >= 0 && write(file, "0", 1) == 1;
    close(file);
    return is_as_all;
}

static volatile sig_atomic_t is_over;

static void note_the_end(int) {
    is_over = 1;
}

static uint64_t expected_word(size_t i) {
    return (uint64_t)i * 0x9e3779b97f4a7c15;
}

static bool holds(const uint64_t *words) {
    for (size_t i = 0; i < SENTINEL_WORDS; i++) {
        if (words[i] != expected_word(i)) {
            return false;
        }
    }
    return true;
}

/* Looks at its memory again and again until SIGTERM; leaves with 0 if it was always as written. */
[[noreturn]] static void keep_watch(int ready) {
    uint64_t *words = map(SENTINEL_WORDS * sizeof(uint64_t), MAP_PRIVATE);
    for (size_t i = 0; i < SENTINEL_WORDS; i++) {
        words[i] = expected_word(i);
    }
    signal(SIGTERM, note_the_end);
    (void)!write(ready, "!", 1);
    int looks = 0;
    while (holds(words)) {
        looks++;
        if (is_over) {
            printf("sentinel: its memory held\n");
            exit(looks > 0 ? 0 : 1);
        }
        wait_a_moment();
    }
    _exit(1);
}

/* A child in a session of its own, so that what is sent to the others does not reach it. */
static pid_t begin_watch(void) {
    int ready[2];
    char byte;
    if (pipe(ready) != 0) {
        return -1;
    }
    pid_t sentinel = fork();
    if (sentinel == 0) {
        setsid();
        keep_watch(ready[1]);
    }
    close(ready[1]);
    bool is_ready = read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    return is_ready ? sentinel : -1;
}

static int end_watch(pid_t sentinel) {
    int status;
    kill(sentinel, SIGTERM);
    if (waitpid(sentinel, &status, 0) != sentinel || status != 0) {
        printf("sentinel: came to harm\n");
        return 1;
    }
    return 0;
}

[[noreturn]] static void fork_forever(void) {
    for (;;) {
        if (fork() < 0) {
            atomic_fetch_add(refusals, 1);
            wait_a_moment();
        }
    }
}

/* Ends the group of `leader`, and waits for all of it: whose parent is gone is ours. */
static int end_group(pid_t leader) {
    int ended = 0;
    kill(-leader, SIGKILL);
    while (waitpid(-leader, nullptr, 0) > 0) {
        ended++;
    }
    return ended;
}

static int exhaust_processes(long) {
    pid_t leader = fork();
    if (leader == 0) {
        setpgid(0, 0);
        if (!give_up_being_spared()) {
            _exit(1);
        }
        fork_forever();
    }
    setpgid(leader, leader);
    while (atomic_load(refusals) < MANY_REFUSALS) {
        wait_a_moment();
    }
    printf("processes: more than 100 at once: %s\n", end_group(leader) > 100 ? "yes" : "no");
    return 0;
}

static void touch_until_ended(int flags) {
    char *memory = map(HUGE_SIZE, flags);
    for (size_t at = 0; memory != MAP_FAILED && at < HUGE_SIZE; at += PAGE) {
        memory[at] = 1;
    }
}

static void grow_the_break(void) {
    char *end = (char *)syscall(SYS_brk, 0);
    while (syscall(SYS_brk, end + CHUNK) == (long)(end + CHUNK)) {
        memset(end, 1, CHUNK);
        end += CHUNK;
    }
}

static void fill_a_file(void) {
    static char chunk[CHUNK];
    int file = memfd_create("filled", 0);
    while (write(file, chunk, sizeof(chunk)) > 0) {
    }
}

static void attach_segments(void) {
    for (;;) {
        int id = shmget(IPC_PRIVATE, CHUNK, 0600);
        char *place = id < 0 ? (void *)-1 : shmat(id, nullptr, 0);
        if (id >= 0) {
            shmctl(id, IPC_RMID, nullptr);
        }
        if (place == (void *)-1) {
            return;
        }
        memset(place, 1, CHUNK);
    }
}

static void fill_pipes(void) {
    static char chunk[CHUNK];
    int ends[2];
    while (pipe2(ends, O_NONBLOCK) == 0) {
        fcntl(ends[1], F_SETPIPE_SZ, CHUNK);
        while (write(ends[1], chunk, sizeof(chunk)) > 0) {
        }
    }
}

/* A page in each 2 MiB: as much for tables as for pages. */
static void touch_sparsely(void) {
    constexpr size_t STEP = (size_t)2 << 20;
    for (;;) {
        char *memory = map(HUGE_SIZE, MAP_PRIVATE);
        for (size_t at = 0; memory != MAP_FAILED && at < HUGE_SIZE; at += STEP) {
            memory[at] = 1;
        }
        if (memory == MAP_FAILED) {
            return;
        }
    }
}

/* Rights that alternate, so that no two pages can be one area. */
static void map_many_areas(void) {
    char *memory = map(HUGE_SIZE, MAP_PRIVATE);
    for (size_t at = 0; memory != MAP_FAILED; at += 2 * PAGE) {
        if (mprotect(memory + at, PAGE, PROT_READ) != 0) {
            return;
        }
    }
}

[[noreturn]] static void take_memory(long kind) {
    switch (kind % 8) {
    case 0:
        touch_until_ended(MAP_PRIVATE);
        break;
    case 1:
        touch_until_ended(MAP_SHARED);
        break;
    case 2:
        grow_the_break();
        break;
    case 3:
        fill_a_file();
        break;
    case 4:
        attach_segments();
        break;
    case 5:
        fill_pipes();
        break;
    case 6:
        touch_sparsely();
        break;
    default:
        map_many_areas();
    }
    _exit(0);
}

static pid_t begin_to_take(long kind) {
    pid_t child = fork();
    if (child == 0) {
        if (!give_up_being_spared()) {
            _exit(1);
        }
        take_memory(kind);
    }
    return child;
}

static int exhaust_memory(long count) {
    long begun = 0;
    long refused = 0;
    for (long ended = 0; ended < count;) {
        while (begun - ended < AT_ONCE && begun < count) {
            bool is_refused = begin_to_take(begun++) < 0;
            ended += is_refused;
            refused += is_refused;
        }
        if (begun == ended) {
            continue;
        }
        int status;
        if (waitpid(0, &status, 0) < 0) {
            perror("memory: waitpid");
            return 1;
        }
        ended++;
        refused += WIFEXITED(status);
        if (WIFEXITED(status) ? WEXITSTATUS(status) != 0 : WTERMSIG(status) != SIGKILL) {
            printf("memory: a process ended with status %#x\n", status);
            return 1;
        }
    }
    printf("memory: %ld processes, both refused and ended ones: %s\n", count,
           refused > 0 && refused < count ? "yes" : "no");
    return 0;
}

static int run_cycles(long count) {
    for (long i = 0; i < count; i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            execl("/proc/self/exe", "exhaust", "nothing", nullptr);
            _exit(1);
        }
        if (waitpid(child, &status, 0) != child || status != 0) {
            printf("cycles: number %ld ended with status %#x\n", i, status);
            return 1;
        }
    }
    printf("cycles: %ld\n", count);
    return 0;
}

typedef int (*attack_t)(long count);

static const struct {
    const char *name;
    attack_t attack;
    long count;
} attacks[] = {
    {"processes", exhaust_processes, 0},
    {"memory", exhaust_memory, 200},
    {"cycles", run_cycles, 10'000},
};

static int run_beside_a_sentinel(attack_t attack, long count) {
    refusals = map(PAGE, MAP_SHARED);
    if (refusals == MAP_FAILED || !spare_self()) {
        return 1;
    }
    pid_t sentinel = begin_watch();
    if (sentinel < 0) {
        return 1;
    }
    int failed = attack(count);
    fflush(stdout);
    return end_watch(sentinel) | failed;
}

int main(int argument_count, char **arguments) {
    const char *name = argument_count > 1 ? arguments[1] : "";
    setvbuf(stdout, nullptr, _IOLBF, 0);
    if (strcmp(name, "nothing") == 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        if (strcmp(name, attacks[i].name) == 0) {
            long count = argument_count > 2 ? atol(arguments[2]) : attacks[i].count;
            return run_beside_a_sentinel(attacks[i].attack, count);
        }
    }
    fprintf(stderr, "usage: exhaust processes | memory [N] | cycles [N]\n");
    return 2;
}
