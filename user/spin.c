/* Computes without a system call for a while, so that only pre-emption lets others run. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argument_count, char **arguments) {
    uint64_t rounds = argument_count > 1 ? strtoull(arguments[1], nullptr, 10) : 100'000'000;
    uint64_t value = 1;
    for (uint64_t i = 0; i < rounds; i++) {
        value = value * 6364136223846793005u + 1442695040888963407u;
        __asm__ volatile("" : "+r"(value));
    }
    printf("spin: %llu rounds give %016llx\n", (unsigned long long)rounds,
           (unsigned long long)value);
    return 0;
}
