#include "kernel/clock/clock.h"
#include "kernel/ipc/table.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/memory/user_range.h"
#include "kernel/syscall/user.h"
#include "lib/status.h"
#include "mm/heap/heap.h"
#include "mm/lock/sleep_lock.h"
#include "mm/object/memory_object.h"

/* System V shared memory: man 2 shmget, shmat, shmdt, shmctl. */

constexpr uint64_t SIZE_MAX_BYTES = UINT64_MAX - (1ull << 24); /* SHMMAX, SHMALL */
constexpr uint32_t SHM_READ_ONLY = 010000;
constexpr uint32_t SHM_ROUND = 020000;
constexpr uint32_t SHM_REMAP = 040000;
constexpr uint32_t SHM_EXECUTE = 0100000;
constexpr uint32_t SHM_HUGE = 04000;       /* SHM_HUGETLB, of shmget */
constexpr uint32_t MODE_DESTROYED = 01000; /* SHM_DEST: goes with its last user */
constexpr uint32_t MODE_LOCKED = 02000;    /* SHM_LOCKED */

enum shared_memory_command : uint32_t {
    SHM_LOCK = 11,
    SHM_UNLOCK = 12,
    SHM_STAT = 13,
    SHM_INFO = 14,
    SHM_STAT_ANY = 15,
};

/* struct shmid64_ds. */
struct segment_status {
    struct ipc_rights rights;
    uint64_t size_bytes;
    int64_t attached_seconds, detached_seconds, changed_seconds;
    int32_t creator, last_user;
    uint64_t attach_count;
    uint64_t unused[2];
};

static_assert(sizeof(struct segment_status) == 112);

/* All but the source is guarded by the table's lock. */
struct segment {
    struct area_source source; /* fixed at creation */
    struct ipc_object ipc;
    struct segment_status status; /* all but its rights, and the count */
    uint64_t attach_count;        /* areas that show it, and calls that are about to */
};

static struct sleep_lock lock; /* comes after a space's */
static struct ipc_table table; /* guarded by lock */
static uint64_t total_pages;   /* likewise */

static struct segment *segment_of(struct ipc_object *object) {
    return object ? LIST_ENTRY(object, struct segment, ipc) : nullptr;
}

static struct segment *of_source(struct area_source *source) {
    return LIST_ENTRY(source, struct segment, source);
}

/* Whether nothing holds the segment any more: it is out of the table then, and the caller destroys
 * it once the lock is free, for it may be large. */
static bool take_out(struct segment *segment) REQUIRES(lock) {
    if (segment->attach_count > 0 || !(segment->ipc.rights.mode & MODE_DESTROYED)) {
        return false;
    }
    ipc_remove(&table, &segment->ipc);
    total_pages -= align_up(segment->status.size_bytes, PAGE_SIZE) >> PAGE_SHIFT;
    return true;
}

static void destroy(struct segment *segment) {
    memory_object_unref(segment->source.object);
    heap_free(segment);
}

static void note_user(struct segment *segment) REQUIRES(lock) {
    const struct process *process = process_current();
    segment->status.last_user = process ? (int32_t)process->number : 0;
}

static void ref(struct area_source *source) {
    struct segment *segment = of_source(source);
    sleep_lock_acquire(&lock);
    segment->attach_count++;
    segment->status.attached_seconds = clock_real_seconds();
    note_user(segment);
    sleep_lock_release(&lock);
}

/* Ends what `take` began, which was no attachment. */
static void let_go(struct segment *segment) {
    sleep_lock_acquire(&lock);
    segment->attach_count--;
    bool is_gone = take_out(segment);
    sleep_lock_release(&lock);
    if (is_gone) {
        destroy(segment);
    }
}

static void unref(struct area_source *source) {
    struct segment *segment = of_source(source);
    sleep_lock_acquire(&lock);
    segment->status.detached_seconds = clock_real_seconds();
    note_user(segment);
    sleep_lock_release(&lock);
    let_go(segment);
}

static const struct area_source_operations operations = {.ref = ref, .unref = unref};

