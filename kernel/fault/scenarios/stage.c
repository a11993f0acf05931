#include "kernel/fault/scenarios/stage.h"

#include "lib/check.h"
#include "mm/platform.h"
#include "mm/space/kernel_space.h"
#include "mm/space/space_usage.h"

/* What user code does, by access kind, with RDI; then an instruction that is none. */
static const uint8_t USER_CODE[][SCENARIO_ROUTINE_SIZE_BYTES] = {
    [ACCESS_READ] = {0x8a, 0x07, 0x0f, 0x0b},    /* mov al, [rdi]; ud2 */
    [ACCESS_WRITE] = {0x88, 0x07, 0x0f, 0x0b},   /* mov [rdi], al; ud2 */
    [ACCESS_EXECUTE] = {0xff, 0xe7, 0x0f, 0x0b}, /* jmp rdi; ud2 */
};

static void must(enum status status) {
    CHECK(status == STATUS_OK);
}

static void begin_change(struct stage *stage, struct locked_range *token) ACQUIRES(token) {
    space_lock_for_writing(stage->space, space_user_range(), token);
}

void stage_map_unused(struct stage *stage, uint64_t va, uint64_t page_count, uint8_t rights,
                      const char *name) {
    struct locked_range token;
    begin_change(stage, &token);
    const struct space_mapping mapping = {.rights = rights, .name = name};
    must(space_map(&token, virt_range(virt_addr(va), page_count), &mapping));
    space_unlock(&token);
}

/* Written to as a loader does, each page gets a frame of its own, whatever its rights are. */
void stage_map(struct stage *stage, uint64_t va, uint64_t page_count, uint8_t rights,
               const char *name) {
    stage_map_unused(stage, va, page_count, rights, name);
    for (uint64_t i = 0; i < page_count; i++) {
        virt_addr_t page = virt_addr(va + (i << PAGE_SHIFT));
        must(space_write_initial(stage->space, page, "", 1, nullptr));
    }
}

void stage_map_stack(struct stage *stage, uint64_t va, uint64_t page_count) {
    struct locked_range token;
    const struct space_mapping mapping = {
        .rights = RIGHT_READ | RIGHT_WRITE,
        .grows_down = true,
        .name = "stack",
    };
    const struct space_limits limits = {
        .address_space_bytes = SPACE_UNLIMITED,
        .data_bytes = SPACE_UNLIMITED,
        .stack_bytes = page_count << PAGE_SHIFT,
        .locked_bytes = SPACE_UNLIMITED,
    };
    begin_change(stage, &token);
    must(space_map(&token, virt_range(virt_addr(va), page_count), &mapping));
    space_unlock(&token);
    space_set_limits(stage->space, &limits);
}

void stage_guard(struct stage *stage, uint64_t va, uint64_t page_count, const char *name) {
    struct locked_range token;
    begin_change(stage, &token);
    must(space_reserve_guard(&token, virt_range(virt_addr(va), page_count), name));
    space_unlock(&token);
}

void stage_unmap(struct stage *stage, uint64_t va, uint64_t page_count) {
    struct locked_range token;
    begin_change(stage, &token);
    must(space_unmap(&token, virt_range(virt_addr(va), page_count)));
    space_unlock(&token);
}

void stage_protect(struct stage *stage, uint64_t va, uint64_t page_count, uint8_t rights) {
    struct locked_range token;
    begin_change(stage, &token);
    must(space_protect(&token, virt_range(virt_addr(va), page_count), rights));
    space_unlock(&token);
}

void stage_set(struct stage *stage, const struct text_sink *sink) {
    *stage = (struct stage){.sink = sink};
    must(space_create("scenario", &stage->space));
    stage_map(stage, SCENARIO_USER_CODE, 1, RIGHT_READ | RIGHT_EXECUTE, "code");
    must(space_write_initial(stage->space, virt_addr(SCENARIO_USER_CODE), USER_CODE,
                             sizeof(USER_CODE), nullptr));
}

void stage_clear(struct stage *stage) {
    must(space_destroy(stage->space));
}

uint64_t *stage_entry(struct stage *stage, uint64_t va, unsigned level) {
    const struct page_table *table = space_page_table(stage->space);
    struct page_walk walk;
    page_table_walk(table, virt_addr(va), &walk);
    CHECK(walk.step_count + level >= table->levels);
    const struct page_walk_step *step = &walk.steps[table->levels - 1u - level];
    return (uint64_t *)platform_phys_to_virt(step->table) + step->index;
}

static bool is_kernel_address(uint64_t va) {
    return va >> 63 != 0;
}

/* The kernel's half is looked at through its own root, whose flags are the same in both worlds only
 * if the CPU went that way. */
static void touch(struct stage *stage, uint64_t va, enum space_access_kind kind, bool is_user) {
    bool is_kernels_own = is_kernel_address(va) && !is_user;
    stage->touch = (struct scenario_touch){
        .space = is_kernels_own ? kernel_space() : stage->space,
        .address = virt_addr(va),
        .kind = kind,
        .is_user = is_user,
    };
    scenario_provoke(&stage->touch, &stage->fault);
    CHECK(stage->fault.has_faulted);
}

void stage_touch_as_user(struct stage *stage, uint64_t va, enum space_access_kind kind) {
    touch(stage, va, kind, true);
}

void stage_touch_as_kernel(struct stage *stage, uint64_t va, enum space_access_kind kind) {
    touch(stage, va, kind, false);
}

/* What lies beside a range of the kernel's is not the same in both worlds. */
static void gather(const struct stage *stage, struct fault_facts *facts) {
    if (is_kernel_address(facts->address.value)) {
        fault_gather_unlocked(stage->touch.space, scenario_sources(), facts);
    } else {
        fault_gather(stage->touch.space, scenario_sources(), facts);
    }
}

void stage_report(struct stage *stage) {
    struct fault_facts facts = {
        .who = stage->touch.is_user ? "process 1 (scenario)" : "the kernel",
        .instruction = stage->fault.instruction,
        .address = stage->touch.address,
        .error_code = stage->fault.error_code,
        .is_smap_in_force = scenario_has_smap(),
        .is_smep_in_force = scenario_has_smep(),
    };
    gather(stage, &facts);
    fault_explain(&facts, stage->sink);
}
