#include "kernel/files/node/attributes.h"

#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"

constexpr uint64_t HERE = (uint64_t)CURRENT_DIRECTORY;
constexpr uint32_t KNOWN_FLAGS = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;

static enum status check_flags(uint32_t at_flags) {
    return at_flags & ~KNOWN_FLAGS ? STATUS_INVALID : STATUS_OK;
}

/* The place of an open file, which may be changed; owned. STATUS_NOT_SUPPORTED: it is in no file
 * system. */
static enum status place_of_descriptor(uint64_t descriptor, struct location *place) {
    struct file *file;
    enum status status = open_file(descriptor, &file);
    if (status != STATUS_OK) {
        return status;
    }
    *place = file->place;
    status = place->node == nullptr ? STATUS_NOT_SUPPORTED : mount_check_change(place->mount);
    if (status == STATUS_OK) {
        location_ref(place);
    }
    file_unref(file);
    return status;
}

/* The same for what a path names. */
static enum status place_of_path(uint64_t directory, uint64_t address, uint32_t at_flags,
                                 struct location *place) {
    enum status status = check_flags(at_flags);
    if (status == STATUS_OK) {
        status = call_path_find(directory, address, empty_path_of(at_flags), last_link_of(at_flags),
                                place);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = mount_check_change(place->mount);
    if (status != STATUS_OK) {
        location_unref(place);
    }
    return status;
}

static enum status change_permissions(struct node *node, uint64_t permissions) {
    struct credentials credentials = acting_credentials();
    if (node->kind == NODE_SYMLINK) {
        return STATUS_NOT_SUPPORTED;
    }
    return node_change_permissions(node, &credentials, (uint32_t)permissions & PERMISSION_MASK);
}

static int64_t change_permissions_at(uint64_t directory, uint64_t address, uint64_t permissions,
                                     uint32_t at_flags) {
    struct location found;
    enum status status = place_of_path(directory, address, at_flags, &found);
    if (status == STATUS_OK) {
        status = change_permissions(found.node, permissions);
        location_unref(&found);
    }
    return status;
}

int64_t call_chmod(const struct trap_frame *frame) {
    return change_permissions_at(HERE, frame->rdi, frame->rsi, 0);
}

int64_t call_fchmodat(const struct trap_frame *frame) {
    return change_permissions_at(frame->rdi, frame->rsi, frame->rdx, 0);
}

int64_t call_fchmodat2(const struct trap_frame *frame) {
    return change_permissions_at(frame->rdi, frame->rsi, frame->rdx, (uint32_t)frame->r10);
}

int64_t call_fchmod(const struct trap_frame *frame) {
    struct location place;
    enum status status = place_of_descriptor(frame->rdi, &place);
    if (status == STATUS_OK) {
        status = change_permissions(place.node, frame->rsi);
        location_unref(&place);
    }
    return status;
}

static enum status change_owner(struct node *node, uint64_t user, uint64_t group) {
    struct credentials credentials = acting_credentials();
    return node_change_owner(node, &credentials, (uint32_t)user, (uint32_t)group);
}

static int64_t change_owner_at(uint64_t directory, uint64_t address, const uint64_t ids[2],
                               uint32_t at_flags) {
    struct location found;
    enum status status = place_of_path(directory, address, at_flags, &found);
    if (status == STATUS_OK) {
        status = change_owner(found.node, ids[0], ids[1]);
        location_unref(&found);
    }
    return status;
}

int64_t call_chown(const struct trap_frame *frame) {
    const uint64_t ids[2] = {frame->rsi, frame->rdx};
    return change_owner_at(HERE, frame->rdi, ids, 0);
}

int64_t call_lchown(const struct trap_frame *frame) {
    const uint64_t ids[2] = {frame->rsi, frame->rdx};
    return change_owner_at(HERE, frame->rdi, ids, AT_SYMLINK_NOFOLLOW);
}

int64_t call_fchownat(const struct trap_frame *frame) {
    const uint64_t ids[2] = {frame->rdx, frame->r10};
    return change_owner_at(frame->rdi, frame->rsi, ids, (uint32_t)frame->r8);
}

int64_t call_fchown(const struct trap_frame *frame) {
    struct location place;
    enum status status = place_of_descriptor(frame->rdi, &place);
    if (status == STATUS_OK) {
        status = change_owner(place.node, frame->rsi, frame->rdx);
        location_unref(&place);
    }
    return status;
}

/* The times of access and of modification that a call asks for. */
struct both_times {
    struct time_request accessed, modified;
    bool are_wrong; /* which is told once the file is found */
};

static const struct both_times NOW = {.accessed.change = TIME_NOW, .modified.change = TIME_NOW};

/* Whether man 2 utimensat has nothing to do, and looks at nothing else. */
static bool keep_both(const struct both_times *times) {
    return times->accessed.change == TIME_KEEP && times->modified.change == TIME_KEEP &&
           !times->are_wrong;
}

static enum status change_times(struct node *node, const struct both_times *times) {
    struct credentials credentials = acting_credentials();
    if (times->are_wrong) {
        return STATUS_INVALID;
    }
    return node_change_times(node, &credentials, &times->accessed, &times->modified);
}

static int64_t change_times_at(uint64_t directory, uint64_t address, uint32_t at_flags,
                               const struct both_times *times) {
    struct location found;
    enum status status = place_of_path(directory, address, at_flags, &found);
    if (status == STATUS_OK) {
        status = change_times(found.node, times);
        location_unref(&found);
    }
    return status;
}

static int64_t change_times_of_descriptor(uint64_t descriptor, uint32_t at_flags,
                                          const struct both_times *times) {
    struct location place;
    enum status status = at_flags ? STATUS_INVALID : place_of_descriptor(descriptor, &place);
    if (status == STATUS_OK) {
        status = change_times(place.node, times);
        location_unref(&place);
    }
    return status;
}

/* Without a path the descriptor itself is meant. */
static int64_t change_times_by(uint64_t directory, uint64_t address, uint32_t at_flags,
                               const struct both_times *times) {
    if (address == 0 && (int32_t)directory != CURRENT_DIRECTORY) {
        return change_times_of_descriptor(directory, at_flags, times);
    }
    return change_times_at(directory, address, at_flags, times);
}

/* False: there is no such time. */
static bool make_request(const struct file_time *time, struct time_request *request) {
    constexpr int64_t second = 1'000'000'000;
    constexpr int64_t now = (1 << 30) - 1;  /* UTIME_NOW */
    constexpr int64_t keep = (1 << 30) - 2; /* UTIME_OMIT */
    bool is_set = time->nanoseconds >= 0 && time->nanoseconds < second;
    enum time_change other = time->nanoseconds == now ? TIME_NOW : TIME_KEEP;
    *request = (struct time_request){.change = is_set ? TIME_SET : other, .time = *time};
    return is_set || time->nanoseconds == now || time->nanoseconds == keep;
}

/* Two struct timespec; where there are none, the time is now. */
static enum status copy_times(uint64_t address, struct both_times *times) {
    struct file_time given[2];
    *times = NOW;
    if (address == 0) {
        return STATUS_OK;
    }
    enum status status = copy_argument(given, address, sizeof(given));
    if (status == STATUS_OK) {
        bool is_right = make_request(&given[0], &times->accessed);
        times->are_wrong = !make_request(&given[1], &times->modified) || !is_right;
    }
    return status;
}

int64_t call_utimensat(const struct trap_frame *frame) {
    struct both_times times;
    enum status status = copy_times(frame->rdx, &times);
    if (status != STATUS_OK || keep_both(&times)) {
        return status;
    }
    return change_times_by(frame->rdi, frame->rsi, (uint32_t)frame->r10, &times);
}

static struct time_request set_to(int64_t seconds, int64_t nanoseconds) {
    return (struct time_request){.change = TIME_SET, .time = {seconds, nanoseconds}};
}

/* struct timeval of man 3type timeval, twice. */
static enum status copy_microseconds(uint64_t address, struct both_times *times) {
    constexpr uint64_t second = 1'000'000;
    struct {
        int64_t seconds, microseconds;
    } given[2];
    *times = NOW;
    if (address == 0) {
        return STATUS_OK;
    }
    enum status status = copy_argument(given, address, sizeof(given));
    if (status != STATUS_OK) {
        return status;
    }
    if ((uint64_t)given[0].microseconds >= second || (uint64_t)given[1].microseconds >= second) {
        return STATUS_INVALID;
    }
    times->accessed = set_to(given[0].seconds, given[0].microseconds * 1000);
    times->modified = set_to(given[1].seconds, given[1].microseconds * 1000);
    return STATUS_OK;
}

int64_t call_futimesat(const struct trap_frame *frame) {
    struct both_times times;
    enum status status = copy_microseconds(frame->rdx, &times);
    return status == STATUS_OK ? change_times_by(frame->rdi, frame->rsi, 0, &times) : status;
}

int64_t call_utimes(const struct trap_frame *frame) {
    struct both_times times;
    enum status status = copy_microseconds(frame->rsi, &times);
    return status == STATUS_OK ? change_times_by(HERE, frame->rdi, 0, &times) : status;
}

int64_t call_utime(const struct trap_frame *frame) {
    int64_t seconds[2]; /* struct utimbuf of man 2 utime */
    struct both_times times = NOW;
    if (frame->rsi != 0) {
        enum status status = copy_argument(seconds, frame->rsi, sizeof(seconds));
        if (status != STATUS_OK) {
            return status;
        }
        times.accessed = set_to(seconds[0], 0);
        times.modified = set_to(seconds[1], 0);
    }
    return change_times_by(HERE, frame->rdi, 0, &times);
}
