#include "mm/space/fault_resolve.h"

#include "lib/check.h"
#include "mm/frame/frame.h"
#include "mm/object/memory_object.h"
#include "mm/platform.h"
#include "mm/space/area_edit.h"
#include "mm/space/fault_decide.h"
#include "mm/space/page_changes.h"
#include "mm/space/stack.h"
#include "mm/space/user_pager.h"
#include "mm/space/zero_page.h"

/* The page that an access met. */
struct place {
    struct address_space *space;
    struct virt_range page;
    struct vm_area *area;
    uint64_t source_page; /* of the area's source; of anonymous memory, what its frame is tagged */
    struct fault_walk walk;
};

/* An entry alone says that others have the frame too; or its table does (law 12). */
static bool is_sole_owner(const struct page_query *entry) {
    if (!entry->is_owned) {
        return false;
    }
    const struct frame *frame = frame_of(entry->pa);
    return frame->state == FRAME_ANON && __atomic_load_n(&frame->map_count, __ATOMIC_ACQUIRE) == 1;
}

static uint64_t source_page_at(const struct vm_area *area, virt_addr_t page) {
    return area->source_page + ((page.value - area->range.start.value) >> PAGE_SHIFT);
}

static bool is_behind_end(const struct place *place) {
    if (place->area == nullptr || place->area->source == nullptr) {
        return false;
    }
    uint64_t size_bytes = memory_object_size(place->area->source->object);
    return place->source_page >= align_up(size_bytes, PAGE_SIZE) >> PAGE_SHIFT;
}

static bool is_in_source(const struct place *place) {
    phys_addr_t pa;
    return place->area->source != nullptr &&
           memory_object_find_page(place->area->source->object, place->source_page, &pa);
}

static void look(struct place *place) {
    struct vm_area *area = area_tree_find_again(&place->space->areas, place->page.start);
    place->area = area;
    place->source_page = area == nullptr ? 0 : source_page_at(area, place->page.start);
    place->walk.entry = page_table_query(&place->space->table, place->page.start);
    place->walk.is_sole_owner = is_sole_owner(&place->walk.entry);
    place->walk.is_behind_end = is_behind_end(place);
    place->walk.is_in_source = area != nullptr && area->pager != nullptr && is_in_source(place);
}

static void tag(const struct place *place, phys_addr_t pa) {
    struct frame *frame = frame_of(pa);
    frame->owned.owner = place->space->family;
    frame->owned.index = place->source_page;
}

static struct page_attributes read_only(const struct place *place) {
    struct page_attributes attributes = place->area->attributes;
    attributes.rights &= (uint8_t)~RIGHT_WRITE;
    return attributes;
}

static enum status map_zero_page(const struct place *place) {
    return page_table_map(&place->space->table, place->page, zero_page(), read_only(place), 0);
}

/* A frame for the absent page: a fresh one of the area's own, or the object's. */
static enum status map_frame(const struct place *place, phys_addr_t pa,
                             struct page_attributes attributes) {
    return page_table_map_frames(&place->space->table, place->page, &pa, attributes);
}

static enum status map_fresh(const struct place *place, phys_addr_t fresh) {
    tag(place, fresh);
    enum status status = map_frame(place, fresh, place->area->attributes);
    if (status != STATUS_OK) {
        frame_free(fresh);
        return status;
    }
    area_note_copies(&place->space->areas, place->area);
    return STATUS_OK;
}

static enum status fill_with_zeroes(const struct place *place) {
    phys_addr_t fresh;
    enum status status = frame_alloc_zeroed(FRAME_ANON, ZONE_NORMAL, &fresh);
    return status == STATUS_OK ? map_fresh(place, fresh) : status;
}

/* Replaces what is there by `pa`; what is read meanwhile is the one or the other. */
static void replace(const struct place *place, phys_addr_t pa, struct page_attributes attributes) {
    struct page_table *table = &place->space->table;
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    enum status status = page_table_remap_frames(table, place->page, &pa, attributes, &gather);
    tlb_gather_finish(&gather);
    CHECK(status == STATUS_OK); /* T4: the entry's table is there */
}

/* The object's page stays its page until the space's lock is given up. */
static enum status get_object_page(const struct place *place, phys_addr_t *pa) {
    enum status status =
        memory_object_get_page(place->area->source->object, place->source_page, pa);
    return status == STATUS_OK || status == STATUS_NO_MEMORY ? status : STATUS_BUS;
}

/* Shared memory is written to where the object has it; private memory never is. */
static enum status show(const struct place *place) {
    phys_addr_t pa;
    enum status status = get_object_page(place, &pa);
    if (status != STATUS_OK) {
        return status;
    }
    struct page_attributes attributes =
        place->area->is_shared ? place->area->attributes : read_only(place);
    if (place->walk.entry.kind == PAGE_ABSENT) {
        return map_frame(place, pa, attributes);
    }
    replace(place, pa, attributes);
    return STATUS_OK;
}