static enum status create(uint32_t key, uint64_t size_bytes, uint32_t flags, int32_t *id)
    REQUIRES(lock) {
    if (size_bytes == 0 || size_bytes > OBJECT_SIZE_MAX - PAGE_SIZE) {
        return STATUS_INVALID;
    }
    struct segment *segment = heap_alloc(sizeof(*segment));
    if (!segment) {
        return STATUS_NO_MEMORY;
    }
    const struct ipc_caller by = process_ipc_caller();
    enum status status =
        memory_object_create(align_up(size_bytes, PAGE_SIZE), &segment->source.object);
    if (status != STATUS_OK) {
        heap_free(segment);
        return status;
    }
    status = ipc_add(&table, &segment->ipc, key, flags, &by);
    if (status != STATUS_OK) {
        memory_object_unref(segment->source.object);
        heap_free(segment);
        return status;
    }
    segment->source.operations = &operations;
    segment->status.size_bytes = size_bytes;
    segment->status.creator = (int32_t)process_current()->number;
    segment->status.changed_seconds = clock_real_seconds();
    total_pages += align_up(size_bytes, PAGE_SIZE) >> PAGE_SHIFT;
    *id = segment->ipc.id;
    return STATUS_OK;
}

static int64_t get(uint32_t key, uint64_t size_bytes, uint32_t flags) REQUIRES(lock) {
    const struct ipc_caller by = process_ipc_caller();
    struct ipc_object *object;
    enum status status = ipc_get(&table, key, flags, &by, &object);
    if (status != STATUS_OK) {
        return status;
    }
    if (object) {
        return size_bytes > segment_of(object)->status.size_bytes ? (int64_t)STATUS_INVALID
                                                                  : object->id;
    }
    int32_t id;
    status = create(key, size_bytes, flags, &id);
    return status == STATUS_OK ? (int64_t)id : status;
}

int64_t call_shmget(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->rdx;
    if (flags & SHM_HUGE) { /* there are no large pages to be had, even for who may have them */
        return process_has_capabilities() ? STATUS_NO_MEMORY : STATUS_NOT_PERMITTED;
    }
    sleep_lock_acquire(&lock);
    int64_t result = get((uint32_t)frame->rdi, frame->rsi, flags);
    sleep_lock_release(&lock);
    return result;
}

static uint8_t attach_rights(uint32_t flags) {
    uint8_t rights = RIGHT_READ;
    rights |= flags & SHM_READ_ONLY ? 0 : RIGHT_WRITE;
    rights |= flags & SHM_EXECUTE ? RIGHT_EXECUTE : 0;
    return rights;
}

static uint32_t wanted_mode(uint32_t flags) {
    uint32_t wanted = flags & SHM_READ_ONLY ? 0444 : 0666;
    return flags & SHM_EXECUTE ? wanted | 0111 : wanted;
}

/* The segment of an id, which will not go before the caller lets it. */
static enum status take(int32_t id, uint32_t flags, struct segment **segment) {
    const struct ipc_caller by = process_ipc_caller();
    sleep_lock_acquire(&lock);
    *segment = segment_of(ipc_find(&table, id));
    enum status status = STATUS_INVALID;
    if (*segment) {
        status = ipc_check(&(*segment)->ipc, wanted_mode(flags), &by);
    }
    if (status == STATUS_OK) {
        (*segment)->attach_count++;
    }
    sleep_lock_release(&lock);
    return status;
}

static int64_t map_at(struct locked_range *token, struct segment *segment, struct virt_range range,
                      uint32_t flags) REQUIRES(token) {
    char name[AREA_NAME_SIZE_BYTES];
    format_buffer(name, sizeof(name), "/SYSV%08x", segment->ipc.rights.key);
    const struct space_mapping mapping = {
        .rights = attach_rights(flags),
        .rights_max = flags & SHM_READ_ONLY ? RIGHT_READ | RIGHT_EXECUTE : 0,
        .source = &segment->source,
        .is_shared = true,
        .replaces = (flags & SHM_REMAP) != 0,
        .name = name,
    };
    enum status status = space_map(token, range, &mapping);
    status = status == STATUS_EXISTS ? STATUS_INVALID : status;
    return status == STATUS_OK ? (int64_t)range.start.value : status;
}

/* Where a segment is to be shown. */
struct place {
    bool is_anywhere;
    uint64_t address;
};

/* Of what reaches beyond user memory, some may be used by something else. */
static int64_t refuse_place(uint64_t address, uint64_t size_bytes) {
    if (address >= USER_END) {
        return address + size_bytes < address ? STATUS_INVALID : STATUS_NO_MEMORY;
    }
    struct virt_range rest = virt_range(virt_addr(address), (USER_END - address) >> PAGE_SHIFT);
    return user_range_is_used(rest) ? STATUS_INVALID : STATUS_NO_MEMORY;
}

