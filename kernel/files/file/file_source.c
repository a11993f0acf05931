#include "kernel/files/file/file_source.h"

static struct file *file_of(const struct area_source *source) {
    return LIST_ENTRY(source, struct file, source);
}

static void ref(struct area_source *source) {
    file_ref(file_of(source));
}

static void unref(struct area_source *source) {
    file_unref(file_of(source));
}

static const struct area_source_operations operations = {.ref = ref, .unref = unref};

struct area_source *file_source(struct file *file) {
    struct node *node = file->place.node;
    if (!node || node->kind != NODE_REGULAR || !node->operations->memory) {
        return nullptr;
    }
    struct memory_object *object = node->operations->memory(node);
    if (!object) {
        return nullptr;
    }
    /* Whoever comes first writes what all others write too. */
    __atomic_store_n(&file->source.object, object, __ATOMIC_RELAXED);
    __atomic_store_n(&file->source.operations, &operations, __ATOMIC_RELEASE);
    return &file->source;
}

struct file *file_of_source(const struct area_source *source) {
    bool is_file = source != nullptr && source->operations == &operations;
    return is_file ? file_of(source) : nullptr;
}
