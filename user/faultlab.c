/*
 * Provokes each kind of page fault in a child, and tells what became of it: the signal, its code
 * and the address that a handler is told, and whether the child could mend it and go on. One that
 * it cannot mend it meets again without a handler, so that the kernel can say why it ends.
 *
 *     faultlab [NAME...]
 */

#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

constexpr size_t PAGE = 4096;
constexpr int READ_WRITE = PROT_READ | PROT_WRITE, MENDED = 0, NO_FAULT = 1, FAILED = 2;

static volatile char *page; /* three pages of memory, of which experiments do as they like */
static volatile bool is_mendable;
static volatile sig_atomic_t fault_count;

static void read_null(void) {
    (void)*(volatile char *)0;
}

static void read_field_of_null(void) {
    (void)*(volatile char *)0x18;
}

static void touch_new_memory(void) {
    page[0] = 1;
}

static void read_a_hole(void) {
    munmap((void *)page, PAGE);
    (void)page[5];
}

static void write_what_is_read_only(void) {
    mprotect((void *)page, PAGE, PROT_READ);
    is_mendable = true;
    page[7] = 1;
}

static void touch_what_is_closed(void) {
    page[9] = 1;
    mprotect((void *)page, PAGE, PROT_NONE);
    is_mendable = true;
    (void)page[9];
}

static void run_data(void) {
    page[0] = (char)0xc3;
    is_mendable = true;
    ((void (*)(void))(uintptr_t)page)();
}

static void write_code(void) {
    *(volatile char *)(uintptr_t)write_code = 0;
}

static void read_the_kernel(void) {
    (void)*(volatile char *)0xffffffff80000000;
}

static void read_not_canonical(void) {
    (void)*(volatile char *)0x0000800000000000;
}

static void read_after_a_file(void) {
    int file = memfd_create("short", 0);
    volatile char *view = mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, file, 0);
    (void)view[0];
}

/* Not inlined: the frame would be there, and grow the stack, before there is a limit. */
__attribute__((noinline)) static void use_stack(size_t size) {
    volatile char room[size];
    for (size_t i = size; i > 0; i -= PAGE) {
        room[i - 1] = 1;
    }
}

static void overflow_the_stack(void) {
    constexpr size_t most = 256 * PAGE;
    struct rlimit limit = {most, most};
    setrlimit(RLIMIT_STACK, &limit);
    use_stack(2 * most);
}

static const struct experiment {
    const char *name, *what;
    void (*run)(void);
} experiments[] = {
    {"null", "reads through a null pointer", read_null},
    {"field", "reads a field of a null structure", read_field_of_null},
    {"demand", "touches new memory: a fault that nobody sees", touch_new_memory},
    {"hole", "reads where it has unmapped", read_a_hole},
    {"read-only", "writes what it may only read", write_what_is_read_only},
    {"none", "reads what it may not touch", touch_what_is_closed},
    {"data", "runs data", run_data},
    {"code", "writes its own code", write_code},
    {"kernel", "reads the kernel", read_the_kernel},
    {"non-canonical", "reads an address that is none", read_not_canonical},
    {"file", "reads after the end of a mapped file", read_after_a_file},
    {"stack", "uses more stack than it may", overflow_the_stack},
};
constexpr size_t EXPERIMENTS = sizeof(experiments) / sizeof(*experiments);

static const char *code_name(const siginfo_t *info) {
    if (info->si_code == SI_KERNEL) {
        return "SI_KERNEL";
    }
    if (info->si_signo == SIGBUS) {
        return info->si_code == BUS_ADRERR ? "BUS_ADRERR" : "another code";
    }
    return info->si_code == SEGV_MAPERR   ? "SEGV_MAPERR"
           : info->si_code == SEGV_ACCERR ? "SEGV_ACCERR"
                                          : "another code";
}

/* Opens the page where that helps; else, and at a second fault, the next one is the kernel's. */
static void on_fault(int signal, siginfo_t *info, void *) {
    char line[200];
    int length = snprintf(line, sizeof(line), "  %s, %s, si_addr %p\n",
                          signal == SIGBUS ? "SIGBUS" : "SIGSEGV", code_name(info), info->si_addr);
    if (write(1, line, (size_t)length) != length) {
        _exit(FAILED);
    }
    if (!is_mendable || fault_count++ > 0) {
        const struct sigaction by_the_kernel = {.sa_handler = SIG_DFL};
        sigaction(signal, &by_the_kernel, nullptr);
        return;
    }
    mprotect((void *)page, PAGE, READ_WRITE | PROT_EXEC);
}

static void prepare(void) {
    static char stack[16 * 4096];
    stack_t other = {.ss_sp = stack, .ss_size = sizeof(stack)};
    const struct rlimit no_core = {};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    setrlimit(RLIMIT_CORE, &no_core);
    sigaltstack(&other, nullptr);
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
    page = mmap(nullptr, 3 * PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void conduct(const struct experiment *experiment) {
    int status = 0;
    printf("%s: a program %s\n", experiment->name, experiment->what);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        prepare();
        experiment->run();
        _exit(fault_count > 0 ? MENDED : NO_FAULT);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("faultlab");
        exit(1);
    }
    if (WIFSIGNALED(status)) {
        printf("  its handler gave up, and signal %d ended it\n", WTERMSIG(status));
        printf(
            "  the kernel's explanation, if it gave one: the log, at \"process %d (faultlab)\"\n",
            child);
    } else if (WEXITSTATUS(status) == NO_FAULT) {
        printf("  no signal: it went on\n");
    } else if (WEXITSTATUS(status) == MENDED) {
        printf("  its handler mended it, and it went on\n");
    } else {
        printf("  it could not say what it was told\n");
    }
}

static const struct experiment *find(const char *name) {
    for (size_t i = 0; i < EXPERIMENTS; i++) {
        if (strcmp(experiments[i].name, name) == 0) {
            return &experiments[i];
        }
    }
    return nullptr;
}

static int usage(void) {
    fprintf(stderr, "usage: faultlab [NAME...]\n");
    for (size_t i = 0; i < EXPERIMENTS; i++) {
        fprintf(stderr, "  %-14s %s\n", experiments[i].name, experiments[i].what);
    }
    return 2;
}

int main(int argument_count, char **arguments) {
    for (int i = 1; i < argument_count; i++) {
        if (!find(arguments[i])) {
            return usage();
        }
    }
    for (int i = 1; i < argument_count; i++) {
        conduct(find(arguments[i]));
    }
    for (size_t i = 0; argument_count == 1 && i < EXPERIMENTS; i++) {
        conduct(&experiments[i]);
    }
}
