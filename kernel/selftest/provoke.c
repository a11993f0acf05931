#include "kernel/selftest/provoke.h"

#include <stddef.h>
#include <stdint.h>

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/kernel_image.h"
#include "kernel/log.h"
#include "kernel/protections/bait.h"
#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/frame/frame.h"
#include "mm/paging/page_table.h"
#include "mm/space/address_space.h"

static const char constant[] = "a constant";
static uint8_t return_instruction[] = {RETURN_INSTRUCTION};
constexpr uint64_t USER_PAGE = 0x400000;

static void write_byte(uint64_t address) {
    *(volatile uint8_t *)address = RETURN_INSTRUCTION;
}

static void read_byte(uint64_t address) {
    (void)*(volatile uint8_t *)address;
}

static void jump_to(uint64_t address) {
    ((void (*)(void))address)();
}

static uint64_t text_in_direct_map(void) {
    return bait_in_direct_map(virt_addr_of(kernel_text_start)).value;
}

/* The volatile array keeps each frame of the recursion, and the sum keeps the recursion. */
static unsigned recurse(unsigned depth) {
    volatile uint8_t frame[256];
    frame[0] = (uint8_t)depth;
    return depth == UINT32_MAX ? 0 : recurse(depth + 1) + frame[0];
}

static void overflow_stack(void) {
    log_line(LOG_INFO, "%u", recurse(0));
}

static void write_text(void) {
    write_byte((uint64_t)kernel_text_start);
}

static void write_rodata(void) {
    write_byte((uint64_t)constant);
}

static void execute_data(void) {
    jump_to((uint64_t)return_instruction);
}

static void execute_direct_map(void) {
    jump_to(text_in_direct_map());
}

static void write_text_in_direct_map(void) {
    write_byte(text_in_direct_map());
}

static void read_null(void) {
    read_byte(0x10);
}

static void read_unmapped(void) {
    read_byte(KERNEL_RANGES_END - PAGE_SIZE);
}

static void read_non_canonical(void) {
    read_byte(0x0000800000000000);
}

/* A space with one page of user memory, which holds a return instruction. */
static struct address_space *make_user_space(uint8_t rights) {
    struct address_space *space;
    enum status status = space_create("selftest", &space);
    CHECK(status == STATUS_OK);
    bait_map_page(space, virt_addr(USER_PAGE), "bait", rights, return_instruction,
                  sizeof(return_instruction));
    return space;
}

static void enter(struct address_space *space) {
    interrupts_disable(); /* the scheduler would go back to the kernel's space */
    space_switch(space);
}

static void read_user_memory(void) {
    enter(make_user_space(RIGHT_READ));
    read_byte(USER_PAGE);
}

static void execute_user_memory(void) {
    enter(make_user_space(RIGHT_READ | RIGHT_EXECUTE));
    jump_to(USER_PAGE);
}

/* What looks like a stale TLB that no fault refreshes: the CPU goes by the tables of a space that
 * is not the current one. */
static void write_by_stale_tables(void) {
    const struct address_space *strict = make_user_space(RIGHT_READ);
    enter(make_user_space(RIGHT_READ | RIGHT_WRITE));
    cpu_write_cr3(space_page_table(strict)->root.value);
    if (cpu_features()->has_smap) {
        __asm__ volatile("stac" ::: "cc");
    }
    write_byte(USER_PAGE);
}

static void run_invalid_opcode(void) {
    __asm__ volatile("ud2");
}

static void fail_check(void) {
    CHECK(return_instruction[0] == 0);
}

const struct provocation PROVOCATIONS[] = {
    {"stack-overflow", overflow_stack},
    {"write-text", write_text},
    {"write-rodata", write_rodata},
    {"execute-data", execute_data},
    {"execute-direct-map", execute_direct_map},
    {"write-text-in-direct-map", write_text_in_direct_map},
    {"null", read_null},
    {"unmapped", read_unmapped},
    {"non-canonical", read_non_canonical},
    {"smap", read_user_memory},
    {"smep", execute_user_memory},
    {"stale-tlb", write_by_stale_tables},
    {"invalid-opcode", run_invalid_opcode},
    {"check", fail_check},
    {},
};
