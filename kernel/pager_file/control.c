#include "kernel/pager_file/control.h"

#include "kernel/cpu/user_copy.h"
#include "mm/addr/layout.h"
#include "mm/heap/heap.h"

/* Requests of man 2 ioctl_userfaultfd, in Linux's numbers, and their bits where it tells of them.
 */
enum pager_request : uint32_t {
    UFFDIO_API = 0xc018aa3f,
    UFFDIO_REGISTER = 0xc020aa00,
    UFFDIO_UNREGISTER = 0x8010aa01,
    UFFDIO_WAKE = 0x8010aa02,
    UFFDIO_COPY = 0xc028aa03,
    UFFDIO_ZEROPAGE = 0xc020aa04,
    UFFDIO_CONTINUE = 0xc020aa07,
};

constexpr uint64_t REQUESTS = 1ull << 63 | 1 << 0 | 1 << 1;
constexpr uint64_t REQUESTS_OF_RANGE = 1 << 2 | 1 << 3 | 1 << 4;
constexpr uint64_t REQUEST_OF_MINOR = 1 << 7;

constexpr uint64_t MODE_MISSING = 1;
constexpr uint64_t MODE_MINOR = 4;
constexpr uint64_t MODE_NO_WAKE = 1;
constexpr uint64_t MODE_WRITE_PROTECT = 2;

struct byte_range {
    uint64_t start, size_bytes;
};

static enum status take(void *to, uint64_t address, size_t size_bytes) {
    return user_copy_in(to, virt_addr(address), size_bytes) == 0 ? STATUS_OK : STATUS_FAULT;
}

static enum status give(uint64_t address, TRUSTED const void *from, size_t size_bytes) {
    return user_copy_out(virt_addr(address), from, size_bytes) == 0 ? STATUS_OK : STATUS_FAULT;
}

/* man 2 ioctl_userfaultfd, UFFDIO_API. */
struct handshake {
    uint64_t version, features, requests;
};

