#include "mm/audit/audit_private.h"
#include "mm/audit/walk.h"
#include "mm/frame/frame.h"
#include "mm/object/memory_object.h"
#include "mm/platform.h"
#include "mm/space/area.h"
#include "mm/space/kernel_space.h"
#include "mm/space/zero_page.h"

struct space_audit {
    struct audit *audit;
    struct findings *findings;
    struct address_space *space;
    bool is_kernel;
    struct vm_area area; /* that the last entry lay in; valid if has_area */
    bool has_area;
};

static unsigned long long word(uint64_t value) {
    return value;
}

static void check_bits(struct space_audit *audit, const struct walk_entry *entry) {
    uint64_t wrong = pte_reserved_bits(entry->pte, entry->level);
    if (wrong != 0) {
        findings_add(audit->findings, "P1", "%s: entry 0x%llx for 0x%llx has reserved bits 0x%llx",
                     space_name(audit->space), word(entry->pte.raw), word(entry->va.value),
                     word(wrong));
    }
    if (audit->is_kernel && (entry->pte.raw & PTE_USER) != 0) {
        findings_add(audit->findings, "K1", "the level %u entry for 0x%llx lets users in",
                     entry->level, word(entry->va.value));
    }
}

/* What several processes have, none of them writes to: not through a table that they share. What
 * one writes through is its own. */
static void check_shared_table(struct space_audit *audit, const struct walk_entry *entry,
                               const struct frame *table) {
    uint32_t count = table->table.share_count;
    bool is_written_through = (pte_rights(entry->pte) & RIGHT_WRITE) != 0;
    if (is_written_through && table->table.owner == nullptr) {
        findings_add(audit->findings, "T1",
                     "%s: the table for 0x%llx can be written through, and is nobody's",
                     space_name(audit->space), word(entry->va.value));
    }
    if (is_written_through && count > 1) {
        findings_add(audit->findings, "S2",
                     "%s: the table for 0x%llx can be written through, and is shared by %u",
                     space_name(audit->space), word(entry->va.value), count);
    }
}

static void check_table_entry(struct space_audit *audit, const struct walk_entry *entry) {
    phys_addr_t table = pte_table_address(entry->pte);
    check_bits(audit, entry);
    if (!walk_can_enter(table)) {
        findings_add(audit->findings, "T1", "%s: the table for 0x%llx, 0x%llx, is no table frame",
                     space_name(audit->space), word(entry->va.value), word(table.value));
    } else if (frame_of(table)->level != entry->level - 1) {
        findings_add(audit->findings, "T1", "%s: the table for 0x%llx is of level %u, not %u",
                     space_name(audit->space), word(entry->va.value), frame_of(table)->level,
                     entry->level - 1);
    } else {
        check_shared_table(audit, entry, frame_of(table));
    }
}

/* Finds the area of an entry; entries come in ascending order, so the last one often serves. */
static bool find_area(struct space_audit *audit, const struct walk_entry *entry) {
    if (!audit->has_area || !virt_range_contains(audit->area.range, entry->va)) {
        audit->has_area = space_find_area(audit->space, entry->va, &audit->area);
    }
    uint64_t last = entry->va.value + level_size(entry->level) - 1;
    return audit->has_area && last <= virt_range_last(audit->area.range).value;
}

static void check_rights(struct space_audit *audit, const struct walk_entry *entry) {
    struct page_attributes granted = pte_attributes(entry->pte, entry->level);
    uint8_t too_much = deniable_rights(granted.rights) & (uint8_t)~audit->area.attributes.rights;
    constexpr uint8_t both = RIGHT_WRITE | RIGHT_EXECUTE;
    if (too_much != 0) {
        findings_add(audit->findings, "V2", "%s: 0x%llx grants rights 0x%x that %s does not",
                     space_name(audit->space), word(entry->va.value), too_much, audit->area.name);
    }
    if (granted.cache != audit->area.attributes.cache) {
        findings_add(audit->findings, "V2", "%s: 0x%llx is not cached as %s says",
                     space_name(audit->space), word(entry->va.value), audit->area.name);
    }
    if (audit->is_kernel && (entry->rights & both) == both) {
        findings_add(audit->findings, "K2", "0x%llx is writable and executable",
                     word(entry->va.value));
    }
}

/* The page of the area's source that the entry should show, or of which it has a copy. */
static uint64_t source_page_of(const struct space_audit *audit, const struct walk_entry *entry) {
    uint64_t offset = entry->va.value - audit->area.range.start.value;
    if (audit->is_kernel) {
        return entry->va.value >> PAGE_SHIFT;
    }
    return audit->area.source_page + (offset >> PAGE_SHIFT);
}

static enum frame_state expected_state(const struct space_audit *audit) {
    if (audit->is_kernel) {
        return FRAME_KERNEL;
    }
    return audit->area.is_shared ? FRAME_FILE : FRAME_ANON;
}

/* Shared memory has the object's pages alone, private memory copies of them too (V3). */
static bool may_own(const struct space_audit *audit, enum frame_state state) {
    bool is_objects = state == FRAME_FILE && audit->area.kind == AREA_OBJECT;
    return is_objects || state == expected_state(audit);
}

