#include "mm/space/address_space.h"

#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/heap/heap.h"
#include "mm/platform.h"
#include "mm/space/area_edit.h"
#include "mm/space/kernel_space.h"
#include "mm/space/space_private.h"

static struct sleep_lock registry_lock;
static struct list_node registry = {&registry, &registry}; /* guarded by registry_lock */

/* What each CPU translates through; null stands for the kernel's. Each is its CPU's own. */
static struct address_space *current_spaces[CPU_COUNT_MAX];

void space_registry_init(void) {
    list_init(&registry);
    __builtin_memset((void *)current_spaces, 0, sizeof current_spaces);
}

void space_init(struct address_space *space, const char *name) {
    space->lock = (struct sleep_lock){};
    area_tree_init(&space->areas);
    copy_name(space->name, name, sizeof space->name);
    space->pin_count = 1;
    space->limits = (struct space_limits){
        .address_space_bytes = SPACE_UNLIMITED,
        .data_bytes = SPACE_UNLIMITED,
        .stack_bytes = SPACE_UNLIMITED,
        .locked_bytes = SPACE_UNLIMITED,
    };
    space->mmap_end = virt_addr(SPACE_MMAP_END);
}

static void lock_range(struct address_space *space, struct virt_range range, bool is_for_writing,
                       struct locked_range *token) NO_CAPABILITY_CHECK {
    sleep_lock_acquire(&space->lock);
    token->space = space;
    token->range = range;
    token->is_for_writing = is_for_writing;
}

/* One lock stands for every range, and readers exclude each other too, until that is measured to
 * hurt. */
void space_lock_for_writing(struct address_space *space, struct virt_range range,
                            struct locked_range *token) NO_CAPABILITY_CHECK {
    lock_range(space, range, true, token);
}

void space_lock_for_reading(struct address_space *space, struct virt_range range,
                            struct locked_range *token) NO_CAPABILITY_CHECK {
    lock_range(space, range, false, token);
}

void space_unlock(struct locked_range *token) NO_CAPABILITY_CHECK {
    struct address_space *space = token->space;
    token->space = nullptr; /* a token that is used again faults at once */
    sleep_lock_release(&space->lock);
}

void check_locked_for_writing(const struct locked_range *token, struct virt_range range) {
    CHECK(token->is_for_writing);                  /* L1 */
    CHECK(virt_range_covers(token->range, range)); /* L1 */
}

struct virt_range space_user_range(void) {
    return virt_range(virt_addr(0), USER_END >> PAGE_SHIFT);
}

struct virt_range space_whole_range(const struct address_space *space) {
    if (space->table.half == HALF_USER) {
        return space_user_range();
    }
    return virt_range(virt_addr(DIRECT_MAP_BASE), -DIRECT_MAP_BASE >> PAGE_SHIFT);
}

static enum status add_null_guard(struct address_space *space) {
    struct spare_areas spares;
    enum status status = spare_areas_take(&spares, 1);
    if (status == STATUS_OK) {
        struct virt_range range = virt_range(virt_addr(0), NULL_GUARD_END >> PAGE_SHIFT);
        struct page_attributes nothing = {};
        area_add(&space->areas, &spares, range, AREA_GUARD, nothing, "null guard");
    }
    return status;
}

static struct space_family *family_found(void) {
    struct space_family *family = heap_alloc(sizeof *family);
    if (family != nullptr) {
        list_init(&family->spaces);
    }
    return family;
}

enum status space_make(const char *name, struct address_space **space) {
    struct address_space *made = heap_alloc(sizeof *made);
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    space_init(made, name);
    enum status status = page_table_create_user(&made->table, space_page_table(kernel_space()));
    if (status != STATUS_OK) {
        heap_free(made);
        return status;
    }
    *space = made;
    return STATUS_OK;
}

void space_unmake(struct address_space *space) {
    sleep_lock_acquire(&space->lock);
    enum status status = page_table_destroy_user(&space->table);
    CHECK(status == STATUS_OK); /* nobody may switch to a space that is being destroyed */
    for (struct vm_area *area; (area = area_tree_first(&space->areas)) != nullptr;) {
        area_drop(&space->areas, area);
    }
    sleep_lock_release(&space->lock);
    space_unpin(space);
}

void space_unpin(struct address_space *space) {
    if (__atomic_fetch_sub(&space->pin_count, 1, __ATOMIC_ACQ_REL) == 1) {
        heap_free(space);
    }
}

void space_publish(struct address_space *space, struct space_family *family) {
    sleep_lock_acquire(&registry_lock);
    space->family = family;
    list_push_back(&family->spaces, &space->family_link);
    list_push_back(&registry, &space->link);
    sleep_lock_release(&registry_lock);
}

static void withdraw(struct address_space *space) {
    struct space_family *family = space->family;
    sleep_lock_acquire(&registry_lock);
    list_remove(&space->link);
    list_remove(&space->family_link);
    bool was_last = list_is_empty(&family->spaces);
    sleep_lock_release(&registry_lock);
    if (was_last) {
        heap_free(family);
    }
}

enum status space_create(const char *name, struct address_space **space) {
    struct space_family *family = family_found();
    if (family == nullptr) {
        return STATUS_NO_MEMORY;
    }
    struct address_space *made;
    enum status status = space_make(name, &made);
    if (status != STATUS_OK) {
        goto free_family;
    }
    status = add_null_guard(made);
    if (status != STATUS_OK) {
        goto unmake;
    }
    space_publish(made, family);
    *space = made;
    return STATUS_OK;

unmake:
    space_unmake(made);
free_family:
    heap_free(family);
    return status;
}

enum status space_destroy(struct address_space *space) {
    CHECK(space != kernel_space());
    if (__atomic_load_n(&space->table.active_cpus.bits, __ATOMIC_SEQ_CST) != 0) {
        return STATUS_BUSY;
    }
    withdraw(space);
    space_unmake(space);
    return STATUS_OK;
}

static struct address_space *current_of(unsigned cpu) {
    struct address_space *space = current_spaces[cpu];
    return space != nullptr ? space : kernel_space();
}

struct address_space *space_switch(struct address_space *next) {
    platform_preempt_disable();
    unsigned cpu = platform_current_cpu();
    struct address_space *previous = current_of(cpu);
    if (next != previous) {
        page_table_activate(&next->table, &previous->table);
        current_spaces[cpu] = next;
    }
    platform_preempt_enable();
    return previous;
}

struct address_space *space_current(void) {
    platform_preempt_disable();
    struct address_space *space = current_of(platform_current_cpu());
    platform_preempt_enable();
    return space;
}

const struct page_table *space_page_table(const struct address_space *space) {
    return &space->table;
}

const void *space_frame_owner(const struct address_space *space) {
    return space->table.half == HALF_USER ? (const void *)space->family : space;
}

const char *space_name(const struct address_space *space) {
    return space->name;
}

void space_for_each(void (*visit)(void *context, struct address_space *space), void *context) {
    visit(context, kernel_space());
    sleep_lock_acquire(&registry_lock);
    for (struct list_node *at = registry.next; at != &registry; at = at->next) {
        visit(context, LIST_ENTRY(at, struct address_space, link));
    }
    sleep_lock_release(&registry_lock);
}