static enum status shake_hands(struct pager_state *state, struct handshake *hands,
                               uint64_t address) {
    constexpr uint64_t version = 0xaa;
    uint64_t asked = hands->features;
    uint64_t none = 0;
    if (hands->version != version) {
        return STATUS_INVALID;
    }
    if ((asked & FEATURE_EVENT_FORK) != 0 && !process_has_capabilities()) {
        return STATUS_NOT_PERMITTED;
    }
    if ((asked & ~FEATURES) != 0) {
        return STATUS_INVALID;
    }
    hands->features = FEATURES;
    hands->requests = REQUESTS;
    enum status status = give(address, hands, sizeof(*hands));
    if (status != STATUS_OK) {
        return status;
    }
    bool is_first = __atomic_compare_exchange_n(&state->features, &none, asked | IS_READY, false,
                                                __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    return is_first ? STATUS_OK : STATUS_INVALID;
}

static enum status begin(struct pager_state *state, uint64_t address) {
    struct handshake hands;
    const struct handshake nothing = {};
    enum status status = take(&hands, address, sizeof(hands));
    if (status == STATUS_OK) {
        status = shake_hands(state, &hands, address);
    }
    if (status == STATUS_OK) {
        return status;
    }
    enum status cleared = give(address, &nothing, sizeof(nothing));
    return cleared == STATUS_OK ? status : STATUS_FAULT;
}

static bool is_user_bytes(const struct byte_range *bytes) {
    return is_aligned(bytes->size_bytes, PAGE_SIZE) && bytes->size_bytes != 0 &&
           bytes->start < USER_END && bytes->size_bytes <= USER_END - bytes->start;
}

static enum status pages_of(const struct byte_range *bytes, struct virt_range *range) {
    if (!is_aligned(bytes->start, PAGE_SIZE) || bytes->start < NULL_GUARD_END ||
        !is_user_bytes(bytes)) {
        return STATUS_INVALID;
    }
    *range = virt_range(virt_addr(bytes->start), bytes->size_bytes >> PAGE_SHIFT);
    return STATUS_OK;
}

static enum status set_pager(struct pager_state *state, struct virt_range range, uint8_t kinds) {
    struct locked_range token;
    if (!process_memory_try_ref(state->memory)) {
        return STATUS_NO_MEMORY;
    }
    space_lock_for_writing(state->memory->space, range, &token);
    enum status status = kinds != 0 ? space_set_pager(&token, range, &state->pager, kinds)
                                    : space_take_pager(&token, range, &state->pager);
    space_unlock(&token);
    process_memory_unref_later(state->memory);
    return status;
}

struct registration {
    struct byte_range bytes;
    uint64_t mode, requests;
};

static enum status enter(struct pager_state *state, uint64_t address) {
    struct registration asked;
    struct virt_range range;
    enum status status = take(&asked, address, offsetof(struct registration, requests));
    if (status != STATUS_OK) {
        return status;
    }
    if (asked.mode == 0 || (asked.mode & ~(MODE_MISSING | MODE_MINOR)) != 0) {
        return STATUS_INVALID;
    }
    uint8_t missing = (asked.mode & MODE_MISSING) != 0 ? PAGER_MISSING : 0;
    uint8_t minor = (asked.mode & MODE_MINOR) != 0 ? PAGER_UNSHOWN : 0;
    status = pages_of(&asked.bytes, &range);
    if (status == STATUS_OK) {
        status = set_pager(state, range, missing | minor);
    }
    if (status != STATUS_OK) {
        return status;
    }
    asked.requests = REQUESTS_OF_RANGE | (minor != 0 ? REQUEST_OF_MINOR : 0);
    return give(address + offsetof(struct registration, requests), &asked.requests,
                sizeof(asked.requests));
}

static enum status take_range(uint64_t address, struct virt_range *range) {
    struct byte_range bytes;
    enum status status = take(&bytes, address, sizeof(bytes));
    return status == STATUS_OK ? pages_of(&bytes, range) : status;
}

static enum status leave(struct pager_state *state, uint64_t address) {
    struct virt_range range;
    enum status status = take_range(address, &range);
    if (status == STATUS_OK) {
        status = set_pager(state, range, 0);
    }
    if (status == STATUS_OK) {
        pager_answer(state, range);
    }
    return status;
}

static enum status wake(struct pager_state *state, uint64_t address) {
    struct virt_range range;
    enum status status = take_range(address, &range);
    if (status == STATUS_OK) {
        pager_answer(state, range);
    }
    return status;
}

/* Pages that are to be filled. */
struct filling {
    struct pager_state *state;
    struct virt_range range;
    uint64_t mode;
    uint64_t from;    /* UFFDIO_COPY: where the contents are */
    void *page;       /* UFFDIO_COPY: room for one; else null */
    bool only_shows;  /* UFFDIO_CONTINUE */
    uint64_t told_at; /* where the result goes */
};

static enum status fill_page(const struct filling *filling, uint64_t index) {
    struct locked_range token;
    uint64_t offset = index << PAGE_SHIFT;
    virt_addr_t va = virt_add(filling->range.start, offset);
    enum status status = STATUS_OK;
    if (filling->page != nullptr) {
        status = take(filling->page, filling->from + offset, PAGE_SIZE);
    }
    if (status != STATUS_OK) {
        return status;
    }
    space_lock_for_writing(filling->state->memory->space, virt_range(va, 1), &token);
    status = filling->only_shows ? space_show_page(&token, va)
                                 : space_fill_page(&token, va, filling->page);
    space_unlock(&token);
    return status;
}

static enum status check(const struct filling *filling) {
    struct locked_range token;
    space_lock_for_writing(filling->state->memory->space, filling->range, &token);
    enum status status = space_check_pager(&token, filling->range);
    space_unlock(&token);
    bool is_protected = filling->page != nullptr && (filling->mode & MODE_WRITE_PROTECT) != 0;
    return status == STATUS_OK && is_protected ? STATUS_INVALID : status;
}

/* How many bytes were filled; an error where none was. */
static int64_t fill_pages(const struct filling *filling) {
    uint64_t done = 0;
    enum status status = check(filling);
    while (status == STATUS_OK && done < filling->range.page_count) {
        status = fill_page(filling, done);
        done += status == STATUS_OK;
        if (status == STATUS_OK && process_is_to_end()) {
            status = STATUS_INTERRUPTED;
        }
    }
    return done > 0 ? (int64_t)(done << PAGE_SHIFT) : status;
}

static enum status fill(const struct filling *filling) {
    if (!process_memory_try_ref(filling->state->memory)) {
        return STATUS_NO_SUCH_PROCESS;
    }
    int64_t filled = fill_pages(filling);
    process_memory_unref_later(filling->state->memory);
    if (give(filling->told_at, &filled, sizeof(filled)) != STATUS_OK) {
        return STATUS_FAULT;
    }
    if (filled < 0) {
        return (enum status)filled;
    }
    uint64_t page_count = (uint64_t)filled >> PAGE_SHIFT;
    if ((filling->mode & MODE_NO_WAKE) == 0) {
        pager_answer(filling->state, virt_range(filling->range.start, page_count));
    }
    return page_count == filling->range.page_count ? STATUS_OK : STATUS_TRY_AGAIN;
}

struct copying {
    uint64_t to, from, size_bytes, mode;
    int64_t copied;
};

static enum status copy(struct pager_state *state, uint64_t address) {
    struct copying asked;
    struct filling filling = {
        .state = state,
        .told_at = address + offsetof(struct copying, copied),
    };
    enum status status = take(&asked, address, offsetof(struct copying, copied));
    if (status != STATUS_OK) {
        return status;
    }
    const struct byte_range from = {asked.from, asked.size_bytes};
    const struct byte_range to = {asked.to, asked.size_bytes};
    bool is_known = (asked.mode & ~(MODE_NO_WAKE | MODE_WRITE_PROTECT)) == 0;
    if (!is_user_bytes(&from) || pages_of(&to, &filling.range) != STATUS_OK || !is_known) {
        return STATUS_INVALID;
    }
    filling.mode = asked.mode;
    filling.from = asked.from;
    filling.page = heap_alloc(PAGE_SIZE);
    if (filling.page == nullptr) {
        return STATUS_NO_MEMORY;
    }
    status = fill(&filling);
    heap_free(filling.page);
    return status;
}

/* UFFDIO_ZEROPAGE and UFFDIO_CONTINUE have the same argument. */
struct whole_pages {
    struct byte_range bytes;
    uint64_t mode;
    int64_t filled;
};

static enum status fill_without_copy(struct pager_state *state, uint64_t address, bool only_shows) {
    struct whole_pages asked;
    struct filling filling = {
        .state = state,
        .only_shows = only_shows,
        .told_at = address + offsetof(struct whole_pages, filled),
    };
    enum status status = take(&asked, address, offsetof(struct whole_pages, filled));
    if (status == STATUS_OK) {
        status = pages_of(&asked.bytes, &filling.range);
    }
    if (status != STATUS_OK) {
        return status;
    }
    filling.mode = asked.mode;
    return (asked.mode & ~MODE_NO_WAKE) == 0 ? fill(&filling) : STATUS_INVALID;
}

enum status pager_control(struct file *file, uint32_t request, uint64_t argument) {
    struct pager_state *state = file->state;
    if (request != UFFDIO_API && !pager_has(state, IS_READY)) {
        return STATUS_INVALID;
    }
    switch (request) {
    case UFFDIO_API:
        return begin(state, argument);
    case UFFDIO_REGISTER:
        return enter(state, argument);
    case UFFDIO_UNREGISTER:
        return leave(state, argument);
    case UFFDIO_WAKE:
        return wake(state, argument);
    case UFFDIO_COPY:
        return copy(state, argument);
    case UFFDIO_ZEROPAGE:
        return fill_without_copy(state, argument, false);
    case UFFDIO_CONTINUE:
        return fill_without_copy(state, argument, true);
    }
    return STATUS_INVALID;
}
