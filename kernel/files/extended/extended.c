#include "kernel/files/extended/extended.h"

#include "kernel/files/node/attributes.h"
#include "kernel/files/node/observer.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

struct value {
    struct list_node link; /* guarded by the node's lock; names descend, as on Linux */
    size_t name_size;      /* with the terminator */
    size_t size_bytes;
    char bytes[]; /* the name, then the value */
};

static struct value *value_of(struct list_node *link) {
    return LIST_ENTRY(link, struct value, link);
}

enum prefix : uint8_t { PREFIX_USER, PREFIX_TRUSTED, PREFIX_SECURITY, PREFIX_OTHER };

static const char *const prefixes[PREFIX_OTHER] = {"user.", "trusted.", "security."};

static bool begins_with(const char *name, const char *prefix) {
    return strlen(name) >= strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0;
}

static enum prefix prefix_of(const char *name) {
    enum prefix prefix = PREFIX_USER;
    while (prefix < PREFIX_OTHER && !begins_with(name, prefixes[prefix])) {
        prefix++;
    }
    return prefix;
}

static bool is_sticky(struct node *node) {
    sleep_lock_acquire(&node->lock);
    bool is_set = (node->permissions & PERMISSION_STICKY) != 0;
    sleep_lock_release(&node->lock);
    return node->kind == NODE_DIRECTORY && is_set;
}

/* What Linux asks before it looks whether the node keeps any. */
static enum status check_change(struct node *node, const struct credentials *credentials,
                                enum prefix prefix) {
    bool is_roots = prefix == PREFIX_TRUSTED || prefix == PREFIX_SECURITY;
    if (is_roots && !credentials_are_root(credentials)) {
        return STATUS_NOT_PERMITTED;
    }
    bool has_contents = node->kind == NODE_REGULAR || node->kind == NODE_DIRECTORY;
    bool is_others = is_sticky(node) && !node_is_owned(node, credentials);
    if (prefix == PREFIX_USER && (!has_contents || is_others)) {
        return STATUS_NOT_PERMITTED;
    }
    return is_roots ? STATUS_OK : node_check_access(node, credentials, MAY_WRITE);
}

static enum status check_look(struct node *node, const struct credentials *credentials,
                              enum prefix prefix) {
    bool has_contents = node->kind == NODE_REGULAR || node->kind == NODE_DIRECTORY;
    if ((prefix == PREFIX_TRUSTED && !credentials_are_root(credentials)) ||
        (prefix == PREFIX_USER && !has_contents)) {
        return STATUS_NO_DATA;
    }
    return prefix == PREFIX_SECURITY ? STATUS_OK : node_check_access(node, credentials, MAY_READ);
}

static enum status check_name(const struct node *node, const char *name, enum prefix prefix) {
    if (prefix == PREFIX_OTHER || node->operations->extended == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    return strlen(name) == strlen(prefixes[prefix]) ? STATUS_INVALID : STATUS_OK;
}

static struct value *find(struct node *node, const char *name) REQUIRES(node->lock) {
    struct list_node *values = node->operations->extended(node);
    for (struct list_node *at = values->next; at != values; at = at->next) {
        if (strcmp(value_of(at)->bytes, name) == 0) {
            return value_of(at);
        }
    }
    return nullptr;
}

static void insert(struct node *node, struct value *value) REQUIRES(node->lock) {
    struct list_node *values = node->operations->extended(node);
    struct list_node *before = values;
    while (before->next != values && strcmp(value_of(before->next)->bytes, value->bytes) > 0) {
        before = before->next;
    }
    list_insert_after(before, &value->link);
}

/* What one costs, as Linux has it. */
static uint64_t space_of(const struct value *value) {
    constexpr uint64_t overhead = 40;
    return overhead + value->name_size - 1 + value->size_bytes;
}

static size_t total_size(struct node *node) REQUIRES(node->lock) {
    struct list_node *values = node->operations->extended(node);
    size_t total = 0;
    for (struct list_node *at = values->next; at != values; at = at->next) {
        total += value_of(at)->name_size + value_of(at)->size_bytes;
    }
    return total;
}

static void take_out(struct node *node, struct value *value) REQUIRES(node->lock) {
    list_remove(&value->link);
    node->operations->give_space(node, space_of(value));
}

/* What is replaced is left for the caller to free. */
static enum status put_held(struct node *node, const struct extended_request *request,
                            struct value *made, struct value **replaced) REQUIRES(node->lock) {
    *replaced = find(node, request->name);
    if (*replaced != nullptr && request->must_be_new) {
        *replaced = nullptr;
        return STATUS_EXISTS;
    }
    if (*replaced == nullptr && request->must_exist) {
        return STATUS_NO_DATA;
    }
    if (total_size(node) + made->name_size + made->size_bytes > EXTENDED_TOTAL_MAX) {
        *replaced = nullptr;
        return STATUS_NO_SPACE;
    }
    enum status status = node->operations->take_space(node, space_of(made));
    if (status != STATUS_OK) {
        return status;
    }
    if (*replaced != nullptr) {
        take_out(node, *replaced);
    }
    insert(node, made);
    return STATUS_OK;
}

static enum status create(const struct extended_request *request, struct value **value) {
    size_t name_size = strlen(request->name) + 1;
    struct value *made = heap_alloc(sizeof(*made) + name_size + request->size_bytes);
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    made->name_size = name_size;
    made->size_bytes = request->size_bytes;
    memcpy(made->bytes, request->name, name_size);
    memcpy(made->bytes + name_size, request->value, request->size_bytes);
    *value = made;
    return STATUS_OK;
}

static enum status put(struct node *node, const struct extended_request *request) {
    struct value *made;
    struct value *unused;
    enum status status = create(request, &made);
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&node->lock);
    status = put_held(node, request, made, &unused);
    sleep_lock_release(&node->lock);
    heap_free(status == STATUS_OK ? unused : made);
    return status;
}

