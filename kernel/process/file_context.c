#include "kernel/process/file_context.h"

#include "mm/heap/heap.h"

constexpr uint32_t UMASK_DEFAULT = 022;

enum status file_context_create(const struct location *place, struct file_context **context) {
    struct file_context *made = heap_alloc(sizeof(*made));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->reference_count = 1;
    made->umask = UMASK_DEFAULT;
    made->root = *place;
    made->current = *place;
    location_ref(&made->root);
    location_ref(&made->current);
    *context = made;
    return STATUS_OK;
}

enum status file_context_clone(struct file_context *context, struct file_context **copy) {
    struct file_context *made = heap_alloc(sizeof(*made));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->reference_count = 1;
    made->umask = __atomic_load_n(&context->umask, __ATOMIC_RELAXED);
    made->root = file_context_root(context);
    made->current = file_context_current(context);
    *copy = made;
    return STATUS_OK;
}

void file_context_ref(struct file_context *context) {
    __atomic_add_fetch(&context->reference_count, 1, __ATOMIC_RELAXED);
}

void file_context_unref(struct file_context *context) {
    if (context == nullptr ||
        __atomic_sub_fetch(&context->reference_count, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    location_unref(&context->root);
    location_unref(&context->current);
    heap_free(context);
}

static struct location get(struct file_context *context, const struct location *place) {
    sleep_lock_acquire(&context->lock);
    struct location copy = *place;
    location_ref(&copy);
    sleep_lock_release(&context->lock);
    return copy;
}

static void set(struct file_context *context, struct location *place, const struct location *next) {
    sleep_lock_acquire(&context->lock);
    struct location before = *place;
    *place = *next;
    sleep_lock_release(&context->lock);
    location_unref(&before);
}

struct location file_context_root(struct file_context *context) {
    return get(context, &context->root);
}

struct location file_context_current(struct file_context *context) {
    return get(context, &context->current);
}

void file_context_set_root(struct file_context *context, const struct location *root) {
    set(context, &context->root, root);
}

void file_context_set_current(struct file_context *context, const struct location *current) {
    set(context, &context->current, current);
}
