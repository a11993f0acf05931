/*
 * Prints how many ticks of the time-stamp counter it takes to fork a process that has touched so
 * many MiB as are asked for, until the child has exited and been waited for: the least of some
 * rounds.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

constexpr size_t PAGE = 4096;
constexpr int ROUNDS = 6;

static uint64_t ticks_of_a_fork(void) {
    uint64_t start = __builtin_ia32_rdtsc();
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return waitpid(child, nullptr, 0) == child ? __builtin_ia32_rdtsc() - start : UINT64_MAX;
}

int main(int count, char **arguments) {
    size_t size = count > 1 ? strtoul(arguments[1], nullptr, 10) << 20 : 0;
    char *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "usage: fork_cost MIB\n");
        return 2;
    }
    for (size_t at = 0; at < size; at += PAGE) {
        memory[at] = 1;
    }
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t ticks = ticks_of_a_fork();
        least = ticks < least ? ticks : least;
    }
    printf("%llu\n", (unsigned long long)least);
    return 0;
}
