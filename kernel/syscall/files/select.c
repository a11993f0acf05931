#include "kernel/clock/clock.h"
#include "kernel/clock/sleep.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/deadline.h"
#include "kernel/syscall/files/watch.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* The three sets of man 2 select, in the order of its arguments. */
constexpr size_t SET_COUNT = 3;
constexpr uint32_t BITS_PER_WORD = 64;

constexpr uint32_t READY_FOR_SET[SET_COUNT] = {
    READY_TO_READ | READY_READ_NORMAL | READY_ERROR | READY_HANG_UP,
    READY_TO_WRITE | READY_WRITE_NORMAL | READY_ERROR,
    READY_URGENT,
};

struct select_sets {
    uint32_t limit; /* descriptors are below it */
    size_t word_count;
    uint64_t *words; /* of the heap: word_count of them for each set */
};

static uint64_t *set_of(const struct select_sets *sets, size_t index) {
    return sets->words + index * sets->word_count;
}

static bool has(const struct select_sets *sets, size_t index, uint32_t descriptor) {
    return set_of(sets, index)[descriptor / BITS_PER_WORD] >> descriptor % BITS_PER_WORD & 1;
}

static uint64_t asked_in_word(const struct select_sets *sets, size_t word) {
    uint64_t asked = set_of(sets, 0)[word] | set_of(sets, 1)[word] | set_of(sets, 2)[word];
    uint32_t bits = sets->limit - (uint32_t)word * BITS_PER_WORD;
    return bits < BITS_PER_WORD ? asked & ((1ull << bits) - 1) : asked;
}

static size_t count_asked(const struct select_sets *sets) {
    size_t count = 0;
    for (size_t word = 0; word < sets->word_count; word++) {
        count += (size_t)__builtin_popcountll(asked_in_word(sets, word));
    }
    return count;
}

/* The first descriptor at `from` or after it that is in any set; limit: none. */
static uint32_t next_asked(const struct select_sets *sets, uint32_t from) {
    for (uint32_t at = from; at < sets->limit; at++) {
        if (asked_in_word(sets, at / BITS_PER_WORD) >> at % BITS_PER_WORD & 1) {
            return at;
        }
    }
    return sets->limit;
}

static size_t bytes_of_set(const struct select_sets *sets) {
    return sets->word_count * sizeof(uint64_t);
}

static enum status take_sets(const struct select_sets *sets, const uint64_t addresses[SET_COUNT]) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < SET_COUNT && status == STATUS_OK; i++) {
        if (addresses[i] != 0) {
            status = copy_argument(set_of(sets, i), addresses[i], bytes_of_set(sets));
        }
    }
    return status;
}

static enum status give_sets(const struct select_sets *sets, const uint64_t addresses[SET_COUNT]) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < SET_COUNT && status == STATUS_OK; i++) {
        if (addresses[i] != 0) {
            status = copy_result(addresses[i], set_of(sets, i), bytes_of_set(sets));
        }
    }
    return status;
}

static uint32_t wanted_of(const struct select_sets *sets, uint32_t descriptor) {
    uint32_t wanted = 0;
    for (size_t i = 0; i < SET_COUNT; i++) {
        wanted |= has(sets, i, descriptor) ? READY_FOR_SET[i] : 0;
    }
    return wanted;
}

static enum status fill_watches(const struct select_sets *sets, struct watch_list *list) {
    uint32_t descriptor = next_asked(sets, 0);
    for (size_t i = 0; i < list->count; i++) {
        struct watch *watch = &list->watches[i];
        watch->wanted = wanted_of(sets, descriptor);
        enum status status = open_file(descriptor, &watch->file);
        if (status != STATUS_OK) {
            watch->file = nullptr;
            return status;
        }
        descriptor = next_asked(sets, descriptor + 1);
    }
    return STATUS_OK;
}

