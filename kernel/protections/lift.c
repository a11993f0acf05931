#include "kernel/protections/lift.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/protections/bait.h"
#include "lib/check.h"
#include "mm/paging/page_table.h"
#include "mm/paging/pte.h"
#include "mm/platform.h"
#include "mm/space/address_space.h"

static uint64_t *entry_of(const struct page_walk_step *step) {
    return (uint64_t *)platform_phys_to_virt(step->table) + step->index;
}

static void change_entry(struct lifted *lifted, uint64_t *entry, const struct lift *lift) {
    lifted->entry = entry;
    lifted->old = __atomic_load_n(entry, __ATOMIC_RELAXED);
    __atomic_store_n(entry, (lifted->old | lift->set) & ~lift->clear, __ATOMIC_RELAXED);
}

/* The bait's page, as the kernel maps its data. Without NX, XD is a reserved bit. */
static struct lift guard_lift(void) {
    struct page_query bait = page_table_query(space_page_table(space_current()), bait_data());
    uint64_t no_execute = cpu_features()->has_no_execute ? PTE_EXECUTE_DISABLE : 0;
    return (struct lift){.set = bait.pa.value | PTE_PRESENT | PTE_WRITABLE | no_execute};
}

static void change_walk(struct lifted *lifted, const struct lift *lift, virt_addr_t address) {
    struct page_walk walk;
    page_table_walk(space_page_table(space_current()), address, &walk);
    const struct page_walk_step *last = &walk.steps[walk.step_count - 1];
    if (lift->kind == LIFT_ROOT) {
        change_entry(lifted, entry_of(&walk.steps[0]), lift);
        return;
    }
    if (lift->kind == LIFT_GUARD) {
        CHECK(last->level == 0 && last->raw == 0);
        struct lift page = guard_lift();
        change_entry(lifted, entry_of(last), &page);
        return;
    }
    change_entry(lifted, entry_of(last), lift);
}

struct lifted lift_do(const struct lift *lift, virt_addr_t address) {
    struct lifted lifted = {.kind = lift->kind};
    switch (lift->kind) {
    case LIFT_NOTHING:
        return lifted;
    case LIFT_CR0:
        lifted.old = cpu_read_cr0();
        cpu_write_cr0((lifted.old | lift->set) & ~lift->clear);
        break;
    case LIFT_CR4:
        lifted.old = cpu_read_cr4();
        cpu_write_cr4((lifted.old | lift->set) & ~lift->clear);
        break;
    case LIFT_ENTRY:
    case LIFT_ROOT:
    case LIFT_GUARD:
        change_walk(&lifted, lift, address);
        break;
    }
    cpu_flush_all();
    return lifted;
}

void lift_undo(const struct lifted *lifted) {
    switch (lifted->kind) {
    case LIFT_NOTHING:
        return;
    case LIFT_CR0:
        cpu_write_cr0(lifted->old);
        break;
    case LIFT_CR4:
        cpu_write_cr4(lifted->old);
        break;
    case LIFT_ENTRY:
    case LIFT_ROOT:
    case LIFT_GUARD:
        __atomic_store_n(lifted->entry, lifted->old, __ATOMIC_RELAXED);
        break;
    }
    cpu_flush_all();
}
