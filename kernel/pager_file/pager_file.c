#include "kernel/pager_file/pager_file.h"

#include "kernel/files/file/open.h"
#include "kernel/pager_file/control.h"
#include "kernel/thread/thread.h"
#include "mm/heap/heap.h"

uint32_t pager_file_trusts_everybody;

/* struct uffd_msg of man 2 userfaultfd. */
struct page_message {
    uint8_t event;
    uint8_t reserved[7];
    uint64_t flags;
    uint64_t address;
    uint32_t thread;
    uint32_t padding;
};

static_assert(sizeof(struct page_message) == 32);

constexpr uint8_t EVENT_PAGE_FAULT = 0x12;
constexpr uint64_t FAULT_OF_WRITE = 1;
constexpr uint64_t FAULT_IS_MINOR = 4;

static struct pager_state *state_of(const struct file *file) {
    return file->state;
}

static struct pager_state *state_of_pager(struct area_pager *pager) {
    return (struct pager_state *)pager;
}

/* Pre-emption is off while the lock is held (docs/locking.md). */
static void lock_state(struct pager_state *state) ACQUIRES(state->lock) {
    thread_preempt_disable();
    spinlock_acquire(&state->lock);
}

static void unlock_state(struct pager_state *state) RELEASES(state->lock) {
    spinlock_release(&state->lock);
    thread_preempt_enable();
}

static void ref_pager(struct area_pager *pager) {
    __atomic_add_fetch(&state_of_pager(pager)->reference_count, 1, __ATOMIC_RELAXED);
}

static void unref_pager(struct area_pager *pager) {
    struct pager_state *state = state_of_pager(pager);
    if (__atomic_sub_fetch(&state->reference_count, 1, __ATOMIC_ACQ_REL) == 0) {
        process_memory_let_go(state->memory);
        heap_free(state);
    }
}

static enum status ask(struct page_request *request) {
    struct pager_state *state = state_of_pager(request->pager);
    const struct task *task = task_current();
    bool is_refused = state->serves_programs_only && !request->is_programs;
    if (is_refused || pager_has(state, FEATURE_SIGBUS)) {
        return STATUS_BUS;
    }
    request->sleeper = nullptr;
    request->is_answered = false;
    request->asker = task != nullptr ? task->number : 0;
    lock_state(state);
    list_push_back(&state->unread, &request->link);
    unlock_state(state);
    wait_queue_wake_for(&state->changed, READY_TO_READ);
    return STATUS_OK;
}

static bool is_answered(const struct page_request *request) {
    return __atomic_load_n(&request->is_answered, __ATOMIC_ACQUIRE);
}

static enum status sleep_until_answered(struct page_request *request, struct sleeper *sleeper) {
    enum status status = STATUS_OK;
    while (!is_answered(request) && status == STATUS_OK) {
        status = sleeper_sleep(sleeper);
        sleeper_prepare(sleeper);
    }
    return status;
}

/* What the kernel needs for a call is waited for until the process ends. */
static enum status sleep_deeply(struct page_request *request, struct sleeper *sleeper) {
    struct task *task = task_current();
    task_sleep_deeply(task);
    enum status status = sleep_until_answered(request, sleeper);
    task_sleep_lightly(task);
    return status;
}

static enum status await(struct page_request *request) {
    struct pager_state *state = state_of_pager(request->pager);
    struct sleeper sleeper;
    sleeper_prepare(&sleeper);
    lock_state(state);
    request->sleeper = &sleeper;
    unlock_state(state);
    enum status status = request->is_programs || task_current() == nullptr
                             ? sleep_until_answered(request, &sleeper)
                             : sleep_deeply(request, &sleeper);
    lock_state(state); /* so that who answers is done with the request */
    if (!is_answered(request)) {
        list_remove(&request->link);
    }
    unlock_state(state);
    return is_answered(request) ? STATUS_OK : status;
}

static void answer_in(struct list_node *requests, struct virt_range range) {
    struct list_node *at = requests->next;
    while (at != requests) {
        struct page_request *request = LIST_ENTRY(at, struct page_request, link);
        at = at->next;
        if (!virt_range_contains(range, request->va)) {
            continue;
        }
        list_remove(&request->link);
        __atomic_store_n(&request->is_answered, true, __ATOMIC_RELEASE);
        if (request->sleeper != nullptr) {
            sleeper_wake(request->sleeper);
        }
    }
}

void pager_answer(struct pager_state *state, struct virt_range range) {
    lock_state(state);
    answer_in(&state->unread, range);
    answer_in(&state->read, range);
    unlock_state(state);
}

