#include "kernel/process/memory.h"

#include "kernel/files/file/file.h"
#include "kernel/process/executable.h"
#include "kernel/process/process.h"
#include "kernel/thread/thread.h"
#include "lib/check.h"
#include "mm/heap/heap.h"

static struct spinlock left_lock;
static struct list_node left = {&left, &left}; /* that nobody has; guarded by left_lock */
static uint32_t has_left;                      /* a word to sleep on */

enum status process_memory_create(const char *name, struct process_memory **memory) {
    struct process_memory *made = heap_alloc(sizeof(*made));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->reference_count = made->holder_count = 1;
    enum status status = space_create(name, &made->space);
    if (status != STATUS_OK) {
        heap_free(made);
        return status;
    }
    *memory = made;
    return STATUS_OK;
}

uint32_t process_memory_denials_after(const struct process_memory *memory) {
    uint32_t denials = memory ? __atomic_load_n(&memory->denials, __ATOMIC_RELAXED) : 0;
    return denials & DENY_WITHOUT_CHILDREN ? 0 : denials;
}

/* The parent's places are read once its memory is copied; its own threads alone change them. */
enum status process_memory_fork(struct process_memory *parent, const char *name,
                                struct process_memory **child) {
    struct process_memory *made = heap_alloc(sizeof(*made));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    struct address_space *space;
    enum status status = space_fork(parent->space, name, &space);
    if (status != STATUS_OK) {
        heap_free(made);
        return status;
    }
    *made = *parent;
    made->reference_count = made->holder_count = 1;
    made->space = space;
    made->denials = process_memory_denials_after(parent);
    executable_ref(made->executable);
    *child = made;
    return STATUS_OK;
}

void process_memory_ref(struct process_memory *memory) {
    __atomic_add_fetch(&memory->reference_count, 1, __ATOMIC_RELAXED);
}

static void destroy(struct process_memory *memory) {
    enum status status = space_destroy(memory->space);
    CHECK(status == STATUS_OK); /* who had it has left it */
    executable_unref(memory->executable);
    file_close_left();
    process_memory_let_go(memory);
}

void process_memory_hold(struct process_memory *memory) {
    __atomic_add_fetch(&memory->holder_count, 1, __ATOMIC_RELAXED);
}

void process_memory_let_go(struct process_memory *memory) {
    if (__atomic_sub_fetch(&memory->holder_count, 1, __ATOMIC_ACQ_REL) == 0) {
        heap_free(memory);
    }
}

bool process_memory_try_ref(struct process_memory *memory) {
    uint32_t count = __atomic_load_n(&memory->reference_count, __ATOMIC_RELAXED);
    bool has_one = false;
    while (count > 0 && !has_one) {
        has_one = __atomic_compare_exchange_n(&memory->reference_count, &count, count + 1, true,
                                              __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    }
    return has_one;
}

static bool is_last_reference(struct process_memory *memory) {
    return __atomic_sub_fetch(&memory->reference_count, 1, __ATOMIC_ACQ_REL) == 0;
}

void process_memory_unref(struct process_memory *memory) {
    if (is_last_reference(memory)) {
        destroy(memory);
    }
}

static void lock_left(void) ACQUIRES(left_lock) {
    thread_preempt_disable();
    spinlock_acquire(&left_lock);
}

static void unlock_left(void) RELEASES(left_lock) {
    spinlock_release(&left_lock);
    thread_preempt_enable();
}

void process_memory_unref_later(struct process_memory *memory) {
    if (!is_last_reference(memory)) {
        return;
    }
    lock_left();
    list_push_back(&left, &memory->left_link);
    unlock_left();
    __atomic_store_n(&has_left, 1, __ATOMIC_RELEASE);
    thread_wake_one(&has_left);
}

static struct process_memory *take_left(void) {
    lock_left();
    struct list_node *first = left.next;
    bool is_one = first != &left;
    if (is_one) {
        list_remove(first);
    }
    unlock_left();
    return is_one ? LIST_ENTRY(first, struct process_memory, left_link) : nullptr;
}

static void destroy_left(void *unused) {
    (void)unused;
    for (;;) {
        thread_sleep_while(&has_left, 0);
        __atomic_store_n(&has_left, 0, __ATOMIC_RELEASE);
        for (struct process_memory *memory; (memory = take_left());) {
            destroy(memory);
        }
    }
}

enum status process_memory_begin(void) {
    struct thread *thread;
    enum status status = thread_create_kernel("memory", destroy_left, nullptr, &thread);
    if (status == STATUS_OK) {
        thread_start(thread);
    }
    return status;
}

enum status process_memory_poke(struct process_memory *memory, virt_addr_t va, const void *bytes,
                                size_t size_bytes, size_t *done_bytes) {
    enum status status = space_write(memory->space, va, bytes, size_bytes, done_bytes);
    if (status != STATUS_FAULT) {
        return status;
    }
    size_t forced_bytes = 0;
    status = space_write_initial(memory->space, virt_add(va, *done_bytes),
                                 (const char *)bytes + *done_bytes, size_bytes - *done_bytes,
                                 &forced_bytes);
    *done_bytes += forced_bytes;
    return status;
}