enum status extended_set(struct node *node, const struct credentials *credentials,
                         const struct extended_request *request) {
    enum prefix prefix = prefix_of(request->name);
    enum status status = check_change(node, credentials, prefix);
    if (status == STATUS_OK) {
        status = check_name(node, request->name, prefix);
    }
    if (status == STATUS_OK) {
        status = put(node, request);
    }
    if (status == STATUS_OK) {
        node_note_change(node);
        node_tell(node, EVENT_ATTRIBUTES);
    }
    return status;
}

static enum status copy_out(const struct value *value, void *buffer, size_t room,
                            size_t *size_bytes) {
    *size_bytes = value->size_bytes;
    if (room > 0 && value->size_bytes > room) {
        return STATUS_OUT_OF_RANGE;
    }
    if (room > 0) {
        memcpy(buffer, value->bytes + value->name_size, value->size_bytes);
    }
    return STATUS_OK;
}

enum status extended_get(struct node *node, const struct credentials *credentials, const char *name,
                         void *buffer, size_t room, size_t *size_bytes) {
    enum prefix prefix = prefix_of(name);
    enum status status = check_look(node, credentials, prefix);
    if (status == STATUS_OK) {
        status = check_name(node, name, prefix);
    }
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&node->lock);
    const struct value *value = find(node, name);
    status = value == nullptr ? STATUS_NO_DATA : copy_out(value, buffer, room, size_bytes);
    sleep_lock_release(&node->lock);
    return status;
}

/* One name behind `*size_bytes` others; counted, and written where there is room. */
static enum status add_name(const struct value *value, char *buffer, size_t room,
                            size_t *size_bytes) {
    if (room > 0 && value->name_size > room - *size_bytes) {
        return STATUS_OUT_OF_RANGE;
    }
    if (room > 0) {
        memcpy(buffer + *size_bytes, value->bytes, value->name_size);
    }
    *size_bytes += value->name_size;
    return STATUS_OK;
}

enum status extended_list(struct node *node, const struct credentials *credentials, char *buffer,
                          size_t room, size_t *size_bytes) {
    enum status status = STATUS_OK;
    *size_bytes = 0;
    if (node->operations->extended == nullptr) {
        return STATUS_OK;
    }
    bool is_root = credentials_are_root(credentials);
    sleep_lock_acquire(&node->lock);
    struct list_node *values = node->operations->extended(node);
    for (struct list_node *at = values->next; at != values && status == STATUS_OK; at = at->next) {
        if (is_root || prefix_of(value_of(at)->bytes) != PREFIX_TRUSTED) {
            status = add_name(value_of(at), buffer, room, size_bytes);
        }
    }
    sleep_lock_release(&node->lock);
    return status;
}

enum status extended_remove(struct node *node, const struct credentials *credentials,
                            const char *name) {
    enum prefix prefix = prefix_of(name);
    enum status status = check_change(node, credentials, prefix);
    if (status == STATUS_OK) {
        status = check_name(node, name, prefix);
    }
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&node->lock);
    struct value *value = find(node, name);
    if (value != nullptr) {
        take_out(node, value);
    }
    sleep_lock_release(&node->lock);
    heap_free(value);
    if (value == nullptr) {
        return STATUS_NO_DATA;
    }
    node_note_change(node);
    node_tell(node, EVENT_ATTRIBUTES);
    return STATUS_OK;
}

uint64_t extended_free(struct list_node *values) {
    uint64_t space = 0;
    while (!list_is_empty(values)) {
        struct value *value = value_of(values->next);
        space += space_of(value);
        list_remove(&value->link);
        heap_free(value);
    }
    return space;
}
