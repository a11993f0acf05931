/* Provokes the fault that its argument names. Exits with status 1 if nothing stopped it. */

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static const char constant[] = "a constant";
static volatile unsigned char return_instruction[] = {0xc3}; /* volatile: it stays data */

typedef void function(void);

static volatile char *at(uint64_t address) {
    return (volatile char *)address;
}

static void jump_to(uint64_t address) {
    ((function *)address)();
}

static void write_text(void) {
    *at((uint64_t)write_text) = 0;
}

static void write_constant(void) {
    *at((uint64_t)constant) = 0;
}

static void execute_data(void) {
    jump_to((uint64_t)return_instruction);
}

static void execute_stack(void) {
    unsigned char code[] = {0xc3};
    __asm__ volatile("" ::"r"(code) : "memory");
    jump_to((uint64_t)code);
}

static void read_named(void) {
    prctl(PR_SET_NAME, "a\nK999: fak");
    (void)*at(0);
}

static void read_null(void) {
    (void)*at(0);
}

static void read_kernel(void) {
    (void)*at(0xffffffff80000000);
}

static void read_direct_map(void) {
    (void)*at(0xffff800000000000);
}

static void jump_to_kernel(void) {
    jump_to(0xffffffff80000000);
}

static void read_non_canonical(void) {
    (void)*at(0x0000800000000000);
}

static void jump_to_non_canonical(void) {
    jump_to(0x0000800000000000);
}

static void read_unmapped(void) {
    (void)*at(0x123456789000);
}

static int overflow_stack(int depth) {
    volatile char frame[512];
    frame[0] = (char)depth;
    return depth == INT_MAX ? 0 : overflow_stack(depth + 1) + frame[0];
}

static void overflow(void) {
    printf("%d\n", overflow_stack(0));
}

static void divide_by_zero(void) {
    __asm__ volatile("xorl %%ecx, %%ecx\n\tdivl %%ecx" ::: "eax", "ecx", "edx");
}

static void run_invalid_opcode(void) {
    __asm__ volatile("ud2");
}

static void run_breakpoint(void) {
    __asm__ volatile("int3");
}

static void run_privileged(void) {
    __asm__ volatile("hlt");
}

static void use_port(void) {
    __asm__ volatile("outb %%al, $0x80" ::"a"(0));
}

static void misalign(void) {
    uint64_t words[2] = {0, 0};
    __asm__ volatile("pushfq\n\torl $0x40000, (%%rsp)\n\tpopfq\n\tmovl 1(%0), %%eax" ::"r"(words)
                     : "eax", "memory", "cc");
}

/* SYSCALL with a stack pointer into the kernel: the kernel must not use it. */
static void enter_with_bad_stack(void) {
    __asm__ volatile(
        "movq %0, %%rsp\n\tmovl $39, %%eax\n\tsyscall\n\tpushq %%rax" ::"r"(0xffffffff80000000)
        : "rax", "rcx", "r11", "memory");
}

static const struct provocation {
    const char *name;
    function *run;
} PROVOCATIONS[] = {
    {"write-text", write_text},
    {"write-constant", write_constant},
    {"execute-data", execute_data},
    {"execute-stack", execute_stack},
    {"read-null", read_null},
    {"read-named", read_named},
    {"read-kernel", read_kernel},
    {"read-direct-map", read_direct_map},
    {"jump-kernel", jump_to_kernel},
    {"read-non-canonical", read_non_canonical},
    {"jump-non-canonical", jump_to_non_canonical},
    {"read-unmapped", read_unmapped},
    {"stack-overflow", overflow},
    {"divide", divide_by_zero},
    {"invalid-opcode", run_invalid_opcode},
    {"breakpoint", run_breakpoint},
    {"privileged", run_privileged},
    {"port", use_port},
    {"misaligned", misalign},
    {"bad-stack", enter_with_bad_stack},
};

int main(int argument_count, char **arguments) {
    for (size_t i = 0; i < sizeof(PROVOCATIONS) / sizeof(PROVOCATIONS[0]); i++) {
        if (argument_count == 2 && strcmp(arguments[1], PROVOCATIONS[i].name) == 0) {
            PROVOCATIONS[i].run();
            printf("provoke: nothing stopped %s\n", arguments[1]);
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof(PROVOCATIONS) / sizeof(PROVOCATIONS[0]); i++) {
        printf("%s\n", PROVOCATIONS[i].name);
    }
    return 2;
}