static enum status alloc_copy(const void *from, phys_addr_t *fresh) {
    enum status status = frame_alloc(FRAME_ANON, ZONE_NORMAL, fresh);
    if (status == STATUS_OK) {
        __builtin_memcpy(platform_phys_to_virt(*fresh), from, PAGE_SIZE);
    }
    return status;
}

static enum status copy_object(const struct place *place) {
    phys_addr_t from;
    phys_addr_t fresh;
    enum status status = get_object_page(place, &from);
    if (status == STATUS_OK) {
        status = alloc_copy(platform_phys_to_virt(from), &fresh);
    }
    return status == STATUS_OK ? map_fresh(place, fresh) : status;
}

/* Nobody of the family can write to an anonymous page while it is copied: no entry that leads to
 * it grants that. What is shared may change at any time anyway. */
static enum status copy(const struct place *place) {
    phys_addr_t fresh;
    enum status status = alloc_copy(platform_phys_to_virt(place->walk.entry.pa), &fresh);
    if (status != STATUS_OK) {
        return status;
    }
    tag(place, fresh);
    replace(place, fresh, place->area->attributes);
    area_note_copies(&place->space->areas, place->area);
    return STATUS_OK;
}

/* STATUS_TRY_AGAIN: once the area's pager has been asked. */
static enum status fault_act(enum fault_action action, const struct place *place) {
    switch (action) {
    case RESOLVE_NOTHING:
        return STATUS_OK;
    case RESOLVE_UNSHARE:
        return unshare_pages(place->space, place->page);
    case RESOLVE_ZERO_PAGE:
        return map_zero_page(place);
    case RESOLVE_ZERO_FILL:
        return fill_with_zeroes(place);
    case RESOLVE_GRANT:
        return protect_pages(place->space, place->page, place->area->attributes);
    case RESOLVE_COPY:
        return copy(place);
    case RESOLVE_SHOW:
        return show(place);
    case RESOLVE_COPY_OBJECT:
        return copy_object(place);
    case ASK_PAGER:
        return STATUS_TRY_AGAIN;
    case REFUSE_NOT_MAPPED:
        return STATUS_FAULT;
    case REFUSE_NOT_PERMITTED:
        return STATUS_ACCESS_DENIED;
    case REFUSE_BEHIND_END:
        return STATUS_BUS;
    }
    __builtin_unreachable();
}

/* Later writes to a page that is mapped are nobody's to see, as on Linux. */
static void note_store(const struct place *place, enum space_access_kind access) {
    const struct vm_area *area = place->area;
    if (access == ACCESS_WRITE && area->is_shared && area->source->operations->note_store) {
        area->source->operations->note_store(area->source);
    }
}

