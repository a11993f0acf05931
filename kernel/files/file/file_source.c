#include "kernel/files/file/file_source.h"

static struct file *file_of(const struct area_source *source) {
    return LIST_ENTRY(source, struct file, source);
}

static struct file *file_of_writing(const struct area_source *source) {
    return LIST_ENTRY(source, struct file, writing_source);
}

static void ref(struct area_source *source) {
    file_ref(file_of(source));
}

static void unref(struct area_source *source) {
    file_leave(file_of(source));
}

static void ref_writing(struct area_source *source) {
    struct file *file = file_of_writing(source);
    __atomic_add_fetch(&file->place.node->writing_map_count, 1, __ATOMIC_RELAXED);
    file_ref(file);
}

static void unref_writing(struct area_source *source) {
    struct file *file = file_of_writing(source);
    file_source_end_writing(file);
    file_leave(file);
}

/* The node's lock may be held: what is written to a file may lie in memory that shows it. */
static void note_store(struct area_source *source) {
    node_note_store(file_of_writing(source)->place.node);
}

static const struct area_source_operations reading = {.ref = ref, .unref = unref};
static const struct area_source_operations writing = {
    .ref = ref_writing,
    .unref = unref_writing,
    .note_store = note_store,
};

/* Whoever comes first writes what all others write too. */
static bool prepare(struct file *file, struct area_source *source,
                    const struct area_source_operations *operations) {
    struct node *node = file->place.node;
    if (!node || node->kind != NODE_REGULAR || !node->operations->memory) {
        return false;
    }
    struct memory_object *object = node->operations->memory(node);
    __atomic_store_n(&source->object, object, __ATOMIC_RELAXED);
    __atomic_store_n(&source->operations, operations, __ATOMIC_RELEASE);
    return object != nullptr;
}

struct area_source *file_source(struct file *file) {
    return prepare(file, &file->source, &reading) ? &file->source : nullptr;
}

enum status file_source_begin_writing(struct file *file, struct area_source **source) {
    if (!prepare(file, &file->writing_source, &writing)) {
        return STATUS_NO_SUCH_DEVICE;
    }
    struct node *node = file->place.node;
    sleep_lock_acquire(&node->lock);
    bool is_sealed = (node->seals & (SEAL_WRITING | SEAL_FUTURE_WRITING)) != 0;
    if (!is_sealed) {
        __atomic_add_fetch(&node->writing_map_count, 1, __ATOMIC_RELAXED);
    }
    sleep_lock_release(&node->lock);
    *source = &file->writing_source;
    return is_sealed ? STATUS_NOT_PERMITTED : STATUS_OK;
}

void file_source_end_writing(struct file *file) {
    __atomic_sub_fetch(&file->place.node->writing_map_count, 1, __ATOMIC_RELAXED);
}

struct file *file_of_source(const struct area_source *source) {
    if (source == nullptr) {
        return nullptr;
    }
    if (source->operations == &writing) {
        return file_of_writing(source);
    }
    return source->operations == &reading ? file_of(source) : nullptr;
}
