#include "kernel/files/file/descriptor_table.h"

#include "kernel/files/file/bitmap.h"
#include "kernel/files/locks/locks.h"
#include "lib/check.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"
#include "mm/lock/sleep_lock.h"

constexpr uint32_t FIRST_SIZE = 64;

/* What grows with the numbers. */
struct slots {
    uint32_t size;       /* a power of two, of numbers */
    struct file **files; /* null: free, or reserved */
    struct bitmap taken;
    struct bitmap marked; /* closes on exec */
};

struct descriptor_table {
    uint32_t reference_count; /* atomic */
    struct sleep_lock lock;
    struct slots slots; /* guarded by lock */
};

static enum status bitmap_create(struct bitmap *bitmap, uint32_t size) {
    uint32_t word_count = size / 64;
    bitmap->word_count = word_count;
    bitmap->words = heap_alloc(word_count * sizeof(uint64_t));
    bitmap->full_words = heap_alloc((word_count + 63) / 64 * sizeof(uint64_t));
    bool is_whole = bitmap->words != nullptr && bitmap->full_words != nullptr;
    return is_whole ? STATUS_OK : STATUS_NO_MEMORY;
}

static void bitmap_destroy(struct bitmap *bitmap) {
    heap_free(bitmap->words);
    heap_free(bitmap->full_words);
}

static void slots_destroy(struct slots *slots) {
    heap_free((void *)slots->files);
    bitmap_destroy(&slots->taken);
    bitmap_destroy(&slots->marked);
}

static enum status slots_create(struct slots *slots, uint32_t size) {
    *slots = (struct slots){.size = size};
    slots->files = (struct file **)heap_alloc(size * sizeof(struct file *));
    enum status status = slots->files == nullptr ? STATUS_NO_MEMORY : STATUS_OK;
    if (status == STATUS_OK) {
        status = bitmap_create(&slots->taken, size);
    }
    if (status == STATUS_OK) {
        status = bitmap_create(&slots->marked, size);
    }
    if (status != STATUS_OK) {
        slots_destroy(slots);
    }
    return status;
}

static void put(struct slots *slots, uint32_t number, struct file *file, bool closes_on_exec) {
    slots->files[number] = file;
    bitmap_add(&slots->taken, number);
    if (closes_on_exec) {
        bitmap_add(&slots->marked, number);
    } else {
        bitmap_drop(&slots->marked, number);
    }
}

/* Frees a number; returns what it stood for. */
static struct file *take(struct slots *slots, uint32_t number) {
    struct file *file = slots->files[number];
    slots->files[number] = nullptr;
    bitmap_drop(&slots->taken, number); /* its mark means nothing until put says anew */
    return file;
}

/* Numbers of `from`, with what they stand for; those that are only reserved too. */
static void copy_slots(const struct slots *from, struct slots *to) {
    for (uint32_t number = bitmap_find_used(&from->taken, 0); number < from->size;
         number = bitmap_find_used(&from->taken, number + 1)) {
        put(to, number, from->files[number], bitmap_has(&from->marked, number));
    }
}

/* Room for the number, which is below DESCRIPTOR_LIMIT_MAX. */
static enum status grow_to_hold(struct slots *slots, uint32_t number) {
    uint32_t size = slots->size;
    while (size <= number) {
        size *= 2;
    }
    if (size == slots->size) {
        return STATUS_OK;
    }
    struct slots larger;
    enum status status = slots_create(&larger, size);
    if (status != STATUS_OK) {
        return status;
    }
    copy_slots(slots, &larger);
    slots_destroy(slots);
    *slots = larger;
    return STATUS_OK;
}

static struct file *file_at(const struct slots *slots, uint32_t number) {
    return number < slots->size ? slots->files[number] : nullptr;
}

enum status descriptor_table_create(struct descriptor_table **table) {
    struct descriptor_table *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = slots_create(&made->slots, FIRST_SIZE);
    if (status != STATUS_OK) {
        heap_free(made);
        return status;
    }
    made->reference_count = 1;
    *table = made;
    return STATUS_OK;
}

void descriptor_table_ref(struct descriptor_table *table) {
    uint32_t before = __atomic_fetch_add(&table->reference_count, 1, __ATOMIC_RELAXED);
    CHECK(before > 0 && before < UINT32_MAX);
}

