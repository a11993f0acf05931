/* process_vm_readv and process_vm_writev, between a parent and its child. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;

static char *pages;

static struct iovec part(void *start, size_t size) {
    return (struct iovec){start, size};
}

static long read_from(pid_t child, struct iovec here, struct iovec there) {
    return call(process_vm_readv, child, &here, 1, &there, 1, 0);
}

static long write_to(pid_t child, struct iovec here, struct iovec there) {
    return call(process_vm_writev, child, &here, 1, &there, 1, 0);
}

static void check_errors(pid_t child) {
    char bytes[16];
    struct iovec here = part(bytes, sizeof(bytes)), there = part(pages, sizeof(bytes));
    show("flags", call(process_vm_readv, child, &here, 1, &there, 1, 1));
    show("no process", call(process_vm_readv, 0x7ffffff, &here, 1, &there, 1, 0));
    show("no parts here", call(process_vm_readv, child, &here, 0, &there, 1, 0));
    show("no parts there", call(process_vm_readv, child, &here, 1, &there, 0, 0));
    show("too many parts", call(process_vm_readv, child, &here, 1025, &there, 1, 0));
    show("null parts", call(process_vm_readv, child, nullptr, 1, &there, 1, 0));
    show("null parts there", call(process_vm_readv, child, &here, 1, nullptr, 1, 0));
    show("negative size", read_from(child, part(bytes, -1ul), there));
    show("to the null page", read_from(child, part(nullptr, 8), there));
    show("from the null page", read_from(child, here, part(nullptr, 8)));
    show("from the kernel", read_from(child, here, part((void *)-PAGE, 8)));
    show("to its own read-only memory", read_from(child, part((void *)"constant", 8), there));
    show("to the child's read-only memory", write_to(child, here, part((void *)"constant", 8)));
}

static void check_transfers(pid_t child) {
    char first[6] = {}, second[6] = {};
    struct iovec here[2] = {part(first, 3), part(second, 5)};
    struct iovec there[3] = {part(pages, 2), part(pages + PAGE - 2, 4), part(pages + 5, 1)};
    show("parts of different sizes", call(process_vm_readv, child, here, 2, there, 3, 0));
    say("%s %s", first, second);
    show("here is smaller", read_from(child, part(first, 2), part(pages, 100)));
    show("there is smaller", read_from(child, part(first, 5), part(pages, 3)));
    show("ends in a hole", read_from(child, part(first, 6), part(pages + 4 * PAGE - 3, 6)));
    there[0] = part(pages, 2);
    there[1] = part(pages + 4 * PAGE, 2);
    show("second part in a hole", call(process_vm_readv, child, here, 2, there, 2, 0));
    show("write", write_to(child, part("written", 7), part(pages + 2 * PAGE, 7)));
    show("read back", read_from(child, part(second, 5), part(pages + 2 * PAGE, 5)));
    say("%.5s, the parent's own: %d", second, pages[2 * PAGE]);
    show("closed to the child itself", read_from(child, part(first, 1), part(pages + 3 * PAGE, 1)));
}

static void child_main(int ready) {
    memset(pages, 'c', PAGE);
    memset(pages + PAGE, 'd', PAGE);
    memcpy(pages, "child!", 6);
    mprotect(pages + 3 * PAGE, PAGE, PROT_NONE);
    munmap(pages + 4 * PAGE, PAGE);
    write(ready, "r", 1);
    pause();
}

int main(void) {
    int ready[2];
    char byte;
    pages = mmap(nullptr, 5 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pipe(ready);
    pid_t child = fork();
    if (child == 0) {
        child_main(ready[1]);
    }
    show("ready", read(ready[0], &byte, 1));
    check_errors(child);
    check_transfers(child);
    show("from itself", read_from(getpid(), part(&byte, 1), part("s", 1)));
    say("%c", byte);
    kill(child, SIGKILL);
    show_end("child", child);
    show("after its end", read_from(child, part(&byte, 1), part(pages, 1)));
}