static struct page_message message_of(const struct pager_state *state,
                                      const struct page_request *request) {
    uint64_t va = request->va.value;
    uint64_t of_write = request->is_write ? FAULT_OF_WRITE : 0;
    return (struct page_message){
        .event = EVENT_PAGE_FAULT,
        .flags = of_write | (request->is_minor ? FAULT_IS_MINOR : 0),
        .address = pager_has(state, FEATURE_EXACT_ADDRESS) ? va : align_down(va, PAGE_SIZE),
        .thread = pager_has(state, FEATURE_THREAD_ID) ? request->asker : 0,
    };
}

/* The first request that nobody has read; false where there is none. */
static bool take_message(struct pager_state *state, struct page_message *message) {
    lock_state(state);
    struct list_node *first = list_pop_front(&state->unread);
    if (first != nullptr) {
        list_push_back(&state->read, first);
        *message = message_of(state, LIST_ENTRY(first, struct page_request, link));
    }
    unlock_state(state);
    return first != nullptr;
}

static enum status wait_for_message(struct pager_state *state, bool may_wait,
                                    struct page_message *message) {
    struct sleeper sleeper = {};
    struct waiter waiter = {.sleeper = &sleeper};
    enum status status = STATUS_OK;
    wait_queue_add(&state->changed, &waiter);
    sleeper_prepare(&sleeper);
    while (status == STATUS_OK && !take_message(state, message)) {
        status = may_wait ? sleeper_sleep(&sleeper) : STATUS_TRY_AGAIN;
        sleeper_prepare(&sleeper);
    }
    waiter_remove(&waiter);
    return status;
}

/* Only the first one is waited for. */
static enum status read_messages(struct file *file, uint64_t *position, struct transfer *transfer) {
    struct pager_state *state = state_of(file);
    enum status status = STATUS_INVALID;
    (void)position;
    while (pager_has(state, IS_READY) && transfer->left_bytes >= sizeof(struct page_message)) {
        struct page_message message;
        bool may_wait = transfer->done_bytes == 0 && file_may_wait(file);
        status = wait_for_message(state, may_wait, &message);
        if (status != STATUS_OK) {
            break;
        }
        (void)transfer_put(transfer, &message, sizeof(message));
    }
    return transfer_result(transfer, status);
}

/* A request may be answered before it is read, so nobody who could wait is told to read. */
static uint32_t poll_pager(struct file *file, struct waiter *waiter) {
    struct pager_state *state = state_of(file);
    if (waiter != nullptr) {
        wait_queue_add(&state->changed, waiter);
    }
    if (!pager_has(state, IS_READY) || file_may_wait(file)) {
        return READY_ERROR;
    }
    lock_state(state);
    bool is_asked = !list_is_empty(&state->unread);
    unlock_state(state);
    return is_asked ? READY_TO_READ : 0;
}

/* The areas are taken from it first, so that nobody asks any more. */
static void release_pager(struct file *file) {
    struct pager_state *state = state_of(file);
    if (process_memory_try_ref(state->memory)) {
        struct locked_range token;
        space_lock_for_writing(state->memory->space, space_user_range(), &token);
        space_drop_pager(&token, &state->pager);
        space_unlock(&token);
        process_memory_unref_later(state->memory);
    }
    pager_answer(state, space_user_range());
    unref_pager(&state->pager);
}

static const struct area_pager_operations pager_operations = {
    .ref = ref_pager,
    .unref = unref_pager,
    .ask = ask,
    .await = await,
};

static const struct file_operations file_operations = {
    .read = read_messages,
    .poll = poll_pager,
    .control = pager_control,
    .release = release_pager,
    .ignores_seeking = true,
    .name = "anon_inode:[userfaultfd]",
};

enum status pager_file_open(bool serves_programs_only, uint32_t flags, struct file **file) {
    struct pager_state *state = heap_alloc(sizeof(*state));
    if (state == nullptr) {
        return STATUS_NO_MEMORY;
    }
    area_pager_init(&state->pager, &pager_operations);
    state->reference_count = 1;
    state->serves_programs_only = serves_programs_only;
    state->memory = process_current()->memory;
    wait_queue_init(&state->changed);
    list_init(&state->unread);
    list_init(&state->read);
    enum status status = file_open_special_to_read(&file_operations, state, flags, file);
    if (status != STATUS_OK) {
        heap_free(state);
        return status;
    }
    process_memory_hold(state->memory);
    return STATUS_OK;
}