void descriptor_table_unref(struct descriptor_table *table) {
    uint32_t before = __atomic_fetch_sub(&table->reference_count, 1, __ATOMIC_ACQ_REL);
    CHECK(before > 0);
    if (before == 1) {
        descriptor_close_range(table, 0, UINT32_MAX);
        slots_destroy(&table->slots);
        heap_free(table);
    }
}

bool descriptor_table_has_others(const struct descriptor_table *table) {
    return __atomic_load_n(&table->reference_count, __ATOMIC_ACQUIRE) > 1;
}

static void copy_filled(const struct slots *from, struct slots *to) {
    copy_slots(from, to);
    for (uint32_t number = bitmap_find_used(&to->taken, 0); number < to->size;
         number = bitmap_find_used(&to->taken, number + 1)) {
        if (to->files[number] == nullptr) {
            (void)take(to, number);
        } else {
            file_ref(to->files[number]);
        }
    }
}

enum status descriptor_table_clone(struct descriptor_table *table, struct descriptor_table **copy) {
    struct descriptor_table *made;
    enum status status = descriptor_table_create(&made);
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&table->lock);
    status = grow_to_hold(&made->slots, table->slots.size - 1);
    if (status == STATUS_OK) {
        copy_filled(&table->slots, &made->slots);
    }
    sleep_lock_release(&table->lock);
    if (status != STATUS_OK) {
        descriptor_table_unref(made);
        return status;
    }
    *copy = made;
    return STATUS_OK;
}

static enum status reserve_held(struct slots *slots, uint32_t lowest, uint32_t limit,
                                bool closes_on_exec, uint32_t *number) {
    uint32_t found = bitmap_find_free(&slots->taken, lowest);
    found = found < lowest ? lowest : found; /* the table may end below */
    if (found >= limit || found >= DESCRIPTOR_LIMIT_MAX) {
        return STATUS_TOO_MANY_FILES;
    }
    enum status status = grow_to_hold(slots, found);
    if (status == STATUS_OK) {
        put(slots, found, nullptr, closes_on_exec);
        *number = found;
    }
    return status;
}

enum status descriptor_reserve(struct descriptor_table *table, uint32_t lowest, uint32_t limit,
                               bool closes_on_exec, uint32_t *number) {
    if (lowest >= limit && lowest > 0) {
        return STATUS_INVALID;
    }
    sleep_lock_acquire(&table->lock);
    enum status status = reserve_held(&table->slots, lowest, limit, closes_on_exec, number);
    sleep_lock_release(&table->lock);
    return status;
}

void descriptor_fill(struct descriptor_table *table, uint32_t number, struct file *file) {
    sleep_lock_acquire(&table->lock);
    CHECK(bitmap_has(&table->slots.taken, number) && table->slots.files[number] == nullptr);
    table->slots.files[number] = file;
    sleep_lock_release(&table->lock);
}

void descriptor_cancel(struct descriptor_table *table, uint32_t number) {
    sleep_lock_acquire(&table->lock);
    struct file *file = take(&table->slots, number);
    sleep_lock_release(&table->lock);
    CHECK(file == nullptr);
}

enum status descriptor_get(struct descriptor_table *table, uint32_t number, struct file **file) {
    sleep_lock_acquire(&table->lock);
    struct file *found = file_at(&table->slots, number);
    if (found != nullptr) {
        file_ref(found);
    }
    sleep_lock_release(&table->lock);
    *file = found;
    return found == nullptr ? STATUS_BAD_DESCRIPTOR : STATUS_OK;
}

bool descriptor_next(struct descriptor_table *table, uint32_t from, uint32_t *number) {
    sleep_lock_acquire(&table->lock);
    const struct slots *slots = &table->slots;
    uint32_t at = from < slots->size ? bitmap_find_used(&slots->taken, from) : slots->size;
    while (at < slots->size && slots->files[at] == nullptr) {
        at = bitmap_find_used(&slots->taken, at + 1);
    }
    *number = at;
    bool is_found = at < slots->size;
    sleep_lock_release(&table->lock);
    return is_found;
}

uint32_t descriptor_table_size(struct descriptor_table *table) {
    sleep_lock_acquire(&table->lock);
    uint32_t size = table->slots.size;
    sleep_lock_release(&table->lock);
    return size;
}

/* man 2 fcntl: with any descriptor of a file that is closed, the locks of its process go; and with
 * them what else a kind of file has for who uses it. */
