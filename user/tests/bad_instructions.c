/* Instructions and interrupts that are not a program's to use, and addresses that are not its own.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "user/tests/report.h"

constexpr int READ_WRITE = PROT_READ | PROT_WRITE;
constexpr size_t CODE_MOST = 16;

static sigjmp_buf way_out;
static uint8_t *code; /* a page that can be written and run */
static char outcome[80];

static void on_fault(int signal, siginfo_t *info, void *) {
    uintptr_t address = (uintptr_t)info->si_addr;
    const char *where = address == 0                           ? "0"
                        : address - (uintptr_t)code < 2 * PAGE ? "the code"
                                                               : "elsewhere";
    snprintf(outcome, sizeof(outcome), "%s, code %d, at %s", signal_name(signal), info->si_code,
             where);
    siglongjmp(way_out, 1);
}

static void catch_all(void) {
    const int caught[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++) {
        sigaction(caught[i], &action, nullptr);
    }
}

/* Runs some bytes as a function, with an address in RDI and RAX, and zero in the others. */
static const char *run(const uint8_t *bytes, size_t size, void *argument) {
    memset(code, 0xc3, 2 * CODE_MOST);
    memcpy(code, bytes, size);
    strcpy(outcome, "went on");
    if (sigsetjmp(way_out, 1) == 0) {
        __asm__ volatile("call *%%rsi"
                         :
                         : "S"(code), "D"(argument), "a"(argument), "c"(0), "d"(0)
                         : "rbx", "r8", "r9", "r10", "r11", "memory", "cc");
    }
    return outcome;
}

static const struct {
    const char *name;
    uint8_t size;
    uint8_t bytes[CODE_MOST];
} instructions[] = {
    {"hlt", 1, {0xf4}},
    {"cli", 1, {0xfa}},
    {"sti", 1, {0xfb}},
    {"in al, 0x60", 2, {0xe4, 0x60}},
    {"out 0x80, al", 2, {0xe6, 0x80}},
    {"in al, dx", 1, {0xec}},
    {"insb", 1, {0x6c}},
    {"mov rax, cr0", 3, {0x0f, 0x20, 0xc0}},
    {"mov rax, cr3", 3, {0x0f, 0x20, 0xd8}},
    {"mov cr3, rax", 3, {0x0f, 0x22, 0xd8}},
    {"mov cr4, rax", 3, {0x0f, 0x22, 0xe0}},
    {"mov cr8, rax", 4, {0x44, 0x0f, 0x22, 0xc0}},
    {"mov rax, dr7", 3, {0x0f, 0x21, 0xf8}},
    {"mov dr7, rax", 3, {0x0f, 0x23, 0xf8}},
    {"rdmsr", 2, {0x0f, 0x32}},
    {"wrmsr", 2, {0x0f, 0x30}},
    {"lgdt", 3, {0x0f, 0x01, 0x17}},
    {"lidt", 3, {0x0f, 0x01, 0x1f}},
    {"lldt ax", 3, {0x0f, 0x00, 0xd0}},
    {"ltr ax", 3, {0x0f, 0x00, 0xd8}},
    {"lmsw ax", 3, {0x0f, 0x01, 0xf0}},
    {"clts", 2, {0x0f, 0x06}},
    {"invd", 2, {0x0f, 0x08}},
    {"wbinvd", 2, {0x0f, 0x09}},
    {"invlpg", 3, {0x0f, 0x01, 0x3f}},
    {"xsetbv", 3, {0x0f, 0x01, 0xd1}},
    {"swapgs", 3, {0x0f, 0x01, 0xf8}},
    {"sysret", 3, {0x48, 0x0f, 0x07}},
    {"iret to nothing", 10, {0x6a, 0, 0x6a, 0, 0x6a, 0, 0x6a, 0, 0x48, 0xcf}},
    {"ud2", 2, {0x0f, 0x0b}},
    {"far jump to the kernel", 2, {0xff, 0x2f}},
    {"lock nop", 2, {0xf0, 0x90}},
    {"into", 1, {0xce}},
    {"mov ss, ax", 2, {0x8e, 0xd0}},
    {"int3", 1, {0xcc}},
};

static void check_instructions(void) {
    static uint8_t operand[16] = {0, 0, 0, 0, 0x10, 0};
    for (size_t i = 0; i < sizeof(instructions) / sizeof(*instructions); i++) {
        say("%s: %s", instructions[i].name,
            run(instructions[i].bytes, instructions[i].size, operand));
    }
}

/* 0x80 is the door for programs of 32 bits, which is another matter. */
static void check_interrupts(void) {
    for (int vector = 0; vector < 256; vector++) {
        const uint8_t bytes[] = {0xcd, (uint8_t)vector};
        if (vector != 0x80) {
            say("int %#x: %s", (unsigned)vector, run(bytes, sizeof(bytes), nullptr));
        }
    }
}

static const uint64_t foreign[] = {
    0,
    4095,
    0x7ffffffff000,
    0x7fffffffffff,
    0x800000000000,
    0x8000000000000000,
    0xfffffffffffff000,
    0xffff800000000000,
    0xffff888000000000,
    0xffffc00000000000,
    0xffffff8000000000,
    0xffffffff80000000,
    0xfffffffffee00000,
};

static void check_foreign_addresses(void) {
    const uint8_t reading[] = {0x8a, 0x07}, writing[] = {0x88, 0x07}, jumping[] = {0xff, 0xe7},
                  both[] = {0xf0, 0xfe, 0x07};
    for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
        void *address = (void *)foreign[i];
        unsigned long number = foreign[i];
        say("read %#lx: %s", number, run(reading, sizeof(reading), address));
        say("write %#lx: %s", number, run(writing, sizeof(writing), address));
        say("change %#lx: %s", number, run(both, sizeof(both), address));
        say("jump to %#lx: %s", number, run(jumping, sizeof(jumping), address));
    }
}

static void check_mapping_there(void) {
    for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
        char what[60];
        void *page = (void *)(foreign[i] & ~(PAGE - 1));
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
        snprintf(what, sizeof(what), "map %#lx", (unsigned long)foreign[i]);
        show(what, call(mmap, page, PAGE, READ_WRITE, flags | MAP_FIXED, -1, 0));
        snprintf(what, sizeof(what), "map up to %#lx and beyond", (unsigned long)foreign[i]);
        show(what, call(mmap, (char *)page - PAGE, 2 * PAGE, READ_WRITE,
                        flags | MAP_FIXED_NOREPLACE, -1, 0));
        snprintf(what, sizeof(what), "unmap %#lx", (unsigned long)foreign[i]);
        show(what, call(munmap, page, PAGE));
        snprintf(what, sizeof(what), "protect %#lx", (unsigned long)foreign[i]);
        show(what, call(mprotect, page, PAGE, READ_WRITE));
        snprintf(what, sizeof(what), "advise on %#lx", (unsigned long)foreign[i]);
        show(what, call(madvise, page, PAGE, MADV_DONTNEED));
    }
}

int main(void) {
    code = mmap(nullptr, PAGE, READ_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    catch_all();
    check_instructions();
    check_interrupts();
    check_foreign_addresses();
    check_mapping_there();
}