static int64_t attach(struct segment *segment, const struct place *place, uint32_t flags) {
    uint64_t size_bytes = align_up(segment->status.size_bytes, PAGE_SIZE);
    struct locked_range token;
    struct virt_range range;
    if (!place->is_anywhere && !user_pages(place->address, size_bytes, &range)) {
        return refuse_place(place->address, size_bytes);
    }
    if (!place->is_anywhere && place->address < NULL_GUARD_END) {
        return STATUS_NOT_PERMITTED;
    }
    space_lock_for_writing(process_space(), space_user_range(), &token);
    int64_t result = STATUS_OK;
    if (place->is_anywhere) {
        const struct space_gap gap = {
            .page_count = size_bytes >> PAGE_SHIFT,
            .alignment_bytes = PAGE_SIZE,
        };
        result = space_find_gap(&token, &gap, &range);
    }
    if (result == STATUS_OK) {
        result = map_at(&token, segment, range, flags);
    }
    space_unlock(&token);
    return result;
}

int64_t call_shmat(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->rdx;
    const struct place place = {
        .is_anywhere = frame->rsi == 0,
        .address = align_down(frame->rsi, PAGE_SIZE),
    };
    bool is_misplaced = !(flags & SHM_ROUND) && frame->rsi != place.address;
    bool replaces_null = place.address == 0 && (flags & SHM_REMAP);
    if ((int32_t)frame->rdi < 0 || is_misplaced || replaces_null) {
        return STATUS_INVALID;
    }
    struct segment *segment;
    enum status status = take((int32_t)frame->rdi, flags, &segment);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = attach(segment, &place, flags);
    let_go(segment);
    return result;
}

/* Whether the area shows a segment from the page that it would have if it began at `start`. */
static bool is_attached(const struct vm_area *area, virt_addr_t start) {
    uint64_t page = (area->range.start.value - start.value) >> PAGE_SHIFT;
    return area->source && area->source->operations == &operations && area->source_page == page;
}

static enum status unmap(struct virt_range range) {
    struct locked_range token;
    space_lock_for_writing(process_space(), range, &token);
    enum status status = space_unmap(&token, range);
    space_unlock(&token);
    return status;
}

/* What is left of an attachment that began at `start`. */
struct attachment {
    virt_addr_t start;
    struct segment *segment; /* held, as by `take`; null: none is known yet */
    struct virt_range part;  /* one that is left; empty: none is */
};

/* With the space locked, so that what the area shows cannot go. */
static bool find_segment(void *context, const struct vm_area *area) {
    struct attachment *attachment = context;
    if (!is_attached(area, attachment->start)) {
        return true;
    }
    attachment->segment = of_source(area->source);
    sleep_lock_acquire(&lock);
    attachment->segment->attach_count++;
    sleep_lock_release(&lock);
    return false;
}

static bool find_part(void *context, const struct vm_area *area) {
    struct attachment *attachment = context;
    const struct segment *segment = attachment->segment;
    uint64_t end = attachment->start.value + align_up(segment->status.size_bytes, PAGE_SIZE);
    if (virt_range_last(area->range).value >= end) {
        return false;
    }
    bool is_part = area->source == &segment->source && is_attached(area, attachment->start);
    attachment->part = is_part ? area->range : attachment->part;
    return !is_part;
}

/* Removes all parts, which other mappings may have cut. */
static enum status detach(struct attachment *attachment) {
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        attachment->part = (struct virt_range){};
        space_for_each_area_from(process_space(), attachment->start, find_part, attachment);
        if (attachment->part.page_count == 0) {
            break;
        }
        status = unmap(attachment->part);
    }
    return status;
}

int64_t call_shmdt(const struct trap_frame *frame) {
    struct attachment attachment = {.start = virt_addr(frame->rdi)};
    if (!is_aligned(frame->rdi, PAGE_SIZE) || frame->rdi >= USER_END) {
        return STATUS_INVALID;
    }
    space_for_each_area_from(process_space(), attachment.start, find_segment, &attachment);
    if (attachment.segment == nullptr) {
        return STATUS_INVALID;
    }
    enum status status = detach(&attachment);
    let_go(attachment.segment);
    return status;
}

static void describe(const struct segment *segment, struct segment_status *status) REQUIRES(lock) {
    *status = segment->status;
    status->rights = segment->ipc.rights;
    status->attach_count = segment->attach_count;
}

/* What is left to do once the lock is free; what is copied to the program may fault, which takes a
 * space's. */
struct reply {
    size_t size_bytes;
    struct segment *gone; /* to be destroyed; null: none */
    union {
        struct segment_status status;
        uint64_t words[9];
    };
};

static void tell(const struct segment *segment, struct reply *reply) REQUIRES(lock) {
    describe(segment, &reply->status);
    reply->size_bytes = sizeof(reply->status);
}

