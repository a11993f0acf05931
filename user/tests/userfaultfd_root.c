/* userfaultfd of who may keep the kernel itself waiting: calls sleep until their pages are filled.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "user/tests/report.h"

/* linux/userfaultfd.h */
struct handshake {
    uint64_t version, features, requests;
};

struct registration {
    uint64_t start, size, mode, requests;
};

struct copying {
    uint64_t to, from, size, mode;
    int64_t copied;
};

struct message {
    uint8_t event, reserved[7];
    uint64_t flags, address, thread;
};

constexpr unsigned long API = _IOWR(0xaa, 0x3f, struct handshake);
constexpr unsigned long REGISTER = _IOWR(0xaa, 0, struct registration);
constexpr unsigned long COPY = _IOWR(0xaa, 3, struct copying);
constexpr int POPULATE_READ = 22; /* MADV_POPULATE_READ */

static char page[PAGE] __attribute__((aligned(4096)));
static char *memory;
static int pager, ends[2];

static int fill(char *at) {
    struct copying asked = {(uint64_t)at, (uint64_t)page, PAGE, 0, 0};
    return ioctl(pager, COPY, &asked);
}

static void begin(void) {
    struct handshake hands = {.version = 0xaa};
    pager = (int)call(userfaultfd, O_NONBLOCK | O_CLOEXEC);
    show_ok("userfaultfd", pager);
    show("handshake", ioctl(pager, API, &hands));
    memory = mmap(nullptr, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct registration asked = {(uint64_t)memory, 8 * PAGE, 1, 0};
    show("register", ioctl(pager, REGISTER, &asked));
}

/* Each uses one page of memory. */
static void write_from(void) {
    show("write", write(ends[1], memory, 4));
}

static void read_to(void) {
    show("read", read(ends[0], memory + PAGE, 4));
}

static void read_other(void) {
    char bytes[4];
    struct iovec to = {bytes, 4}, from = {memory + 2 * PAGE, 4};
    show("process_vm_readv", process_vm_readv(getpid(), &to, 1, &from, 1, 0));
}

static void lock(void) {
    show("mlock", mlock(memory + 3 * PAGE, PAGE));
}

static void populate(void) {
    show("populate", madvise(memory + 4 * PAGE, PAGE, POPULATE_READ));
}

static void wait_for_word(void) {
    show("futex", call(futex, memory + 5 * PAGE, 128, 0, nullptr, nullptr, 0));
}

static void *run(void *body) {
    ((void (*)(void))body)();
    return nullptr;
}

/* A call that sleeps until its page is there. */
static void check_call(void (*body)(void)) {
    pthread_t thread;
    struct message message = {};
    pthread_create(&thread, nullptr, run, (void *)body);
    settle();
    show("message", read(pager, &message, sizeof(message)));
    say("  event %#x, flags %d, page %d", message.event, (int)message.flags,
        (int)((message.address - (uint64_t)memory) / PAGE));
    int result = fill((char *)message.address);
    pthread_join(thread, nullptr);
    show("fill", result);
}

static void write_for_ever(void) {
    begin();
    alarm(1);
    write_from();
}

static void check_setting(void) {
    char text[4] = {};
    int setting = open("/proc/sys/vm/unprivileged_userfaultfd", O_RDWR);
    show("read it", read(setting, text, sizeof(text)));
    say("%c", text[0]);
    show("set it", pwrite(setting, "0\n", 2, 0));
    show("too much", pwrite(setting, "2\n", 2, 0));
    close(setting);
}

int main(void) {
    memset(page, 'p', PAGE);
    show("pipe", pipe(ends));
    show_ok("unknown flag", call(userfaultfd, 2));
    begin();
    check_call(write_from);
    check_call(read_to);
    check_call(read_other);
    check_call(lock);
    check_call(populate);
    check_call(wait_for_word);
    show_child("nobody fills it", write_for_ever);
    check_setting();
    return 0;
}
