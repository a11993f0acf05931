#include "kernel/files/system_type/system_type.h"

#include "kernel/files/memory_fs/memory_fs.h"
#include "lib/memory.h"
#include "mm/addr/addr.h"

static struct list_node types = {&types, &types}; /* changed at boot alone */

void system_type_register(struct system_type *type) {
    list_push_back(&types, &type->link);
}

void system_type_unregister_all(void) {
    list_init(&types);
}

const struct system_type *system_type_find(const char *name) {
    for (struct list_node *at = types.next; at != &types; at = at->next) {
        const struct system_type *type = LIST_ENTRY(at, struct system_type, link);
        if (strcmp(type->name, name) == 0) {
            return type;
        }
    }
    return nullptr;
}

void system_type_for_each(void (*visit)(void *context, const struct system_type *type),
                          void *context) {
    for (struct list_node *at = types.next; at != &types; at = at->next) {
        visit(context, LIST_ENTRY(at, struct system_type, link));
    }
}

static size_t option_length(const char *text) {
    size_t length = 0;
    while (text[length] != '\0' && text[length] != ',') {
        length++;
    }
    return length;
}

/* Whether an option is `name` with a value; `*value` is where that begins. */
static bool has_name(const char *option, const char *name, const char **value) {
    size_t length = strlen(name);
    *value = option + length;
    return strncmp(option, name, length) == 0;
}

static bool is_without_effect(const char *option) {
    const char *value;
    return has_name(option, "huge=", &value);
}

/* An octal number up to the end of the option. */
static enum status read_permissions(const char *value, uint32_t *permissions) {
    size_t length = option_length(value);
    uint32_t number = 0;
    bool is_number = length > 0;
    for (size_t i = 0; i < length && is_number; i++) {
        is_number = value[i] >= '0' && value[i] <= '7' && number <= PERMISSION_MASK;
        number = number * 8 + (uint32_t)(value[i] - '0');
    }
    *permissions = number;
    return is_number && number <= PERMISSION_MASK ? STATUS_OK : STATUS_INVALID;
}

/* How far a suffix of a number moves it: k, m, g; 0: it is none. */
static unsigned shift_of(char suffix) {
    switch (suffix | 0x20) {
    case 'k':
        return 10;
    case 'm':
        return 20;
    case 'g':
        return 30;
    }
    return 0;
}

/* A decimal number with such a suffix; `*rest` is what follows. */
static enum status read_amount(const char *value, uint64_t *amount, const char **rest) {
    constexpr uint64_t most = INT64_MAX;
    uint64_t number = 0;
    const char *at = value;
    for (; *at >= '0' && *at <= '9' && number <= most / 10; at++) {
        number = number * 10 + (uint64_t)(*at - '0');
    }
    unsigned shift = shift_of(*at);
    bool is_number = at > value && number <= most >> shift;
    *rest = shift > 0 ? at + 1 : at;
    *amount = is_number ? number << shift : 0;
    return is_number ? STATUS_OK : STATUS_INVALID;
}

static bool is_end(const char *at) {
    return *at == '\0' || *at == ',';
}

/* As Linux has it, 0 is no limit at all. */
static enum status set_limit(uint64_t count, uint64_t *limit) {
    *limit = count > 0 ? count : MEMORY_FS_UNLIMITED;
    return STATUS_OK;
}

static enum status read_count(const char *value, uint64_t most, uint64_t *limit) {
    uint64_t count;
    const char *rest;
    enum status status = read_amount(value, &count, &rest);
    if (status != STATUS_OK || !is_end(rest) || count > most) {
        return STATUS_INVALID;
    }
    return set_limit(count, limit);
}

/* Bytes, or hundredths of all memory. */
static enum status read_size(const char *value, struct memory_fs_request *request) {
    uint64_t amount;
    const char *rest;
    enum status status = read_amount(value, &amount, &rest);
    bool is_share = status == STATUS_OK && *rest == '%';
    if (status != STATUS_OK || !is_end(rest + is_share)) {
        return STATUS_INVALID;
    }
    if (!is_share) {
        return set_limit((amount + PAGE_SIZE - 1) / PAGE_SIZE, &request->page_limit);
    }
    uint64_t total = 2 * memory_fs_default_limit();
    return amount > INT64_MAX / total ? STATUS_INVALID
                                      : set_limit(amount * total / 100, &request->page_limit);
}

static enum status read_option(const char *option, struct memory_fs_request *request) {
    const char *value;
    if (option_length(option) == 0 || is_without_effect(option)) {
        return STATUS_OK;
    }
    if (has_name(option, "size=", &value)) {
        return read_size(value, request);
    }
    if (has_name(option, "nr_blocks=", &value)) {
        return read_count(value, INT64_MAX, &request->page_limit);
    }
    if (has_name(option, "nr_inodes=", &value)) {
        return read_count(value, MEMORY_FS_NODES_MAX, &request->node_limit);
    }
    return has_name(option, "mode=", &value) ? read_permissions(value, &request->root_permissions)
                                             : STATUS_INVALID;
}

enum status system_type_create_memory(const char *options, struct node **root) {
    struct memory_fs_request request = {
        .root_permissions = 01777,
        .page_limit = memory_fs_default_limit(),
        .node_limit = memory_fs_default_limit(),
    };
    enum status status = STATUS_OK;
    for (const char *at = options; *at != '\0' && status == STATUS_OK;) {
        status = read_option(at, &request);
        at += option_length(at);
        at += *at == ',';
    }
    return status == STATUS_OK ? memory_fs_create_as(&request, root) : status;
}
