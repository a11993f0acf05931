#include "kernel/files/file/descriptor_table.h"
#include "kernel/files/file/file_source.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/memory/advice.h"
#include "kernel/syscall/memory/user_range.h"
#include "lib/status.h"
#include "mm/addr/layout.h"

/* man 2 mmap, munmap, mprotect and mremap. */

/* Linux's values for x86-64. */
constexpr uint64_t PROT_READ = 1;
constexpr uint64_t PROT_WRITE = 2;
constexpr uint64_t PROT_EXECUTE = 4;
constexpr uint64_t PROT_SEMAPHORE = 8; /* means nothing on x86 */
constexpr uint64_t PROT_GROWS_DOWN = 0x01000000;
constexpr uint64_t PROT_GROWS_UP = 0x02000000;
constexpr uint64_t PROT_ALL = PROT_READ | PROT_WRITE | PROT_EXECUTE | PROT_SEMAPHORE;

constexpr uint64_t MAP_TYPE = 0x0f;
constexpr uint64_t MAP_SHARED = 0x01;
constexpr uint64_t MAP_PRIVATE = 0x02;
constexpr uint64_t MAP_SHARED_VALIDATE = 0x03;
constexpr uint64_t MAP_FIXED = 0x10;
constexpr uint64_t MAP_ANONYMOUS = 0x20;
constexpr uint64_t MAP_32BIT = 0x40;
constexpr uint64_t MAP_GROWSDOWN = 0x100;
constexpr uint64_t MAP_LOCKED = 0x2000;
constexpr uint64_t MAP_NORESERVE = 0x4000;
constexpr uint64_t MAP_POPULATE = 0x8000;
constexpr uint64_t MAP_NONBLOCK = 0x10000;
constexpr uint64_t MAP_HUGETLB = 0x40000;
constexpr uint64_t MAP_FIXED_NOREPLACE = 0x100000;
constexpr uint64_t MAP_HUGE_SHIFT = 26; /* the logarithm of the size of large pages */
constexpr uint64_t MAP_HUGE_MASK = 63;
/* ABOVE4G, DENYWRITE, EXECUTABLE, STACK, and sizes of large pages: nothing, or advice. */
constexpr uint64_t MAP_VALIDATED = MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | 0x80 | 0x800 | 0x1000 |
                                   MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |
                                   MAP_NONBLOCK | 0x20000 | MAP_HUGETLB | MAP_32BIT | 0x7c000000;

constexpr uint64_t LOW_END = 1ull << 31; /* below it is what MAP_32BIT gets */

static uint8_t rights_of(uint64_t protection) {
    uint8_t rights = RIGHT_NONE;
    rights |= protection & PROT_READ ? RIGHT_READ : 0;
    rights |= protection & PROT_WRITE ? RIGHT_WRITE : 0;
    rights |= protection & PROT_EXECUTE ? RIGHT_EXECUTE : 0;
    return rights;
}

/* What mmap is asked for, besides where. */
struct request {
    uint64_t address, size_bytes, flags;
    struct file *file; /* owned; null: anonymous */
    struct space_mapping mapping;
    struct area_source *own_source; /* owned: shared anonymous memory */
    bool is_writing_source;         /* the file's use as one is to be ended */
};

