/* The demonstration's wrongdoer: overwrites its own code, which the kernel does not allow. */

#include <stdint.h>
#include <stdio.h>

int main(void) {
    printf("outlaw: about to write to my own code at %p\n", (void *)(uintptr_t)main);
    fflush(stdout);
    *(volatile char *)(uintptr_t)main = 0;
    printf("outlaw: nobody stopped me\n");
    return 1;
}
