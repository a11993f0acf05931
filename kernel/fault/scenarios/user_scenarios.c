#include "kernel/fault/scenarios/kinds.h"
#include "mm/addr/layout.h"
#include "mm/platform.h"

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;
constexpr uint64_t WRITE_BIT = 1ull << 1;
constexpr uint64_t USER_BIT = 1ull << 2;
constexpr unsigned RESERVED_BIT_NUMBER = 51;
constexpr uint64_t RESERVED_BIT = 1ull << RESERVED_BIT_NUMBER;

bool scenario_has_no_execute(void) {
    return platform_features()->has_no_execute;
}

static bool has_reserved_bit(void) {
    return platform_features()->phys_addr_bits <= RESERVED_BIT_NUMBER;
}

static void fault_as_user(struct stage *stage, uint64_t va, enum space_access_kind kind) {
    stage_touch_as_user(stage, va, kind);
    stage_report(stage);
}

static void read_field_of_null(struct stage *stage) {
    fault_as_user(stage, 0x18, ACCESS_READ);
}

static void jump_to_null(struct stage *stage) {
    fault_as_user(stage, 0, ACCESS_EXECUTE);
}

static void read_before_null(struct stage *stage) {
    fault_as_user(stage, (uint64_t)-8, ACCESS_READ);
}

static void write_where_nothing_was(struct stage *stage) {
    fault_as_user(stage, STAGE_DATA, ACCESS_WRITE);
}

static void read_after_unmapping(struct stage *stage) {
    stage_map(stage, STAGE_DATA, 3, READ_WRITE, "buffer");
    stage_unmap(stage, STAGE_DATA + PAGE_SIZE, 1);
    fault_as_user(stage, STAGE_DATA + PAGE_SIZE + 0x40, ACCESS_READ);
}

static void write_to_constants(struct stage *stage) {
    stage_map(stage, STAGE_DATA, 1, RIGHT_READ, "constants");
    fault_as_user(stage, STAGE_DATA + 8, ACCESS_WRITE);
}

static void write_to_code(struct stage *stage) {
    fault_as_user(stage, SCENARIO_USER_CODE, ACCESS_WRITE);
}

static void run_data(struct stage *stage) {
    stage_map(stage, STAGE_DATA, 1, READ_WRITE, "data");
    fault_as_user(stage, STAGE_DATA, ACCESS_EXECUTE);
}

static void write_after_protecting(struct stage *stage) {
    stage_map(stage, STAGE_DATA, 2, READ_WRITE, "relocations");
    stage_protect(stage, STAGE_DATA, 2, RIGHT_READ);
    fault_as_user(stage, STAGE_DATA + PAGE_SIZE, ACCESS_WRITE);
}

static void read_without_rights(struct stage *stage) {
    stage_map(stage, STAGE_DATA, 1, READ_WRITE, "arena");
    stage_protect(stage, STAGE_DATA, 1, RIGHT_NONE);
    fault_as_user(stage, STAGE_DATA, ACCESS_READ);
}

/* Memory that has not been used yet explains itself by its area alone. */
static void write_to_unused_constants(struct stage *stage) {
    stage_map_unused(stage, STAGE_DATA, 1, RIGHT_READ, "constants");
    fault_as_user(stage, STAGE_DATA, ACCESS_WRITE);
}

static void run_unused_data(struct stage *stage) {
    stage_map_unused(stage, STAGE_DATA, 1, READ_WRITE, "data");
    fault_as_user(stage, STAGE_DATA, ACCESS_EXECUTE);
}

static void read_unused_without_rights(struct stage *stage) {
    stage_map_unused(stage, STAGE_DATA, 2, RIGHT_NONE, "arena");
    fault_as_user(stage, STAGE_DATA + PAGE_SIZE, ACCESS_READ);
}

static void overflow_stack(struct stage *stage) {
    stage_guard(stage, STAGE_DATA, 16, "stack");
    stage_map(stage, STAGE_DATA + 16 * PAGE_SIZE, 4, READ_WRITE, "stack");
    fault_as_user(stage, STAGE_DATA + 16 * PAGE_SIZE - 8, ACCESS_WRITE);
}

