#include "kernel/files/node/attributes.h"

#include "kernel/files/node/observer.h"

constexpr int64_t PREFERRED_SIZE = 4096;
constexpr int64_t DAY_SECONDS = 86'400;
constexpr uint32_t PERMISSION_EXECUTE_ANY = 0111;
constexpr uint32_t PERMISSION_EXECUTE_GROUP = 0010;

constexpr uint64_t SECOND_NS = 1'000'000'000;

static bool is_before(struct file_time a, struct file_time b) {
    return a.seconds != b.seconds ? a.seconds < b.seconds : a.nanoseconds < b.nanoseconds;
}

void node_note_store(struct node *node) {
    const struct file_time now = node_now();
    uint64_t now_ns = (uint64_t)now.seconds * SECOND_NS + (uint64_t)now.nanoseconds;
    __atomic_store_n(&node->stored_ns, now_ns, __ATOMIC_RELAXED);
}

/* Whoever looks at the times, or sets them, comes after what has been stored. */
static void take_over_store(struct node *node) REQUIRES(node->lock) {
    uint64_t stored_ns = __atomic_exchange_n(&node->stored_ns, 0, __ATOMIC_RELAXED);
    const struct file_time stored = {
        .seconds = (int64_t)(stored_ns / SECOND_NS),
        .nanoseconds = (int64_t)(stored_ns % SECOND_NS),
    };
    if (stored_ns == 0) {
        return;
    }
    node->modified = is_before(node->modified, stored) ? stored : node->modified;
    node->changed = is_before(node->changed, stored) ? stored : node->changed;
}

void node_stat(struct node *node, struct file_stat *stat) {
    uint64_t size_bytes = node->operations->size(node);
    uint64_t block_count = node->operations->block_count(node);
    sleep_lock_acquire(&node->lock);
    take_over_store(node);
    *stat = (struct file_stat){
        .device = node->system->device,
        .number = node->number,
        .link_count = node_link_count(node),
        .mode = node->kind | node->permissions,
        .user = node->user,
        .group = node->group,
        .special_device = node->device,
        .size_bytes = (int64_t)size_bytes,
        .preferred_size_bytes = PREFERRED_SIZE,
        .block_count = (int64_t)block_count,
        .accessed = node->accessed,
        .modified = node->modified,
        .changed = node->changed,
    };
    sleep_lock_release(&node->lock);
}

/* The three bits that count for them: the owner's, the group's or the others'. */
static unsigned granted_bits(const struct node *node, const struct credentials *credentials)
    REQUIRES(node->lock) {
    if (credentials->user == node->user) {
        return node->permissions >> 6 & 7;
    }
    if (credentials_have_group(credentials, node->group)) {
        return node->permissions >> 3 & 7;
    }
    return node->permissions & 7;
}

static bool is_granted_to_root(const struct node *node, unsigned access) REQUIRES(node->lock) {
    return node->kind == NODE_DIRECTORY || !(access & MAY_EXECUTE) ||
           (node->permissions & PERMISSION_EXECUTE_ANY) != 0;
}

enum status node_check_access(struct node *node, const struct credentials *credentials,
                              unsigned access) {
    sleep_lock_acquire(&node->lock);
    bool is_granted = (granted_bits(node, credentials) & access) == access ||
                      (credentials_are_root(credentials) && is_granted_to_root(node, access));
    sleep_lock_release(&node->lock);
    return is_granted ? STATUS_OK : STATUS_ACCESS_DENIED;
}

bool node_is_owned(struct node *node, const struct credentials *credentials) {
    sleep_lock_acquire(&node->lock);
    bool is_owned = credentials->user == node->user;
    sleep_lock_release(&node->lock);
    return is_owned || credentials_are_root(credentials);
}

enum status node_change_permissions(struct node *node, const struct credentials *credentials,
                                    uint32_t permissions) {
    if (!node_is_owned(node, credentials)) {
        return STATUS_NOT_PERMITTED;
    }
    sleep_lock_acquire(&node->lock);
    uint32_t changed = node->permissions ^ permissions;
    if ((node->seals & SEAL_EXECUTING) && (changed & PERMISSION_EXECUTE_ANY)) {
        sleep_lock_release(&node->lock);
        return STATUS_NOT_PERMITTED;
    }
    node->permissions = permissions & PERMISSION_MASK;
    if (!credentials_are_root(credentials) && !credentials_have_group(credentials, node->group)) {
        node->permissions &= ~PERMISSION_SET_GROUP;
    }
    node->changed = node_now();
    sleep_lock_release(&node->lock);
    node_tell(node, EVENT_ATTRIBUTES);
    return STATUS_OK;
}

