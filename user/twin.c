/*
 * One of two processes of the demonstration: writes its own name at an address that the other one
 * uses too, lets the other run, and looks whether the name is still there. Exits with status 0 if
 * so.
 */

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

constexpr int ROUNDS = 3;

static char shared_address[4096] __attribute__((aligned(4096)));

int main(int argument_count, char **arguments) {
    const char *name = argument_count > 1 ? arguments[1] : "nobody";
    strncpy(shared_address, name, sizeof(shared_address) - 1);
    for (int round = 1; round <= ROUNDS; round++) {
        printf("twin %d: round %d: address %p holds '%s'\n", getpid(), round,
               (void *)shared_address, shared_address);
        fflush(stdout);
        sched_yield();
    }
    return strcmp(shared_address, name) == 0 ? 0 : 1;
}