static void outgrow_stack(struct stage *stage) {
    stage_map_stack(stage, STAGE_DATA + 16 * PAGE_SIZE, 4);
    fault_as_user(stage, STAGE_DATA + 16 * PAGE_SIZE - 8, ACCESS_WRITE);
}

static void read_the_kernel(struct stage *stage) {
    fault_as_user(stage, KERNEL_IMAGE_BASE, ACCESS_READ);
}

/* Changes an entry behind the memory manager's back, faults, and puts it right again. */
static void fault_with_entry(struct stage *stage, unsigned level, uint64_t set, uint64_t clear,
                             enum space_access_kind kind) {
    stage_map(stage, STAGE_DATA, 1, READ_WRITE, "data");
    uint64_t *entry = stage_entry(stage, STAGE_DATA, level);
    uint64_t good = *entry;
    *(volatile uint64_t *)entry = (good | set) & ~clear;
    fault_as_user(stage, STAGE_DATA, kind);
    *(volatile uint64_t *)entry = good;
}

static void read_a_page_of_the_kernel(struct stage *stage) {
    fault_with_entry(stage, 0, 0, USER_BIT, ACCESS_READ);
}

static void read_through_a_corrupt_leaf(struct stage *stage) {
    fault_with_entry(stage, 0, RESERVED_BIT, 0, ACCESS_READ);
}

static void read_through_a_corrupt_table(struct stage *stage) {
    fault_with_entry(stage, 2, RESERVED_BIT, 0, ACCESS_READ);
}

static void write_below_a_read_only_table(struct stage *stage) {
    fault_with_entry(stage, 1, 0, WRITE_BIT, ACCESS_WRITE);
}

static void read_what_has_lost_its_entry(struct stage *stage) {
    fault_with_entry(stage, 0, 0, UINT64_MAX, ACCESS_READ);
}

/* Another CPU was quicker. */
static void read_before_mapping(struct stage *stage) {
    stage_touch_as_user(stage, STAGE_DATA, ACCESS_READ);
    stage_map(stage, STAGE_DATA, 1, READ_WRITE, "data");
    stage_report(stage);
}

/* To the report, this is what a stale entry looks like. */
static void write_before_protecting(struct stage *stage) {
    stage_map(stage, STAGE_DATA, 1, RIGHT_READ, "data");
    stage_touch_as_user(stage, STAGE_DATA, ACCESS_WRITE);
    stage_protect(stage, STAGE_DATA, 1, READ_WRITE);
    stage_report(stage);
}

const struct scenario USER_SCENARIOS[] = {
    {"a program reads a field of a null pointer", nullptr, read_field_of_null},
    {"a program jumps to null", nullptr, jump_to_null},
    {"a program reads what lies before null", nullptr, read_before_null},
    {"a program writes where nothing ever was", nullptr, write_where_nothing_was},
    {"a program reads memory that it has unmapped", nullptr, read_after_unmapping},
    {"a program writes to its constants", nullptr, write_to_constants},
    {"a program writes to its code", nullptr, write_to_code},
    {"a program runs its data", scenario_has_no_execute, run_data},
    {"a program writes to what it has made read-only", nullptr, write_after_protecting},
    {"a program reads a page without rights", nullptr, read_without_rights},
    {"a program writes to constants that it has not read yet", nullptr, write_to_unused_constants},
    {"a program runs data that it has not written yet", scenario_has_no_execute, run_unused_data},
    {"a program reads unused memory without rights", nullptr, read_unused_without_rights},
    {"a program's stack grows into its guard", nullptr, overflow_stack},
    {"a program's stack grows beyond its limit", nullptr, outgrow_stack},
    {"a program reads the kernel's half", nullptr, read_the_kernel},
    {"a user page has lost its user bit", nullptr, read_a_page_of_the_kernel},
    {"a leaf has a reserved bit", has_reserved_bit, read_through_a_corrupt_leaf},
    {"a table entry has a reserved bit", has_reserved_bit, read_through_a_corrupt_table},
    {"a table entry has lost its write bit", nullptr, write_below_a_read_only_table},
    {"a page has lost its entry", nullptr, read_what_has_lost_its_entry},
    {"a page was mapped after the fault", nullptr, read_before_mapping},
    {"a page became writable after the fault", nullptr, write_before_protecting},
    {},
};
