#include "kernel/files/system_type/system_type.h"

#include "kernel/files/memory_fs/memory_fs.h"
#include "lib/memory.h"

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
    static const char *const names[] = {"size=", "nr_blocks=", "nr_inodes=", "huge="};
    const char *value;
    bool is_found = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !is_found; i++) {
        is_found = has_name(option, names[i], &value);
    }
    return is_found;
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

static enum status read_option(const char *option, uint32_t *permissions) {
    const char *value;
    if (option_length(option) == 0 || is_without_effect(option)) {
        return STATUS_OK;
    }
    return has_name(option, "mode=", &value) ? read_permissions(value, permissions)
                                             : STATUS_INVALID;
}

enum status system_type_create_memory(const char *options, struct node **root) {
    uint32_t permissions = 01777;
    enum status status = STATUS_OK;
    for (const char *at = options; *at != '\0' && status == STATUS_OK;) {
        status = read_option(at, &permissions);
        at += option_length(at);
        at += *at == ',';
    }
    return status == STATUS_OK ? memory_fs_create(permissions, root) : status;
}