static void check_object_frame(struct space_audit *audit, const struct walk_entry *entry) {
    phys_addr_t found = pte_page(entry->pte, entry->level);
    uint64_t page = source_page_of(audit, entry);
    phys_addr_t expected;
    if (!memory_object_find_page(audit->area.source->object, page, &expected) ||
        expected.value != found.value) {
        findings_add(audit->findings, "V3", "%s: 0x%llx shows 0x%llx, not page %llu of %s",
                     space_name(audit->space), word(entry->va.value), word(found.value), word(page),
                     audit->area.name);
    }
    if (!audit->area.is_shared && (pte_rights(entry->pte) & RIGHT_WRITE) != 0) {
        findings_add(audit->findings, "S2", "%s: 0x%llx is writable, and private in %s",
                     space_name(audit->space), word(entry->va.value), audit->area.name);
    }
}

static void check_tagged_frame(struct space_audit *audit, const struct walk_entry *entry,
                               const struct frame *frame) {
    phys_addr_t pa = pte_page(entry->pte, entry->level);
    if (!audit->is_kernel && frame->map_count > 1 && (entry->rights & RIGHT_WRITE) != 0) {
        findings_add(audit->findings, "S2", "%s: 0x%llx is writable, and %u entries own 0x%llx",
                     space_name(audit->space), word(entry->va.value), frame->map_count,
                     word(pa.value));
    }
    if (frame->map_count == 1 && (frame->owned.owner != space_frame_owner(audit->space) ||
                                  frame->owned.index != source_page_of(audit, entry))) {
        findings_add(audit->findings, "F2", "%s: 0x%llx owns 0x%llx, which is tagged otherwise",
                     space_name(audit->space), word(entry->va.value), word(pa.value));
    }
}

static void check_owned_frame(struct space_audit *audit, const struct walk_entry *entry) {
    phys_addr_t pa = pte_page(entry->pte, entry->level);
    const struct frame *frame = frame_exists(pa) ? frame_of(pa) : nullptr;
    if (frame == nullptr || !may_own(audit, frame->state)) {
        findings_add(audit->findings, "F2", "%s: 0x%llx owns 0x%llx, which is %s, not %s",
                     space_name(audit->space), word(entry->va.value), word(pa.value),
                     frame == nullptr ? "no frame" : frame_state_name(frame->state),
                     frame_state_name(expected_state(audit)));
    } else if (frame->state == FRAME_FILE) {
        check_object_frame(audit, entry);
    } else {
        check_tagged_frame(audit, entry, frame);
    }
}

/* Memory that the area does not own may be anything but free; the direct map holds that too. */
static void check_foreign_frames(struct space_audit *audit, const struct walk_entry *entry) {
    if (audit->area.kind == AREA_BOOT) {
        return;
    }
    phys_addr_t pa = pte_page(entry->pte, entry->level);
    uint64_t page_count = level_size(entry->level) >> PAGE_SHIFT;
    for (uint64_t i = 0; i < page_count; i++) {
        phys_addr_t page = phys_add(pa, i << PAGE_SHIFT);
        if (frame_exists(page) && frame_state_of(page) == FRAME_FREE) {
            findings_add(audit->findings, "F3", "%s: 0x%llx reaches 0x%llx, which is free",
                         space_name(audit->space), word(entry->va.value), word(page.value));
        }
    }
}

/* The page of zeroes is everybody's, and would not be if one of its entries could be written to. */
static bool check_zero_page(struct space_audit *audit, const struct walk_entry *entry) {
    bool is_it = !audit->is_kernel && pte_page(entry->pte, entry->level).value == zero_page().value;
    if (is_it && (pte_rights(entry->pte) & RIGHT_WRITE) != 0) {
        findings_add(audit->findings, "S2", "%s: 0x%llx is the page of zeroes, and is writable",
                     space_name(audit->space), word(entry->va.value));
    }
    return is_it;
}

static void check_frames_of(struct space_audit *audit, const struct walk_entry *entry) {
    bool is_owned = pte_is_owned(entry->pte);
    if (!is_owned && check_zero_page(audit, entry)) {
        return;
    }
    if (is_owned != area_is_memory(&audit->area)) {
        findings_add(audit->findings, "F2", "%s: the entry for 0x%llx %s what it maps, in %s",
                     space_name(audit->space), word(entry->va.value),
                     is_owned ? "owns" : "does not own", audit->area.name);
    } else if (is_owned) {
        check_owned_frame(audit, entry);
    } else {
        check_foreign_frames(audit, entry);
    }
}

static void check_page_entry(struct space_audit *audit, const struct walk_entry *entry) {
    audit->audit->result.leaf_count++;
    if (!find_area(audit, entry)) {
        findings_add(audit->findings, "S1", "%s: 0x%llx is mapped, but in no area",
                     space_name(audit->space), word(entry->va.value));
        return;
    }
    if (audit->area.kind == AREA_GUARD || audit->area.kind == AREA_RESERVED) {
        findings_add(audit->findings, "V1", "%s: 0x%llx is mapped in %s, which %s",
                     space_name(audit->space), word(entry->va.value), audit->area.name,
                     audit->area.kind == AREA_GUARD ? "is a guard" : "is only reserved");
        return;
    }
    check_rights(audit, entry);
    check_frames_of(audit, entry);
}

