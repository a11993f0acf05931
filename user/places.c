/*
 * Says how random the places of a program are: runs itself N times (1,000), and prints for each of
 * its parts how many bits of the address were one about half of the time, and how many were now one
 * and now zero but not evenly. `places N fixed` asks for places that are not random, first.
 */

#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

enum part { PROGRAM, MAPPING, STACK, HEAP, PART_COUNT };

static const char *const names[] = {"program", "mapping", "stack", "heap"};

constexpr int BITS = 64;
constexpr size_t PAGE = 4096;

static long ones[PART_COUNT][BITS];

int main(int count, char **arguments);

/* The heap's from the end of the program, since that is what it lies behind. */
static void find_places(uint64_t places[PART_COUNT]) {
    char on_stack;
    places[PROGRAM] = (uint64_t)main;
    places[MAPPING] = (uint64_t)mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    places[STACK] = (uint64_t)&on_stack;
    places[HEAP] = (uint64_t)sbrk(0) - (uint64_t)main;
}

/* False if the program could not be run. */
static bool ask(uint64_t places[PART_COUNT]) {
    int ends[2];
    int status;
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "places", "tell", nullptr);
        _exit(1);
    }
    close(ends[1]);
    constexpr ssize_t SIZE = PART_COUNT * sizeof(uint64_t);
    bool is_told = read(ends[0], places, SIZE) == SIZE;
    close(ends[0]);
    return waitpid(child, &status, 0) == child && status == 0 && is_told;
}

static void count_ones(const uint64_t places[PART_COUNT]) {
    for (int part = 0; part < PART_COUNT; part++) {
        for (int bit = 0; bit < BITS; bit++) {
            ones[part][bit] += places[part] >> bit & 1;
        }
    }
}

static void report(long runs) {
    for (int part = 0; part < PART_COUNT; part++) {
        int even = 0;
        int uneven = 0;
        for (int bit = 0; bit < BITS; bit++) {
            long seen = ones[part][bit];
            bool is_even = seen > runs * 2 / 5 && seen < runs * 3 / 5;
            even += is_even;
            uneven += !is_even && seen > 0 && seen < runs;
        }
        printf("%s: %d random bits, %d others vary\n", names[part], even, uneven);
    }
}

int main(int count, char **arguments) {
    uint64_t places[PART_COUNT];
    if (count > 1 && strcmp(arguments[1], "tell") == 0) {
        find_places(places);
        return write(STDOUT_FILENO, places, sizeof(places)) == sizeof(places) ? 0 : 1;
    }
    long runs = count > 1 ? atol(arguments[1]) : 1000;
    if (count > 2 && strcmp(arguments[2], "fixed") == 0) {
        personality(ADDR_NO_RANDOMIZE);
    }
    for (long i = 0; i < runs; i++) {
        if (!ask(places)) {
            return 1;
        }
        count_ones(places);
    }
    report(runs);
    return 0;
}