static int64_t set_results(const struct select_sets *sets, const struct watch_list *list) {
    int64_t count = 0;
    uint32_t descriptor = next_asked(sets, 0);
    for (size_t at = 0; at < list->count; at++) {
        uint32_t next = next_asked(sets, descriptor + 1);
        for (size_t i = 0; i < SET_COUNT; i++) {
            bool is_ready =
                has(sets, i, descriptor) && (list->watches[at].ready & READY_FOR_SET[i]) != 0;
            uint64_t bit = 1ull << descriptor % BITS_PER_WORD;
            uint64_t *word = &set_of(sets, i)[descriptor / BITS_PER_WORD];
            *word = is_ready ? *word | bit : *word & ~bit;
            count += is_ready;
        }
        descriptor = next;
    }
    return count;
}

static int64_t wait_for_sets(const struct select_sets *sets, uint64_t deadline_ns) {
    struct watch_list list;
    int64_t result = watch_list_create(&list, count_asked(sets));
    if (result != STATUS_OK) {
        return result;
    }
    result = fill_watches(sets, &list);
    if (result == STATUS_OK) {
        result = watch_list_wait(&list, deadline_ns);
    }
    if (result >= 0) {
        result = set_results(sets, &list);
    }
    watch_list_destroy(&list);
    return result;
}

static int64_t select_until(uint64_t count, const uint64_t addresses[SET_COUNT],
                            uint64_t deadline_ns) {
    if ((int32_t)count < 0) {
        return STATUS_INVALID;
    }
    uint32_t limit = (uint32_t)count < descriptor_limit() ? (uint32_t)count : descriptor_limit();
    struct select_sets sets = {
        .limit = limit,
        .word_count = (limit + BITS_PER_WORD - 1) / BITS_PER_WORD,
    };
    sets.words = heap_alloc(SET_COUNT * bytes_of_set(&sets) + 1);
    if (sets.words == nullptr) {
        return STATUS_NO_MEMORY;
    }
    int64_t result = take_sets(&sets, addresses);
    if (result == STATUS_OK) {
        result = wait_for_sets(&sets, deadline_ns);
    }
    if (result >= 0) {
        enum status status = give_sets(&sets, addresses);
        result = status == STATUS_OK ? result : status;
    }
    heap_free(sets.words);
    return result;
}

/* Of the time that is left, `part_ns` at a time behind the seconds. */
static void tell_time_left(uint64_t address, uint64_t deadline_ns, uint64_t part_ns) {
    if (address != 0) {
        uint64_t left = deadline_left(deadline_ns);
        const uint64_t time[2] = {left / NANOSECONDS_PER_SECOND,
                                  left % NANOSECONDS_PER_SECOND / part_ns};
        (void)copy_result(address, time, sizeof(time));
    }
}

int64_t call_select(const struct trap_frame *frame) {
    constexpr uint64_t microsecond_ns = 1000;
    const uint64_t addresses[SET_COUNT] = {frame->rsi, frame->rdx, frame->r10};
    uint64_t deadline;
    enum status status = deadline_of_timeval(frame->r8, &deadline);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = select_until(frame->rdi, addresses, deadline);
    tell_time_left(frame->r8, deadline, microsecond_ns);
    return result;
}

/* The sixth argument leads to the mask and its size. */
static enum status begin_mask(uint64_t address, struct wait_mask *mask) {
    uint64_t given[2] = {};
    enum status status = address == 0 ? STATUS_OK : copy_argument(given, address, sizeof(given));
    return status == STATUS_OK ? wait_mask_begin(mask, given[0], given[1]) : status;
}

int64_t call_pselect6(const struct trap_frame *frame) {
    const uint64_t addresses[SET_COUNT] = {frame->rsi, frame->rdx, frame->r10};
    uint64_t deadline;
    struct wait_mask mask;
    int64_t result = deadline_of_timespec(frame->r8, &deadline);
    if (result == STATUS_OK) {
        result = begin_mask(frame->r9, &mask);
    }
    if (result != STATUS_OK) {
        return result;
    }
    result = select_until(frame->rdi, addresses, deadline);
    wait_mask_end(&mask, result);
    tell_time_left(frame->r8, deadline, 1);
    return result;
}