/* A CPU may look for data where an entry with P=0 points (L1TF). */
static void check_parked(struct space_audit *audit, const struct walk_entry *entry) {
    if (frame_exists(phys_addr(entry->pte.raw & PTE_ADDRESS))) {
        findings_add(audit->findings, "P2", "%s: the parked entry for 0x%llx points to memory",
                     space_name(audit->space), word(entry->va.value));
    }
}

static void check_entry(void *context, const struct walk_entry *entry) {
    struct space_audit *audit = context;
    switch (entry->kind) {
    case PTE_TABLE:
        check_table_entry(audit, entry);
        return;
    case PTE_LEAF:
        check_bits(audit, entry);
        check_page_entry(audit, entry);
        return;
    case PTE_PARKED:
        check_parked(audit, entry);
        check_page_entry(audit, entry);
        return;
    case PTE_ABSENT:
        return;
    }
}

static void check_table(void *context, phys_addr_t pa, unsigned level, unsigned entry_count) {
    struct space_audit *audit = context;
    audit->audit->result.table_count++;
    const struct frame *frame = frame_of(pa);
    if (frame->table.entry_count != entry_count) {
        findings_add(audit->findings, "T1",
                     "%s: the level %u table 0x%llx has %u entries, its count says %u",
                     space_name(audit->space), level, word(pa.value), entry_count,
                     frame->table.entry_count);
    }
    bool is_shared = level == 0 && frame->table.owner == nullptr;
    if (!is_shared && frame->table.owner != space_page_table(audit->space)) {
        findings_add(audit->findings, "T1", "%s: the level %u table 0x%llx belongs to another",
                     space_name(audit->space), level, word(pa.value));
    }
    if (!audit->is_kernel && entry_count == 0) {
        findings_add(audit->findings, "T3", "%s: the level %u table 0x%llx is empty, but was kept",
                     space_name(audit->space), level, word(pa.value));
    }
    const char *forbidden = audit_forbidden_name(pa);
    if (forbidden != nullptr) {
        findings_add(audit->findings, "K4", "%s: the level %u table 0x%llx lies in %s",
                     space_name(audit->space), level, word(pa.value), forbidden);
    }
}

/* The half of the root that is not the space's own: the kernel's, or nothing (S54, S06). */
static void check_other_half(struct space_audit *audit) {
    const pte_t *root = platform_phys_to_virt(space_page_table(audit->space)->root);
    const pte_t *kernel_root = platform_phys_to_virt(space_page_table(kernel_space())->root);
    unsigned first = audit->is_kernel ? 0 : TABLE_ENTRIES / 2;
    for (unsigned i = first; i < first + TABLE_ENTRIES / 2; i++) {
        uint64_t found = pte_load(&root[i]).raw & ~PTE_ACCESSED;
        uint64_t expected = audit->is_kernel ? 0 : pte_load(&kernel_root[i]).raw & ~PTE_ACCESSED;
        if (found != expected) {
            findings_add(audit->findings, "K5", "%s: root slot %u holds 0x%llx, not 0x%llx",
                         space_name(audit->space), i, word(found), word(expected));
        }
    }
}

struct area_order {
    struct space_audit *audit;
    bool has_previous;
    struct vm_area previous;
};

static bool check_area(void *context, const struct vm_area *area) {
    struct area_order *order = context;
    struct space_audit *audit = order->audit;
    bool is_upper = area->range.start.value >> 63 != 0;
    if (!virt_range_is_valid(area->range.start, area->range.page_count, 5) ||
        is_upper != audit->is_kernel) {
        findings_add(audit->findings, "V1", "%s: the area %s at 0x%llx is not in its half",
                     space_name(audit->space), area->name, word(area->range.start.value));
    }
    if (order->has_previous &&
        virt_range_last(order->previous.range).value >= area->range.start.value) {
        findings_add(audit->findings, "V1", "%s: the area %s at 0x%llx overlaps the one before",
                     space_name(audit->space), area->name, word(area->range.start.value));
    }
    order->previous = *area;
    order->has_previous = true;
    return true;
}

static void check_space(void *context, struct address_space *space) {
    struct audit *audit = context;
    const struct page_table *table = space_page_table(space);
    struct space_audit one = {
        .audit = audit,
        .findings = &audit->findings,
        .space = space,
        .is_kernel = table->half == HALF_KERNEL,
    };
    struct area_order order = {.audit = &one};
    struct walk_visitor visitor = {.context = &one, .entry = check_entry, .table = check_table};
    space_for_each_area(space, check_area, &order);
    if (!walk_can_enter(table->root)) {
        findings_add(&audit->findings, "T1", "%s: its root 0x%llx is no table frame",
                     space_name(space), word(table->root.value));
        return;
    }
    walk_half(table, &visitor);
    check_other_half(&one);
}

void audit_spaces(struct audit *audit) {
    space_for_each(check_space, audit);
}