static void leave_file(struct descriptor_table *table, struct file *file) {
    if (file != nullptr) {
        locks_drop(file_lock_key(file), table);
        if (file->operations->closed != nullptr) {
            file->operations->closed(file);
        }
        file_unref(file);
    }
}

enum status descriptor_close(struct descriptor_table *table, uint32_t number) {
    sleep_lock_acquire(&table->lock);
    struct file *file = file_at(&table->slots, number);
    if (file != nullptr) {
        (void)take(&table->slots, number);
    }
    sleep_lock_release(&table->lock);
    leave_file(table, file);
    return file == nullptr ? STATUS_BAD_DESCRIPTOR : STATUS_OK;
}

static enum status copy_held(struct slots *slots, uint32_t from, uint32_t to, bool closes_on_exec,
                             struct file **replaced) {
    struct file *file = file_at(slots, from);
    if (file == nullptr) {
        return STATUS_BAD_DESCRIPTOR;
    }
    enum status status = grow_to_hold(slots, to);
    if (status != STATUS_OK) {
        return status;
    }
    if (bitmap_has(&slots->taken, to) && slots->files[to] == nullptr) {
        return STATUS_BUSY;
    }
    *replaced = slots->files[to];
    file_ref(file);
    put(slots, to, file, closes_on_exec);
    return STATUS_OK;
}

enum status descriptor_copy_to(struct descriptor_table *table, uint32_t from, uint32_t to,
                               uint32_t limit, bool closes_on_exec) {
    if (to >= limit || to >= DESCRIPTOR_LIMIT_MAX) {
        return STATUS_BAD_DESCRIPTOR;
    }
    struct file *replaced = nullptr;
    sleep_lock_acquire(&table->lock);
    enum status status = copy_held(&table->slots, from, to, closes_on_exec, &replaced);
    sleep_lock_release(&table->lock);
    leave_file(table, replaced);
    return status;
}

enum status descriptor_closes_on_exec(struct descriptor_table *table, uint32_t number,
                                      bool *closes_on_exec) {
    sleep_lock_acquire(&table->lock);
    bool is_open = file_at(&table->slots, number) != nullptr;
    *closes_on_exec = is_open && bitmap_has(&table->slots.marked, number);
    sleep_lock_release(&table->lock);
    return is_open ? STATUS_OK : STATUS_BAD_DESCRIPTOR;
}

enum status descriptor_set_close_on_exec(struct descriptor_table *table, uint32_t number,
                                         bool closes_on_exec) {
    sleep_lock_acquire(&table->lock);
    struct file *file = file_at(&table->slots, number);
    if (file != nullptr) {
        put(&table->slots, number, file, closes_on_exec);
    }
    sleep_lock_release(&table->lock);
    return file == nullptr ? STATUS_BAD_DESCRIPTOR : STATUS_OK;
}

/* Frees the first number from *number on that stands for a file and is in `set`; null: none. */
static struct file *take_next(struct slots *slots, const struct bitmap *set, uint32_t *number,
                              uint32_t last) {
    for (uint32_t at = bitmap_find_used(set, *number); at < slots->size && at <= last;
         at = bitmap_find_used(set, at + 1)) {
        if (slots->files[at] != nullptr) {
            *number = at;
            return take(slots, at);
        }
    }
    return nullptr;
}

static void close_all(struct descriptor_table *table, bool only_marked, uint32_t first,
                      uint32_t last) {
    struct file *file;
    do {
        sleep_lock_acquire(&table->lock);
        const struct bitmap *set = only_marked ? &table->slots.marked : &table->slots.taken;
        file = take_next(&table->slots, set, &first, last);
        sleep_lock_release(&table->lock);
        leave_file(table, file);
    } while (file != nullptr);
}

void descriptor_close_range(struct descriptor_table *table, uint32_t first, uint32_t last) {
    close_all(table, false, first, last);
}

void descriptor_close_marked(struct descriptor_table *table) {
    close_all(table, true, 0, UINT32_MAX);
}

void descriptor_mark_range(struct descriptor_table *table, uint32_t first, uint32_t last) {
    sleep_lock_acquire(&table->lock);
    struct slots *slots = &table->slots;
    for (uint32_t at = bitmap_find_used(&slots->taken, first); at < slots->size && at <= last;
         at = bitmap_find_used(&slots->taken, at + 1)) {
        bitmap_add(&slots->marked, at);
    }
    sleep_lock_release(&table->lock);
}
