/*
 * Makes any system call with any arguments, again and again, by children that are nobody: whatever
 * the kernel answers is right, as long as it lives. Takes the least number of calls and a
 * seed; prints how many were made and how the children ended, and exits with status 0 once nothing
 * of theirs is left.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

constexpr long CALLS_OF_A_CHILD = 500;
constexpr long CALL_COUNT = 470;
constexpr uid_t NOBODY = 10'000;
constexpr int PATIENCE_MS = 1'000;
constexpr int LONGEST_CALL_US = 20'000;
constexpr size_t ARENA_SIZE = 1 << 16;
static const char PLACE[] = "/tmp/storm";

static uint64_t state;
static char *arena;

/* How many calls the running child has made; shared with it. */
static long *made;

/* xorshift64 */
static uint64_t chance(uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static uint64_t any_address(void) {
    static const uint64_t edges[] = {
        0, 1, 0xffff, 0x7fffffffe000, 0x7ffffffff000, 0x7fffffffffff, 1ull << 47, 1ull << 63, ~0ull,
    };
    if (chance(4) == 0) {
        return edges[chance(sizeof(edges) / sizeof(edges[0]))];
    }
    return (uint64_t)arena + chance(ARENA_SIZE);
}

static uint64_t any_argument(void) {
    static const char *const names[] = {".", "a", "b", "a/c", "..", "", "/proc/self/fd/1"};
    switch (chance(8)) {
    case 0:
        return chance(8);
    case 1:
        return 1ull << chance(64);
    case 2:
        return (uint64_t)-(int64_t)chance(300);
    case 3:
        return chance(1 << 16);
    case 4:
        return (uint64_t)names[chance(sizeof(names) / sizeof(names[0]))];
    case 5:
        return chance(16) * 4096;
    default:
        return any_address();
    }
}

static void fill_arena(void) {
    for (size_t i = 0; i + 8 <= ARENA_SIZE; i += 8) {
        uint64_t value = chance(2) ? chance(64) : any_argument();
        memcpy(arena + i, &value, sizeof(value));
    }
}

static void set_limit(int resource, rlim_t value) {
    const struct rlimit limit = {value, value};
    setrlimit(resource, &limit);
}

/* Nobody's rights, and bounds for all that could be taken. */
static void become_nobody(void) {
    set_limit(RLIMIT_NPROC, 40);
    set_limit(RLIMIT_AS, 64 << 20);
    set_limit(RLIMIT_FSIZE, 1 << 20);
    set_limit(RLIMIT_CPU, 2);
    if (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0) {
        _exit(99);
    }
}

static void do_nothing(int) {}

/* A call that waits is interrupted, as long as the calls before it left the timer alone. */
static void bound_each_call(void) {
    const struct timeval bound = {.tv_usec = LONGEST_CALL_US};
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = do_nothing}, nullptr);
    setitimer(ITIMER_REAL, &(struct itimerval){bound, bound}, nullptr);
}

[[noreturn]] static void be_wild(uint64_t seed) {
    state = seed * 0x9e3779b97f4a7c15 + 1;
    arena = mmap(nullptr, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    become_nobody();
    bound_each_call();
    for (long i = 0; i < CALLS_OF_A_CHILD; i++) {
        if (i % 50 == 0) {
            fill_arena();
        }
        ++*made;
        syscall((long)chance(CALL_COUNT), any_argument(), any_argument(), any_argument(),
                any_argument(), any_argument(), any_argument());
    }
    _exit(0);
}

static void sleep_ms(long ms) {
    const struct timespec time = {ms / 1000, ms % 1000 * 1'000'000};
    nanosleep(&time, nullptr);
}

/* Ends all that runs as nobody: only they are theirs to kill. */
static void end_nobody(void) {
    pid_t killer = fork();
    if (killer == 0) {
        if (setresuid(NOBODY, NOBODY, NOBODY) == 0) {
            kill(-1, SIGKILL);
        }
        _exit(0);
    }
    while (waitpid(-1, nullptr, __WALL) > 0 || errno == EINTR) {
    }
}

static void remove_all(const char *path) {
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory && (entry = readdir(directory)) != nullptr) {
        char below[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        struct stat stat;
        if (lstat(below, &stat) == 0 && S_ISDIR(stat.st_mode)) {
            chmod(below, 0700);
            remove_all(below);
            rmdir(below);
        } else {
            unlink(below);
        }
    }
    if (directory) {
        closedir(directory);
    }
}

static void remove_ipc(void) {
    struct shmid_ds segment;
    struct semid_ds semaphores;
    struct msqid_ds queue;
    for (int slot = 0; slot < 4096; slot++) {
        int id = shmctl(slot, SHM_STAT, &segment);
        if (id >= 0) {
            shmctl(id, IPC_RMID, nullptr);
        }
        id = semctl(slot, 0, SEM_STAT, &semaphores);
        if (id >= 0) {
            semctl(id, 0, IPC_RMID);
        }
        id = msgctl(slot, MSG_STAT, &queue);
        if (id >= 0) {
            msgctl(id, IPC_RMID, nullptr);
        }
    }
}

/* How the child ended, as wait4 says; it is killed where it does not, or has this process trace it.
 */
static int run_child(uint64_t seed) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        be_wild(seed);
    }
    if (child < 0) {
        return -1;
    }
    for (int waited = 0; waitpid(child, &status, WNOHANG) == 0 || WIFSTOPPED(status);
         waited += 10) {
        if (waited >= PATIENCE_MS || WIFSTOPPED(status)) {
            kill(child, SIGKILL);
        }
        status = 0;
        sleep_ms(10);
    }
    return status;
}

/* What one child did, and what became of the place that it did it in. */
static bool run_in_place(uint64_t seed, int *status) {
    mkdir(PLACE, 0777);
    chmod(PLACE, 0777);
    if (chdir(PLACE) != 0) {
        return false;
    }
    *made = 0;
    *status = run_child(seed);
    end_nobody();
    if (chdir("/") != 0) {
        return false;
    }
    remove_all(PLACE);
    rmdir(PLACE);
    return *status != -1;
}

int main(int argument_count, char **arguments) {
    long calls = argument_count > 1 ? atol(arguments[1]) : 100'000;
    uint64_t seed = argument_count > 2 ? strtoull(arguments[2], nullptr, 0) : 1;
    long exited = 0;
    long killed = 0;
    long done = 0;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    made = mmap(nullptr, sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    while (done < calls) {
        int status;
        if (made == MAP_FAILED || !run_in_place(seed + (uint64_t)(exited + killed), &status)) {
            return 2;
        }
        exited += WIFEXITED(status);
        killed += WIFSIGNALED(status);
        done += *made < 0 || *made > CALLS_OF_A_CHILD ? 0 : *made;
    }
    remove_ipc();
    printf("%ld calls; of the children %ld exited and %ld were killed\n", done, exited, killed);
    return 0;
}
