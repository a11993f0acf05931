#include "host_tests/mutants/switch.h"

#include <stdio.h>
#include <stdlib.h>

int mutant_selected = -1;
unsigned char mutant_is_reached[MUTANT_COUNT];

/* QUIRE_MUTANT: the number of the mutant that runs; without it, none does. */
__attribute__((constructor)) static void select_mutant(void) {
    const char *number = getenv("QUIRE_MUTANT");
    mutant_selected = number == NULL ? -1 : atoi(number);
}

/* QUIRE_MUTANT_REACHED: the file that gets a byte for each mutant, 1 where it was asked for. */
__attribute__((destructor)) static void write_reached(void) {
    const char *path = getenv("QUIRE_MUTANT_REACHED");
    FILE *file = path == NULL ? NULL : fopen(path, "wb");
    if (file != NULL) {
        fwrite(mutant_is_reached, 1, MUTANT_COUNT, file);
        fclose(file);
    }
}