static int64_t stat_by_slot(uint32_t slot, bool is_any, struct reply *reply) REQUIRES(lock) {
    const struct ipc_caller by = process_ipc_caller();
    struct segment *segment = segment_of(ipc_find_slot(&table, slot));
    if (!segment) {
        return STATUS_INVALID;
    }
    enum status status = is_any ? STATUS_OK : ipc_check(&segment->ipc, 0444, &by);
    if (status != STATUS_OK) {
        return status;
    }
    tell(segment, reply);
    return segment->ipc.id;
}

static int64_t tell_words(const uint64_t *words, size_t count, struct reply *reply) REQUIRES(lock) {
    reply->size_bytes = count * sizeof(words[0]);
    __builtin_memcpy(reply->words, words, reply->size_bytes);
    return table.highest;
}

static int64_t tell_limits(struct reply *reply) REQUIRES(lock) {
    const uint64_t limits[9] = {SIZE_MAX_BYTES, 1, IPC_SLOT_COUNT, IPC_SLOT_COUNT, SIZE_MAX_BYTES};
    return tell_words(limits, 9, reply);
}

static int64_t tell_info(struct reply *reply) REQUIRES(lock) {
    const uint64_t info[6] = {table.count, total_pages, total_pages};
    return tell_words(info, 6, reply);
}

static enum status change(struct segment *segment, const struct segment_status *next)
    REQUIRES(lock) {
    enum status status = ipc_give(&segment->ipc.rights, &next->rights);
    if (status == STATUS_OK) {
        segment->status.changed_seconds = clock_real_seconds();
    }
    return status;
}

static void remove_segment(struct segment *segment, struct reply *reply) REQUIRES(lock) {
    segment->ipc.rights.mode |= MODE_DESTROYED;
    segment->ipc.rights.key = IPC_PRIVATE;
    reply->gone = take_out(segment) ? segment : nullptr;
}

static int64_t control_owned(struct segment *segment, uint32_t command,
                             const struct segment_status *next, struct reply *reply)
    REQUIRES(lock) {
    const struct ipc_caller by = process_ipc_caller();
    enum status status = ipc_check_owner(&segment->ipc, &by);
    if (status != STATUS_OK) {
        return status;
    }
    switch (command) {
    case IPC_SET:
        return change(segment, next);
    case IPC_REMOVE:
        remove_segment(segment, reply);
        return 0;
    case SHM_LOCK: /* all memory stays where it is; whether it is to is remembered */
        segment->ipc.rights.mode |= MODE_LOCKED;
        return 0;
    case SHM_UNLOCK:
        segment->ipc.rights.mode &= ~MODE_LOCKED;
        return 0;
    default:
        return STATUS_INVALID;
    }
}

static int64_t stat_by_id(struct segment *segment, struct reply *reply) REQUIRES(lock) {
    const struct ipc_caller by = process_ipc_caller();
    enum status status = ipc_check(&segment->ipc, 0444, &by);
    if (status == STATUS_OK) {
        tell(segment, reply);
    }
    return status;
}

static int64_t control(int32_t id, uint32_t command, const struct segment_status *next,
                       struct reply *reply) REQUIRES(lock) {
    switch (command) {
    case IPC_INFO:
        return tell_limits(reply);
    case SHM_INFO:
        return tell_info(reply);
    case SHM_STAT:
    case SHM_STAT_ANY:
        return stat_by_slot((uint32_t)id, command == SHM_STAT_ANY, reply);
    default:
        break;
    }
    struct segment *segment = segment_of(ipc_find(&table, id));
    if (!segment) {
        return STATUS_INVALID;
    }
    return command == IPC_STAT ? stat_by_id(segment, reply)
                               : control_owned(segment, command, next, reply);
}

int64_t call_shmctl(const struct trap_frame *frame) {
    constexpr uint32_t version_64 = 0x0100; /* IPC_64, which x86-64 always means */
    int32_t id = (int32_t)frame->rdi;
    uint32_t command = (uint32_t)frame->rsi & ~version_64;
    struct segment_status next = {};
    struct reply reply = {};
    if (id < 0 || (int32_t)command < 0) {
        return STATUS_INVALID;
    }
    if (command == IPC_SET && copy_in(&next, frame->rdx, sizeof(next)) != 0) {
        return STATUS_FAULT;
    }
    sleep_lock_acquire(&lock);
    int64_t result = control(id, command, &next, &reply);
    sleep_lock_release(&lock);
    if (reply.gone) {
        destroy(reply.gone);
    }
    if (result >= 0 && reply.size_bytes > 0 &&
        copy_out(frame->rdx, reply.words, reply.size_bytes) != 0) {
        return STATUS_FAULT;
    }
    return result;
}
