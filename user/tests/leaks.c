/* Memory that a program is given holds nothing of another's, nor anything of the kernel. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr size_t MUCH = (size_t)8 << 20;
constexpr uint64_t SECRET = 0x5ec7e75ec7e75ec7;

static void fill(void *memory, size_t size) {
    uint64_t *words = memory;
    for (size_t i = 0; i < size / sizeof(*words); i++) {
        words[i] = SECRET;
    }
}

static char *map(size_t size, int flags) {
    return mmap(nullptr, size, READ_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

/* The heap's end moves up; returns where it was. musl's sbrk would only refuse. */
static char *grow_heap(size_t size) {
    char *end = (char *)call(brk, 0);
    call(brk, end + size);
    return end;
}

static void have_secrets(void) {
    int file = memfd_create("secret", 0);
    char *memory = map(MUCH, MAP_PRIVATE);
    fill(memory, MUCH);
    fill(map(MUCH, MAP_SHARED), MUCH);
    fill(grow_heap(MUCH / 4), MUCH / 4);
    write(file, memory, MUCH / 2);
}

/* Leaves the frames of the secrets free, to be handed out next. */
static void let_secrets_go(void) {
    pid_t child = fork();
    if (child == 0) {
        have_secrets();
        _exit(0);
    }
    waitpid(child, nullptr, 0);
}

static void show_zero(const char *what, const void *memory, size_t size) {
    const char *bytes = memory;
    size_t others = 0;
    for (size_t i = 0; i < size; i++) {
        others += bytes[i] != 0;
    }
    say("%s: %s", what, others == 0 ? "zero" : "not zero");
}

static void check_mappings(void) {
    let_secrets_go();
    show_zero("a private mapping", map(MUCH, MAP_PRIVATE), MUCH);
    let_secrets_go();
    show_zero("a shared mapping", map(MUCH, MAP_SHARED), MUCH);
    let_secrets_go();
    show_zero("the heap", grow_heap(MUCH), MUCH);
    let_secrets_go();
    char *small = map(PAGE, MAP_PRIVATE);
    char *large = mremap(small, PAGE, MUCH, MREMAP_MAYMOVE);
    show_zero("what mremap added", large, MUCH);
    fill(large, MUCH);
    let_secrets_go();
    madvise(large, MUCH, MADV_DONTNEED);
    show_zero("what was given away", large, MUCH);
    let_secrets_go();
    int id = shmget(IPC_PRIVATE, MUCH, 0600);
    show_zero("a segment", shmat(id, nullptr, SHM_RDONLY), MUCH);
    shmctl(id, IPC_RMID, nullptr);
}

static void use_much_stack(void) {
    char space[MUCH / 2];
    const char *volatile visible = space;
    bool is_zero = true;
    for (size_t i = 0; i < sizeof(space) - 4 * PAGE; i++) {
        is_zero &= visible[i] == 0;
    }
    say("the stack: %s", is_zero ? "zero" : "not zero");
}

static void check_files(void) {
    static char bytes[PAGE];
    int file = memfd_create("file", 0);
    write(file, "x", 1);
    let_secrets_go();
    char *view = mmap(nullptr, PAGE, READ_WRITE, MAP_SHARED, file, 0);
    show_zero("behind the end of a file", view + 1, PAGE - 1);
    ftruncate(file, MUCH);
    char *all = mmap(nullptr, MUCH, PROT_READ, MAP_PRIVATE, file, 0);
    show_zero("a hole", all + PAGE, MUCH - PAGE);
    pwrite(file, "z", 1, MUCH + 5000);
    pread(file, bytes, PAGE, MUCH);
    show_zero("before what was written", bytes, PAGE);
}

static size_t kernel_words(const void *memory, size_t size) {
    size_t count = 0;
    for (size_t at = 0; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, (const char *)memory + at, sizeof(word));
        count += word >> 47 == 0x1ffff && word < (uint64_t)-4096;
    }
    return count;
}

#define ANSWER(what, type, call_it)                                                                \
    do {                                                                                           \
        static type answer;                                                                        \
        type *into = &answer;                                                                      \
        memset(into, 0, sizeof(answer));                                                           \
        call_it;                                                                                   \
        say("%s: %zu of the kernel", what, kernel_words(into, sizeof(answer)));                    \
    } while (0)

static void check_answers(void) {
    ANSWER("stat", struct stat, stat("/proc/self/exe", into));
    ANSWER("statfs", struct statfs, statfs("/", into));
    ANSWER("uname", struct utsname, uname(into));
    ANSWER("sysinfo", struct sysinfo, sysinfo(into));
    ANSWER("getrusage", struct rusage, getrusage(RUSAGE_SELF, into));
    ANSWER("times", struct tms, times(into));
    ANSWER("adjtimex", struct timex, adjtimex(into));
    ANSWER("sigaction", struct sigaction, sigaction(SIGUSR2, nullptr, into));
    ANSWER("sigaltstack", stack_t, sigaltstack(nullptr, into));
}

static const uint64_t *frame_of_signal;

static void look_at_frame(int, siginfo_t *info, void *context) {
    say("siginfo: %zu of the kernel", kernel_words(info, sizeof(*info)));
    say("context: %zu of the kernel", kernel_words(context, sizeof(ucontext_t)));
    frame_of_signal = context;
}

/* What has never been written by a program, down to where the signal's frame was. */
static void check_signal(void) {
    static char stack[16 * PAGE];
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, nullptr);
    struct sigaction action = {.sa_sigaction = look_at_frame, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGUSR1, &action, nullptr);
    raise(SIGUSR1);
    say("the signal's stack: %zu of the kernel", kernel_words(stack, sizeof(stack)));
}

static void check_start(char **arguments) {
    char **end = arguments;
    while (*end) {
        end++;
    }
    for (end++; *end; end++) {
    }
    uint64_t *auxiliary = (uint64_t *)(end + 1);
    size_t count = 0;
    while (auxiliary[2 * count] != 0) {
        count++;
    }
    say("the start: %zu of the kernel",
        kernel_words(arguments, (size_t)((char *)&auxiliary[2 * count] - (char *)arguments)));
}

/* RCX and R11 are the call's own; the others are as they were. */
static void check_registers(void) {
    uint64_t kept = 0x1111, rcx = 0, r11 = 0, rdx = 0x2222, r8 = 0x3333, result = SYS_getppid;
    __asm__ volatile("movq %4, %%r10; movq %4, %%r9; movq %5, %%r8; syscall; movq %%rcx, %1;"
                     "movq %%r11, %2; subq %%r9, %%r10; addq %%r10, %3; movq %%r8, %5"
                     : "+a"(result), "=&r"(rcx), "=&r"(r11), "+d"(rdx), "+r"(kept), "+r"(r8)
                     :
                     : "rcx", "r8", "r9", "r10", "r11", "memory");
    say("registers: rcx is in user memory: %d, r11 %#lx, others %#lx %#lx", rcx >> 47 == 0,
        (unsigned long)(r11 & ~0x8d5ul), (unsigned long)rdx, (unsigned long)r8);
}

int main(int, char **arguments) {
    check_start(arguments);
    check_mappings();
    let_secrets_go();
    use_much_stack();
    check_files();
    check_answers();
    check_signal();
    check_registers();
}
