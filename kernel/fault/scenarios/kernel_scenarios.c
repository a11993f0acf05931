#include "kernel/fault/scenarios/kinds.h"
#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/space/kernel_space.h"

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;

/* Nobody else's ranges are aligned like this, so it is the same place in both worlds. */
constexpr uint64_t RANGE_ALIGNMENT = 1ull << 30;
constexpr uint64_t RANGE_PAGES = 2;

static void fault_as_kernel(struct stage *stage, uint64_t va, enum space_access_kind kind) {
    stage_touch_as_kernel(stage, va, kind);
    stage_report(stage);
}

static struct virt_range reserve(const char *name) {
    struct virt_range range;
    enum status status = kernel_range_reserve(RANGE_PAGES, RANGE_ALIGNMENT, name, &range);
    CHECK(status == STATUS_OK);
    return range;
}

static struct virt_range reserve_and_fill(const char *name, uint8_t rights) {
    struct virt_range range = reserve(name);
    const struct page_attributes attributes = {.rights = rights, .cache = CACHE_WRITE_BACK};
    enum status status = kernel_range_fill(range, attributes);
    CHECK(status == STATUS_OK);
    return range;
}

static void give_up(struct virt_range range) {
    enum status status = kernel_range_free(range.start);
    CHECK(status == STATUS_OK);
}

static void write_field_of_null(struct stage *stage) {
    fault_as_kernel(stage, 0x28, ACCESS_WRITE);
}

static void read_user_memory(struct stage *stage) {
    stage_map(stage, STAGE_DATA, 1, READ_WRITE, "data");
    fault_as_kernel(stage, STAGE_DATA, ACCESS_READ);
}

/* Only its copies from and to user memory have it filled. */
static void read_unused_user_memory(struct stage *stage) {
    stage_map_unused(stage, STAGE_DATA, 1, READ_WRITE, "data");
    fault_as_kernel(stage, STAGE_DATA, ACCESS_READ);
}

static void run_user_memory(struct stage *stage) {
    fault_as_kernel(stage, SCENARIO_USER_CODE, ACCESS_EXECUTE);
}

static void write_past_the_end(struct stage *stage) {
    struct virt_range range = reserve_and_fill("ring of packets", READ_WRITE);
    fault_as_kernel(stage, virt_range_last(range).value + 1, ACCESS_WRITE);
    give_up(range);
}

static void read_what_is_only_reserved(struct stage *stage) {
    struct virt_range range = reserve("room for a log");
    fault_as_kernel(stage, range.start.value + 0x80, ACCESS_READ);
    give_up(range);
}

static void read_after_freeing(struct stage *stage) {
    struct virt_range range = reserve_and_fill("log", READ_WRITE);
    give_up(range);
    fault_as_kernel(stage, range.start.value + 0x80, ACCESS_READ);
}

static void write_to_what_is_read_only(struct stage *stage) {
    struct virt_range range = reserve_and_fill("table of constants", RIGHT_READ);
    fault_as_kernel(stage, range.start.value, ACCESS_WRITE);
    give_up(range);
}

static void run_a_stack(struct stage *stage) {
    struct virt_range range = reserve_and_fill("stack", READ_WRITE);
    fault_as_kernel(stage, range.start.value + PAGE_SIZE, ACCESS_EXECUTE);
    give_up(range);
}

const struct scenario KERNEL_SCENARIOS[] = {
    {"the kernel writes to a field of a null pointer", nullptr, write_field_of_null},
    {"the kernel reads user memory", scenario_has_smap, read_user_memory},
    {"the kernel reads user memory that nobody has used yet", nullptr, read_unused_user_memory},
    {"the kernel runs user memory", scenario_has_smep, run_user_memory},
    {"the kernel writes past the end of a range", nullptr, write_past_the_end},
    {"the kernel reads a range that is only reserved", nullptr, read_what_is_only_reserved},
    {"the kernel reads a range that it has freed", nullptr, read_after_freeing},
    {"the kernel writes to a read-only range", nullptr, write_to_what_is_read_only},
    {"the kernel runs its stack", scenario_has_no_execute, run_a_stack},
    {},
};
