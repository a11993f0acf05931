/* Prints its arguments, one a line, and exits with status 7. */

#include <stdio.h>

int main(int argument_count, char **arguments) {
    for (int i = 0; i < argument_count; i++) {
        printf("argument %d: %s\n", i, arguments[i]);
    }
    return 7;
}