static enum status fault_carry_out(enum fault_action action, const struct place *place) {
    bool was_absent = place->walk.entry.kind == PAGE_ABSENT;
    enum status status = fault_act(action, place);
    if (status == STATUS_OK && was_absent && action != RESOLVE_UNSHARE) {
        count_resident(place->space, 1);
    }
    return status;
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

/* Where the pager is to be asked first, it is in the request. */
static enum status try_to_resolve(struct locked_range *token, virt_addr_t va,
                                  enum space_access_kind access, struct page_request *request)
    REQUIRES(token) {
    struct place place;
    if (!find_place(token, va, &place)) {
        return STATUS_FAULT;
    }
    if (place.area == nullptr && stack_grow(token->space, va)) {
        look(&place);
    }
    enum fault_action action = fault_decide(place.area, &place.walk, access);
    if (action == REFUSE_BEHIND_END && access == ACCESS_WRITE && !place.area->is_shared) {
        area_note_copies(&place.space->areas, place.area); /* Linux is about to copy by then */
    }
    if (action == ASK_PAGER) {
        request->pager = place.area->pager;
        request->is_minor = place.walk.is_in_source;
    }
    enum status status = fault_carry_out(action, &place);
    if (action == RESOLVE_UNSHARE && status == STATUS_OK) {
        look(&place);
        action = fault_decide(place.area, &place.walk, access);
        status = fault_carry_out(action, &place);
    }
    if (action == RESOLVE_SHOW && status == STATUS_OK) {
        note_store(&place, access);
    }
    return status;
}

/* The lock is given up while the pager, or a program behind it, does what it likes. */
static enum status ask_pager(struct locked_range *token,
                             struct page_request *request) NO_CAPABILITY_CHECK {
    struct locked_range whole = *token;
    struct area_pager *pager = request->pager;
    enum status status = pager->operations->ask(request);
    if (status != STATUS_OK) {
        return status;
    }
    pager->operations->ref(pager);
    space_unlock(token);
    status = pager->operations->await(request);
    space_lock_for_writing(whole.space, whole.range, token);
    pager->operations->unref(pager);
    return status;
}

static enum status resolve(struct locked_range *token, virt_addr_t va,
                           enum space_access_kind access, bool is_programs) REQUIRES(token) {
    struct page_request request = {
        .va = va,
        .is_write = access == ACCESS_WRITE,
        .is_programs = is_programs,
    };
    enum status status;
    do {
        request.pager = nullptr;
        status = try_to_resolve(token, va, access, &request);
        if (request.pager != nullptr) {
            status = ask_pager(token, &request);
        }
    } while (status == STATUS_OK && request.pager != nullptr);
    return status;
}

enum status fault_resolve(struct locked_range *token, virt_addr_t va,
                          enum space_access_kind access) {
    return resolve(token, va, access, false);
}

enum status fault_resolve_load(struct locked_range *token, virt_addr_t va) {
    struct place place;
    if (!find_place(token, va, &place)) {
        return STATUS_FAULT;
    }
    enum fault_action action = fault_decide_load(place.area, &place.walk);
    enum status status = fault_carry_out(action, &place);
    if (action != RESOLVE_UNSHARE || status != STATUS_OK) {
        return status;
    }
    look(&place);
    return fault_carry_out(fault_decide_load(place.area, &place.walk), &place);
}

static enum status resolve_in(struct address_space *space, virt_addr_t va,
                              enum space_access_kind access, bool is_programs) {
    struct locked_range token;
    space_lock_for_writing(space, space_whole_range(space), &token);
    enum status status = resolve(&token, va, access, is_programs);
    space_unlock(&token);
    return status;
}

enum status space_resolve_fault(struct address_space *space, virt_addr_t va,
                                enum space_access_kind access) {
    return resolve_in(space, va, access, false);
}

enum status space_resolve_fault_of_program(struct address_space *space, virt_addr_t va,
                                           enum space_access_kind access) {
    return resolve_in(space, va, access, true);
}

/* Pages that a pager gives. Private ones become the process's own, shared ones the object's. */
static enum status fill_private(const struct place *place, const void *contents) {
    phys_addr_t fresh;
    if (contents == nullptr && place->area->kind == AREA_ANON) {
        return map_zero_page(place);
    }
    enum status status = contents == nullptr ? frame_alloc_zeroed(FRAME_ANON, ZONE_NORMAL, &fresh)
                                             : alloc_copy(contents, &fresh);
    return status == STATUS_OK ? map_fresh(place, fresh) : status;
}

/* The object has the page from then on, whether there is memory to show it at once or not. */
static enum status fill_shared(const struct place *place, const void *contents) {
    enum status status =
        memory_object_fill_page(place->area->source->object, place->source_page, contents);
    if (status == STATUS_OK) {
        enum status shown = show(place);
        count_resident(place->space, shown == STATUS_OK);
    }
    return status == STATUS_NO_SPACE ? STATUS_NO_MEMORY : status; /* as Linux has it */
}

/* The page at `va`, in an area that has a pager. */
static enum status find_pagers_place(struct locked_range *token, virt_addr_t va,
                                     struct place *place) REQUIRES(token) {
    bool is_there = find_place(token, va, place) && place->area != nullptr;
    return is_there && place->area->pager != nullptr ? STATUS_OK : STATUS_NOT_FOUND;
}

/* Readies the place for an entry where none is. */
static enum status make_way(const struct place *place) {
    if (place->walk.is_behind_end) {
        return STATUS_FAULT;
    }
    if (place->walk.entry.kind != PAGE_ABSENT) {
        return STATUS_EXISTS;
    }
    return place->walk.entry.is_table_shared ? unshare_pages(place->space, place->page) : STATUS_OK;
}

enum status space_fill_page(struct locked_range *token, virt_addr_t va, const void *contents) {
    struct place place;
    enum status status = find_pagers_place(token, va, &place);
    if (status == STATUS_OK) {
        status = make_way(&place);
    }
    if (status != STATUS_OK || place.area->is_shared) {
        return status != STATUS_OK ? status : fill_shared(&place, contents);
    }
    status = fill_private(&place, contents);
    if (status == STATUS_OK) {
        area_note_copies(&place.space->areas, place.area);
        count_resident(place.space, 1);
    }
    return status;
}

enum status space_show_page(struct locked_range *token, virt_addr_t va) {
    struct place place;
    enum status status = find_pagers_place(token, va, &place);
    if (status == STATUS_OK && place.area->source == nullptr) {
        return STATUS_INVALID;
    }
    if (status == STATUS_OK) {
        status = place.walk.is_in_source ? make_way(&place) : STATUS_FAULT;
    }
    if (status == STATUS_OK) {
        status = show(&place);
        count_resident(place.space, status == STATUS_OK);
    }
    return status;
}
