#include <sys/mman.h>

/* Writes a page, makes it read-only, and only reads it from then on. */
int main(void) {
    char *page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return 1;
    }
    page[0] = 'x';
    if (mprotect(page, 4096, PROT_READ) != 0) {
        return 2;
    }
    return page[0] == 'x' ? 0 : 3;
}
