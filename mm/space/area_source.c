#include "lib/check.h"
#include "mm/heap/heap.h"
#include "mm/object/memory_object.h"
#include "mm/space/anonymous_source.h"
#include "mm/space/area.h"
#include "mm/space/commit.h"

void area_source_ref(struct area_source *source) {
    source->operations->ref(source);
}

void area_source_unref(struct area_source *source) {
    source->operations->unref(source);
}

/* What processes share without a file. */
struct anonymous_source {
    struct area_source source;
    uint32_t reference_count; /* atomic */
    uint64_t promised_pages;  /* fixed */
};

static struct anonymous_source *anonymous_of(struct area_source *source) {
    return LIST_ENTRY(source, struct anonymous_source, source);
}

static void ref_anonymous(struct area_source *source) {
    __atomic_fetch_add(&anonymous_of(source)->reference_count, 1, __ATOMIC_RELAXED);
}

static void unref_anonymous(struct area_source *source) {
    struct anonymous_source *anonymous = anonymous_of(source);
    uint32_t before = __atomic_fetch_sub(&anonymous->reference_count, 1, __ATOMIC_ACQ_REL);
    CHECK(before > 0);
    if (before == 1) {
        commit_pages(-(int64_t)anonymous->promised_pages);
        memory_object_unref(source->object);
        heap_free(anonymous);
    }
}

static const struct area_source_operations anonymous_operations = {
    .ref = ref_anonymous,
    .unref = unref_anonymous,
};

bool area_source_is_anonymous(const struct area_source *source) {
    return source->operations == &anonymous_operations;
}

static enum status create(uint64_t size_bytes, uint64_t promised_pages,
                          struct area_source **source) {
    struct anonymous_source *made = heap_alloc(sizeof *made);
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = memory_object_create(size_bytes, &made->source.object);
    if (status != STATUS_OK) {
        heap_free(made);
        return status;
    }
    made->source.operations = &anonymous_operations;
    made->reference_count = 1;
    made->promised_pages = promised_pages;
    commit_pages((int64_t)promised_pages);
    *source = &made->source;
    return STATUS_OK;
}

enum status area_source_create_anonymous(uint64_t size_bytes, struct area_source **source) {
    if (size_bytes > OBJECT_SIZE_MAX) {
        return STATUS_OUT_OF_RANGE;
    }
    const struct commit_request request = {
        .page_count = align_up(size_bytes, PAGE_SIZE) >> PAGE_SHIFT,
    };
    return commit_is_possible(&request) ? create(size_bytes, request.page_count, source)
                                        : STATUS_NO_MEMORY;
}

enum status area_source_create_unreserved(uint64_t size_bytes, struct area_source **source) {
    return create(size_bytes, 0, source);
}