static bool may_change_owner(const struct node *node, const struct credentials *credentials,
                             uint32_t user, uint32_t group) REQUIRES(node->lock) {
    bool is_owner = credentials->user == node->user;
    bool is_user_granted = user == ID_UNCHANGED || (is_owner && user == node->user);
    bool is_group_granted =
        group == ID_UNCHANGED ||
        (is_owner && (group == node->group || credentials_have_group(credentials, group)));
    return credentials_are_root(credentials) || (is_user_granted && is_group_granted);
}

/* Set-group without the group's right to execute stands for something else: it stays. */
static void take_set_bits(struct node *node) REQUIRES(node->lock) {
    node->permissions &= ~PERMISSION_SET_USER;
    if (node->permissions & PERMISSION_EXECUTE_GROUP) {
        node->permissions &= ~PERMISSION_SET_GROUP;
    }
}

enum status node_change_owner(struct node *node, const struct credentials *credentials,
                              uint32_t user, uint32_t group) {
    enum status status = STATUS_NOT_PERMITTED;
    sleep_lock_acquire(&node->lock);
    if (may_change_owner(node, credentials, user, group)) {
        node->user = user == ID_UNCHANGED ? node->user : user;
        node->group = group == ID_UNCHANGED ? node->group : group;
        if (node->kind != NODE_DIRECTORY) {
            take_set_bits(node);
        }
        node->changed = node_now();
        status = STATUS_OK;
    }
    sleep_lock_release(&node->lock);
    if (status == STATUS_OK && (user & group) != ID_UNCHANGED) {
        node_tell(node, EVENT_ATTRIBUTES);
    }
    return status;
}

static void change_time(struct file_time *time, const struct time_request *request) {
    if (request->change != TIME_KEEP) {
        *time = request->change == TIME_SET ? request->time : node_now();
    }
}

static enum status check_time_change(struct node *node, const struct credentials *credentials,
                                     bool are_both_now) {
    if (node_is_owned(node, credentials)) {
        return STATUS_OK;
    }
    return are_both_now ? node_check_access(node, credentials, MAY_WRITE) : STATUS_NOT_PERMITTED;
}

/* One time alone is what reading and writing change. */
static uint32_t event_of_times(const struct time_request *accessed,
                               const struct time_request *modified) {
    if (accessed->change == TIME_KEEP) {
        return EVENT_MODIFY;
    }
    return modified->change == TIME_KEEP ? EVENT_ACCESS : EVENT_ATTRIBUTES;
}

enum status node_change_times(struct node *node, const struct credentials *credentials,
                              const struct time_request *accessed,
                              const struct time_request *modified) {
    if (accessed->change == TIME_KEEP && modified->change == TIME_KEEP) {
        return STATUS_OK;
    }
    bool are_both_now = accessed->change == TIME_NOW && modified->change == TIME_NOW;
    enum status status = check_time_change(node, credentials, are_both_now);
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&node->lock);
    take_over_store(node);
    change_time(&node->accessed, accessed);
    change_time(&node->modified, modified);
    node->changed = node_now();
    sleep_lock_release(&node->lock);
    node_tell(node, event_of_times(accessed, modified));
    return STATUS_OK;
}

void node_note_read(struct node *node) {
    struct file_time now = node_now();
    sleep_lock_acquire(&node->lock);
    take_over_store(node);
    if (!is_before(node->modified, node->accessed) || !is_before(node->changed, node->accessed) ||
        now.seconds - node->accessed.seconds >= DAY_SECONDS) {
        node->accessed = now;
    }
    sleep_lock_release(&node->lock);
}

void node_note_write(struct node *node) {
    sleep_lock_acquire(&node->lock);
    node->modified = node->changed = node_now();
    sleep_lock_release(&node->lock);
}

void node_note_change(struct node *node) {
    sleep_lock_acquire(&node->lock);
    node->changed = node_now();
    sleep_lock_release(&node->lock);
}

void node_drop_set_bits(struct node *node, const struct credentials *credentials) {
    if (credentials_are_root(credentials)) {
        return;
    }
    sleep_lock_acquire(&node->lock);
    uint32_t before = node->permissions;
    take_set_bits(node);
    bool has_changed = node->permissions != before;
    sleep_lock_release(&node->lock);
    if (has_changed) {
        node_tell(node, EVENT_ATTRIBUTES);
    }
}
