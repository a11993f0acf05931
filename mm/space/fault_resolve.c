#include "mm/space/fault_resolve.h"

#include "mm/frame/frame.h"
#include "mm/platform.h"
#include "mm/space/fault_decide.h"
#include "mm/space/space_private.h"
#include "mm/space/zero_page.h"

/* The page that an access met. */
struct place {
    struct address_space *space;
    struct virt_range page;
    const struct vm_area *area;
    struct fault_walk walk;
};

/* An entry alone says that others have the frame too; or its table does (law 12). */
static bool is_sole_owner(const struct page_query *entry) {
    if (entry->kind == PAGE_ABSENT || !entry->is_owned) {
        return false;
    }
    const struct frame *frame = frame_of(entry->pa);
    return frame->state == FRAME_ANON && __atomic_load_n(&frame->map_count, __ATOMIC_ACQUIRE) == 1;
}

static void look(struct place *place) {
    place->area = area_tree_find(&place->space->areas, place->page.start);
    place->walk.entry = page_table_query(&place->space->table, place->page.start);
    place->walk.is_sole_owner = is_sole_owner(&place->walk.entry);
}

static void tag(const struct place *place, phys_addr_t pa) {
    struct frame *frame = frame_of(pa);
    frame->owned.owner = place->space->family;
    frame->owned.index = place->page.start.value >> PAGE_SHIFT;
}

static enum status map_zero_page(const struct place *place) {
    struct page_attributes attributes = place->area->attributes;
    attributes.rights &= (uint8_t)~RIGHT_WRITE;
    return page_table_map(&place->space->table, place->page, zero_page(), attributes, 0);
}

static enum status fill_with_zeroes(const struct place *place) {
    phys_addr_t fresh;
    enum status status = frame_alloc_zeroed(FRAME_ANON, ZONE_NORMAL, &fresh);
    if (status != STATUS_OK) {
        return status;
    }
    tag(place, fresh);
    status =
        page_table_map_frames(&place->space->table, place->page, &fresh, place->area->attributes);
    if (status != STATUS_OK) {
        frame_free(fresh);
    }
    return status;
}

static enum status unshare(const struct place *place) {
    struct page_table *table = &place->space->table;
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    enum status status = page_table_unshare(table, place->page, &gather);
    tlb_gather_finish(&gather);
    return status;
}

static enum status grant(const struct place *place) {
    struct page_table *table = &place->space->table;
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    enum status status = page_table_protect(table, place->page, place->area->attributes, &gather);
    tlb_gather_finish(&gather);
    return status;
}

/* Nobody can write to the page while it is copied: no entry that leads to it grants that. */
static enum status copy(const struct place *place) {
    struct page_table *table = &place->space->table;
    phys_addr_t fresh;
    enum status status = frame_alloc(FRAME_ANON, ZONE_NORMAL, &fresh);
    if (status != STATUS_OK) {
        return status;
    }
    __builtin_memcpy(platform_phys_to_virt(fresh), platform_phys_to_virt(place->walk.entry.pa),
                     PAGE_SIZE);
    tag(place, fresh);
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    status = page_table_remap_frames(table, place->page, &fresh, place->area->attributes, &gather);
    tlb_gather_finish(&gather);
    if (status != STATUS_OK) {
        frame_free(fresh);
    }
    return status;
}

static enum status fault_carry_out(enum fault_action action, const struct place *place) {
    switch (action) {
    case RESOLVE_NOTHING:
        return STATUS_OK;
    case RESOLVE_UNSHARE:
        return unshare(place);
    case RESOLVE_ZERO_PAGE:
        return map_zero_page(place);
    case RESOLVE_ZERO_FILL:
        return fill_with_zeroes(place);
    case RESOLVE_GRANT:
        return grant(place);
    case RESOLVE_COPY:
        return copy(place);
    case REFUSE_NOT_MAPPED:
        return STATUS_FAULT;
    case REFUSE_NOT_PERMITTED:
        return STATUS_ACCESS_DENIED;
    }
    __builtin_unreachable();
}

/* False where the address is not the space's. */
static bool find_place(const struct locked_range *token, virt_addr_t va, struct place *place) {
    if (!virt_range_contains(space_whole_range(token->space), va)) {
        return false;
    }
    place->space = token->space;
    place->page = virt_range(virt_addr(align_down(va.value, PAGE_SIZE)), 1);
    check_locked_for_writing(token, place->page);
    look(place);
    return true;
}

enum status fault_resolve(struct locked_range *token, virt_addr_t va,
                          enum space_access_kind access) {
    struct place place;
    if (!find_place(token, va, &place)) {
        return STATUS_FAULT;
    }
    enum fault_action action = fault_decide(place.area, &place.walk, access);
    enum status status = fault_carry_out(action, &place);
    if (action != RESOLVE_UNSHARE || status != STATUS_OK) {
        return status;
    }
    look(&place);
    return fault_carry_out(fault_decide(place.area, &place.walk, access), &place);
}

enum status fault_resolve_load(struct locked_range *token, virt_addr_t va) {
    struct place place;
    if (!find_place(token, va, &place)) {
        return STATUS_FAULT;
    }
    return fault_carry_out(fault_decide_load(place.area, &place.walk), &place);
}

enum status space_resolve_fault(struct address_space *space, virt_addr_t va,
                                enum space_access_kind access) {
    struct locked_range token;
    space_lock_for_writing(space, space_whole_range(space), &token);
    enum status status = fault_resolve(&token, va, access);
    space_unlock(&token);
    return status;
}