static bool is_fixed(const struct request *request) {
    return (request->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
}

/* Where it is to be, as far as that can be said without looking. */
static int64_t check_place(const struct request *request) {
    if (request->size_bytes > USER_END) {
        return STATUS_NO_MEMORY;
    }
    if (!is_fixed(request)) {
        return STATUS_OK;
    }
    if (request->address > USER_END - align_up(request->size_bytes, PAGE_SIZE)) {
        return STATUS_NO_MEMORY;
    }
    if (!is_aligned(request->address, PAGE_SIZE)) {
        return STATUS_INVALID;
    }
    return request->address < NULL_GUARD_END ? STATUS_NOT_PERMITTED : STATUS_OK;
}

/* What is not to be replaced is refused before the file is looked at, and so is locking. */
static int64_t check_flags(const struct request *request) {
    struct virt_range range;
    bool keeps_old = (request->flags & MAP_FIXED_NOREPLACE) != 0;
    if (keeps_old && user_pages(request->address, request->size_bytes, &range) &&
        user_range_is_used(range)) {
        return STATUS_EXISTS;
    }
    return (request->flags & MAP_LOCKED) && !may_lock_memory() ? STATUS_NOT_PERMITTED : STATUS_OK;
}

/* There are no large pages; Linux knows those of 2 MiB and 1 GiB. */
static int64_t check_large_pages(const struct request *request) {
    uint64_t shift = request->flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;
    bool is_size = shift == 0 || shift == 21 || shift == 30;
    return request->file || !is_size ? STATUS_INVALID : STATUS_NO_MEMORY;
}

static int64_t check_file_access(const struct request *request, uint64_t protection,
                                 bool is_shared) {
    const struct file *file = request->file;
    if (is_shared && (protection & PROT_WRITE) && !(file->access & ACCESS_OF_WRITING)) {
        return STATUS_ACCESS_DENIED;
    }
    return file->access & ACCESS_OF_READING ? STATUS_OK : STATUS_ACCESS_DENIED;
}

static int64_t describe_shared_anonymous(struct request *request) {
    uint64_t size_bytes = align_up(request->size_bytes, PAGE_SIZE);
    enum status status = request->mapping.is_unreserved
                             ? area_source_create_unreserved(size_bytes, &request->own_source)
                             : area_source_create_anonymous(size_bytes, &request->own_source);
    request->mapping.source = request->own_source;
    request->mapping.source_page = 0;
    request->mapping.is_shared = true;
    return status == STATUS_OUT_OF_RANGE ? STATUS_NO_MEMORY : status;
}

/* Shared memory may write to a file that is open for it and not sealed against it. */
static int64_t choose_shared_source(struct request *request, uint64_t protection) {
    enum status status = STATUS_NOT_PERMITTED;
    if (request->file->access & ACCESS_OF_WRITING) {
        status = file_source_begin_writing(request->file, &request->mapping.source);
        request->is_writing_source = status == STATUS_OK;
    }
    if (status == STATUS_NOT_PERMITTED) {
        request->mapping.source = nullptr;
        request->mapping.rights_max =
            RIGHT_READ | (request->mapping.rights_max == 0 ? RIGHT_EXECUTE : RIGHT_NONE);
        return protection & PROT_WRITE ? status : STATUS_OK;
    }
    return status;
}

static bool is_on_mount_without_execution(const struct file *file) {
    const struct mount *mount = file->place.mount;
    return mount != nullptr && (mount_flags(mount) & MOUNT_NO_EXECUTION);
}

/* What lies on a mount without execution is not executed as memory either, now or later. */
static int64_t limit_execution(struct request *request, uint64_t protection) {
    if (!is_on_mount_without_execution(request->file)) {
        return STATUS_OK;
    }
    request->mapping.rights_max = RIGHT_READ | RIGHT_WRITE;
    return protection & PROT_EXECUTE ? STATUS_NOT_PERMITTED : STATUS_OK;
}

/* Whether a file can have bytes there. */
static bool can_be_in_file(const struct request *request) {
    constexpr uint64_t page_end = (1ull << 63) >> PAGE_SHIFT;
    uint64_t page_count = align_up(request->size_bytes, PAGE_SIZE) >> PAGE_SHIFT;
    return page_count < page_end && request->mapping.source_page < page_end - page_count;
}

static int64_t describe_file(struct request *request, uint64_t protection) {
    uint64_t type = request->flags & MAP_TYPE;
    if (!can_be_in_file(request)) {
        return STATUS_OVERFLOW;
    }
    bool is_shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
    if (type == MAP_SHARED_VALIDATE && (request->flags & ~MAP_VALIDATED)) {
        return STATUS_NOT_SUPPORTED;
    }
    if (!is_shared && type != MAP_PRIVATE) {
        return STATUS_INVALID;
    }
    int64_t status = check_file_access(request, protection, is_shared);
    if (status == STATUS_OK) {
        status = limit_execution(request, protection);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (request->file->operations->is_mapped_as_zeroes) {
        return is_shared ? describe_shared_anonymous(request) : STATUS_OK;
    }
    request->mapping.is_shared = is_shared;
    status = is_shared ? choose_shared_source(request, protection) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    if (!request->mapping.source) {
        request->mapping.source = file_source(request->file);
    }
    if (!request->mapping.source) {
        return STATUS_NO_SUCH_DEVICE;
    }
    return request->flags & MAP_GROWSDOWN ? STATUS_INVALID : STATUS_OK;
}

static int64_t describe_anonymous(struct request *request) {
    switch (request->flags & MAP_TYPE) {
    case MAP_SHARED:
        return request->flags & MAP_GROWSDOWN ? (int64_t)STATUS_INVALID
                                              : describe_shared_anonymous(request);
    case MAP_PRIVATE:
        return STATUS_OK;
    default:
        return STATUS_INVALID;
    }
}

static int64_t describe(struct request *request, uint64_t protection, uint64_t page) {
    request->mapping = (struct space_mapping){
        .rights = rights_of(protection),
        .source_page = page,
        .grows_down = (request->flags & MAP_GROWSDOWN) != 0,
        .is_locked = (request->flags & MAP_LOCKED) != 0,
        .is_unreserved = (request->flags & MAP_NORESERVE) != 0,
        .replaces = (request->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == MAP_FIXED,
        .name = "mmap",
    };
    return request->file ? describe_file(request, protection) : describe_anonymous(request);
}

static int64_t map_at(struct locked_range *token, struct virt_range range,
                      const struct request *request) REQUIRES(token) {
    enum status status = space_map(token, range, &request->mapping);
    return status == STATUS_OK ? (int64_t)range.start.value : status;
}

static int64_t map_fixed(struct locked_range *token, const struct request *request)
    REQUIRES(token) {
    struct virt_range range;
    if (!user_pages(request->address, request->size_bytes, &range)) {
        return STATUS_NO_MEMORY;
    }
    return map_at(token, range, request);
}

/* At the address the program hinted at, if that is free; else where there is room. */
static int64_t map_anywhere(struct locked_range *token, const struct request *request)
    REQUIRES(token) {
    struct virt_range range;
    uint64_t hint = align_up(request->address, PAGE_SIZE);
    hint = request->address != 0 && hint < NULL_GUARD_END ? NULL_GUARD_END : hint;
    bool is_low = (request->flags & MAP_32BIT) != 0;
    if (hint != 0 && !is_low && user_pages(hint, request->size_bytes, &range)) {
        int64_t result = map_at(token, range, request);
        if (result != STATUS_EXISTS) {
            return result;
        }
    }
    const struct space_gap gap = {
        .page_count = align_up(request->size_bytes, PAGE_SIZE) >> PAGE_SHIFT,
        .alignment_bytes = PAGE_SIZE,
        .end = virt_addr(is_low ? LOW_END : 0),
    };
    if (space_find_gap(token, &gap, &range) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    return map_at(token, range, request);
}

/* Filling is a favour: what cannot be filled is met later. */
static void populate(struct locked_range *token, const struct request *request, uint64_t start)
    REQUIRES(token) {
    constexpr uint64_t both = MAP_POPULATE | MAP_NONBLOCK;
    struct virt_range range;
    if ((request->flags & both) != MAP_POPULATE ||
        !user_pages(start, request->size_bytes, &range)) {
        return;
    }
    bool is_written = (request->mapping.rights & RIGHT_WRITE) != 0;
    enum status status = space_populate(token, range, is_written ? ACCESS_WRITE : ACCESS_READ);
    (void)status;
}

static int64_t map(const struct request *request) {
    struct locked_range token;
    space_lock_for_writing(process_space(), space_user_range(), &token);
    int64_t result = is_fixed(request) ? map_fixed(&token, request) : map_anywhere(&token, request);
    if (result >= 0) {
        populate(&token, request, (uint64_t)result);
    }
    space_unlock(&token);
    return result;
}

/* To map a file is to read it. */
static int64_t map_and_note(struct request *request) {
    int64_t result = map(request);
    struct file *file = request->file;
    bool is_noted = file != nullptr && file->place.node != nullptr &&
                    file->place.node->kind == NODE_REGULAR &&
                    !(file_flags(file) & FILE_NO_ACCESS_TIME);
    if (result >= 0 && is_noted) {
        node_note_read(file->place.node);
    }
    return result;
}

/* In the order in which Linux looks at them. */
static int64_t check_and_map(struct request *request, uint64_t protection, uint64_t offset) {
    if (request->size_bytes == 0) {
        return STATUS_INVALID;
    }
    if (request->flags & MAP_HUGETLB) {
        return check_large_pages(request);
    }
    if (align_up(request->size_bytes, PAGE_SIZE) == 0) {
        return STATUS_NO_MEMORY;
    }
    int64_t status = check_place(request);
    if (status == STATUS_OK) {
        status = check_flags(request);
    }
    if (status == STATUS_OK) {
        status = describe(request, protection, offset >> PAGE_SHIFT);
    }
    return status == STATUS_OK ? map_and_note(request) : status;
}

int64_t call_mmap(const struct trap_frame *frame) {
    struct request request = {
        .address = frame->rdi,
        .size_bytes = frame->rsi,
        .flags = frame->r10,
    };
    if (!is_aligned(frame->r9, PAGE_SIZE)) {
        return STATUS_INVALID;
    }
    if (!(request.flags & MAP_ANONYMOUS)) {
        enum status status =
            descriptor_get(task_current()->files, (uint32_t)frame->r8, &request.file);
        if (status != STATUS_OK || request.file->access == 0) {
            file_unref(status == STATUS_OK ? request.file : nullptr);
            return STATUS_BAD_DESCRIPTOR;
        }
    }
    int64_t result = check_and_map(&request, frame->rdx, frame->r9);
    if (request.own_source) {
        area_source_unref(request.own_source);
    }
    if (request.is_writing_source) {
        file_source_end_writing(request.file);
    }
    file_unref(request.file);
    return result;
}

int64_t call_munmap(const struct trap_frame *frame) {
    struct virt_range range;
    if (!user_pages(frame->rdi, frame->rsi, &range) || !is_aligned(frame->rdi, PAGE_SIZE)) {
        return STATUS_INVALID;
    }
    struct locked_range token;
    space_lock_for_writing(process_space(), range, &token);
    enum status status = space_unmap(&token, range);
    space_unlock(&token);
    return status;
}

/* PROT_GROWSDOWN: from the start of the area that grows down. */
static int64_t extend_down(struct virt_range *range) {
    struct vm_area area;
    if (!space_find_area(process_space(), range->start, &area)) {
        return STATUS_NO_MEMORY;
    }
    if (!area.grows_down) {
        return STATUS_INVALID;
    }
    uint64_t more = (range->start.value - area.range.start.value) >> PAGE_SHIFT;
    *range = virt_range(area.range.start, range->page_count + more);
    return STATUS_OK;
}

/* man 2 pkey_mprotect; there are no keys, so -1, for none, is the only one. */
static int64_t protect(const struct trap_frame *frame, int32_t key) {
    uint64_t protection = frame->rdx & ~(PROT_GROWS_DOWN | PROT_GROWS_UP);
    uint64_t grows = frame->rdx & (PROT_GROWS_DOWN | PROT_GROWS_UP);
    struct virt_range range;
    bool is_cut;
    if (grows == (PROT_GROWS_DOWN | PROT_GROWS_UP) || !is_aligned(frame->rdi, PAGE_SIZE)) {
        return STATUS_INVALID;
    }
    enum user_range_kind kind = user_range(frame->rdi, frame->rsi, &range, &is_cut);
    if (kind == RANGE_EMPTY) {
        return 0;
    }
    if (kind == RANGE_WRAPS && !is_cut) {
        return STATUS_NO_MEMORY;
    }
    if ((protection & ~PROT_ALL) || key != -1) {
        return STATUS_INVALID;
    }
    if (kind == RANGE_WRAPS) {
        return STATUS_NO_MEMORY;
    }
    int64_t status = grows & PROT_GROWS_DOWN ? extend_down(&range) : STATUS_OK;
    if (status != STATUS_OK || (grows & PROT_GROWS_UP)) {
        return status != STATUS_OK ? status : STATUS_INVALID;
    }
    struct locked_range token;
    space_lock_for_writing(process_space(), range, &token);
    status = space_protect(&token, range, rights_of(protection));
    space_unlock(&token);
    return status == STATUS_OK && is_cut ? STATUS_NO_MEMORY : status;
}

int64_t call_mprotect(const struct trap_frame *frame) {
    return protect(frame, -1);
}

int64_t call_pkey_mprotect(const struct trap_frame *frame) {
    return protect(frame, (int32_t)frame->r10);
}

constexpr uint64_t MREMAP_MAYMOVE = 1;
constexpr uint64_t MREMAP_FIXED = 2;
constexpr uint64_t MREMAP_DONTUNMAP = 4;

static int64_t check_remap(const struct trap_frame *frame) {
    uint64_t flags = frame->r10;
    uint64_t old_bytes = align_up(frame->rsi, PAGE_SIZE);
    uint64_t new_bytes = align_up(frame->rdx, PAGE_SIZE);
    bool may_move = (flags & MREMAP_MAYMOVE) != 0;
    if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) ||
        ((flags & MREMAP_FIXED) && !may_move) ||
        ((flags & MREMAP_DONTUNMAP) && (!may_move || old_bytes != new_bytes)) ||
        !is_aligned(frame->rdi, PAGE_SIZE) || new_bytes == 0) {
        return STATUS_INVALID;
    }
    bool is_new_fixed = (flags & MREMAP_FIXED) != 0;
    if (new_bytes > USER_END ||
        (is_new_fixed && (!is_aligned(frame->r8, PAGE_SIZE) || frame->r8 > USER_END - new_bytes))) {
        return STATUS_INVALID;
    }
    if (frame->rdi >= USER_END) {
        return STATUS_FAULT;
    }
    if (old_bytes > USER_END - frame->rdi) {
        bool is_mapped = frame->rdi >= NULL_GUARD_END &&
                         user_range_is_used(virt_range(virt_addr(frame->rdi), 1));
        return is_mapped && new_bytes < old_bytes ? STATUS_INVALID : STATUS_FAULT;
    }
    return is_new_fixed && frame->r8 < NULL_GUARD_END ? STATUS_NOT_PERMITTED : STATUS_OK;
}

int64_t call_mremap(const struct trap_frame *frame) {
    int64_t status = check_remap(frame);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t flags = frame->r10;
    const struct space_remap remap = {
        .old = {virt_addr(frame->rdi), align_up(frame->rsi, PAGE_SIZE) >> PAGE_SHIFT},
        .new_page_count = align_up(frame->rdx, PAGE_SIZE) >> PAGE_SHIFT,
        .may_move = (flags & MREMAP_MAYMOVE) != 0,
        .is_fixed = (flags & MREMAP_FIXED) != 0,
        .keeps_old = (flags & MREMAP_DONTUNMAP) != 0,
        .new_start = virt_addr(frame->r8),
    };
    struct locked_range token;
    virt_addr_t start;
    space_lock_for_writing(process_space(), space_user_range(), &token);
    status = space_remap(&token, &remap, &start);
    space_unlock(&token);
    return status == STATUS_OK ? (int64_t)start.value : status;
}
