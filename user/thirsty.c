/*
 * Three processes have the kernel write into memory that they have not used yet, until there is no
 * more and it ends them. A call of any of them that returns without all that it was asked for has
 * failed for a reason that was not the program's. Not for a Linux that has something to lose.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

constexpr size_t SIZE = (size_t)1 << 40;
constexpr size_t PIECE = (size_t)1 << 16;
constexpr int DRINKERS = 3;

static int drink(void) {
    int zero = open("/dev/zero", O_RDONLY);
    char *memory = mmap(nullptr, SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (zero < 0 || memory == MAP_FAILED) {
        return 1;
    }
    for (size_t at = 0; at < SIZE; at += PIECE) {
        if (read(zero, memory + at, PIECE) != (ssize_t)PIECE) {
            return 2;
        }
    }
    return 3;
}

int main(void) {
    int killed = 0;
    for (int i = 0; i < DRINKERS; i++) {
        if (fork() == 0) {
            _exit(drink());
        }
    }
    for (int i = 0; i < DRINKERS; i++) {
        int status = 0;
        wait(&status);
        bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        printf("thirsty: %s %d\n", is_killed ? "killed" : "ended", status);
        killed += is_killed;
    }
    return killed == DRINKERS ? 0 : 1;
}
