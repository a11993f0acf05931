#include "kernel/files/socket/state.h"
#include "lib/memory.h"

/* What sockets are called: by a node of a file system, or by a name that is only theirs. */

constexpr uint32_t ABSTRACT_NAME_COUNT = 1 << 20;
constexpr size_t ABSTRACT_DIGITS = 5;

static struct list_node named = {&named, &named}; /* guarded by socket_lock, as the next */
static uint32_t next_abstract;

enum status socket_check_name(const struct socket_name *name) {
    uint16_t family;
    if (name->size_bytes <= SOCKET_NAME_START ||
        name->size_bytes > SOCKET_NAME_START + SOCKET_PATH_SIZE) {
        return STATUS_INVALID;
    }
    memcpy(&family, name->bytes, sizeof(family));
    return family == SOCKET_FAMILY_UNIX ? STATUS_OK : STATUS_INVALID;
}

static bool is_abstract(const struct socket_name *name) {
    return name->bytes[SOCKET_NAME_START] == '\0';
}

/* A path that ends where its text does. */
static struct socket_name with_terminator(const struct socket_name *given) {
    struct socket_name name = *given;
    name.bytes[name.size_bytes] = '\0';
    name.size_bytes = SOCKET_NAME_START + (uint32_t)strlen(name.bytes + SOCKET_NAME_START) + 1;
    return name;
}

static bool has_name(const struct socket *socket, const struct socket_name *name)
    REQUIRES(socket_lock) {
    return socket->name.size_bytes == name->size_bytes &&
           memcmp(socket->name.bytes, name->bytes, name->size_bytes) == 0;
}

static struct socket *find_abstract(const struct socket_name *name, enum socket_kind kind)
    REQUIRES(socket_lock) {
    for (struct list_node *at = named.next; at != &named; at = at->next) {
        struct socket *socket = LIST_ENTRY(at, struct socket, named);
        if (socket->kind == kind && socket->place.node == nullptr && has_name(socket, name)) {
            return socket;
        }
    }
    return nullptr;
}

static struct socket *find_at(const struct node *node) REQUIRES(socket_lock) {
    for (struct list_node *at = named.next; at != &named; at = at->next) {
        struct socket *socket = LIST_ENTRY(at, struct socket, named);
        if (socket->place.node == node) {
            return socket;
        }
    }
    return nullptr;
}

static enum status found_as(struct socket *socket, enum socket_kind kind, struct socket **found)
    REQUIRES(socket_lock) {
    if (socket == nullptr) {
        return STATUS_REFUSED;
    }
    if (socket->kind != kind) {
        return STATUS_WRONG_SOCKET_KIND;
    }
    socket_ref(socket);
    *found = socket;
    return STATUS_OK;
}

static enum status find_by_path(const char *path, enum socket_kind kind, struct socket **found) {
    struct location place;
    const struct socket_hooks *hooks = socket_hooks();
    enum status status = hooks == nullptr ? STATUS_NOT_FOUND : hooks->find(path, &place);
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&socket_lock);
    status = found_as(find_at(place.node), kind, found);
    sleep_lock_release(&socket_lock);
    location_unref(&place);
    return status;
}

enum status socket_find(const struct socket_name *name, enum socket_kind kind,
                        struct socket **found) {
    if (!is_abstract(name)) {
        const struct socket_name path = with_terminator(name);
        return find_by_path(path.bytes + SOCKET_NAME_START, kind, found);
    }
    sleep_lock_acquire(&socket_lock);
    enum status status = found_as(find_abstract(name, kind), kind, found);
    sleep_lock_release(&socket_lock);
    return status;
}

static void take_name(struct socket *socket, const struct socket_name *name) REQUIRES(socket_lock) {
    socket->name = *name;
    list_remove(&socket->named);
    list_push_back(&named, &socket->named);
}

void socket_drop_name(struct socket *socket, struct location *place) {
    *place = socket->place;
    socket->place = (struct location){};
    list_remove(&socket->named);
    list_init(&socket->named);
}

static struct socket_name abstract_name(uint32_t number) {
    static const char digits[] = "0123456789abcdef";
    const uint16_t family = SOCKET_FAMILY_UNIX;
    struct socket_name name = {.size_bytes = SOCKET_NAME_START + 1 + ABSTRACT_DIGITS};
    memcpy(name.bytes, &family, sizeof(family));
    for (size_t i = 0; i < ABSTRACT_DIGITS; i++) {
        uint32_t digit = number >> 4 * (ABSTRACT_DIGITS - 1 - i) & 15;
        name.bytes[SOCKET_NAME_START + 1 + i] = digits[digit];
    }
    return name;
}

enum status socket_name_itself(struct socket *socket) {
    enum status status = STATUS_NO_SPACE;
    sleep_lock_acquire(&socket_lock);
    if (socket->name.size_bytes > 0) {
        status = STATUS_OK;
    }
    for (uint32_t i = 0; i < ABSTRACT_NAME_COUNT && status == STATUS_NO_SPACE; i++) {
        const struct socket_name name = abstract_name(next_abstract++ % ABSTRACT_NAME_COUNT);
        if (find_abstract(&name, socket->kind) == nullptr) {
            take_name(socket, &name);
            status = STATUS_OK;
        }
    }
    sleep_lock_release(&socket_lock);
    return status;
}

enum status socket_name_if_needed(struct socket *socket) {
    sleep_lock_acquire(&socket_lock);
    bool is_needed = socket_is_on(socket, OPTION_PASS_CREDENTIALS) && socket->name.size_bytes == 0;
    sleep_lock_release(&socket_lock);
    return is_needed ? socket_name_itself(socket) : STATUS_OK;
}

static enum status bind_abstract(struct socket *socket, const struct socket_name *name) {
    enum status status = STATUS_OK;
    sleep_lock_acquire(&socket_lock);
    if (socket->name.size_bytes > 0) {
        status = STATUS_INVALID;
    } else if (find_abstract(name, socket->kind) != nullptr) {
        status = STATUS_ADDRESS_IN_USE;
    } else {
        take_name(socket, name);
    }
    sleep_lock_release(&socket_lock);
    return status;
}

/* The place becomes the socket's. */
static enum status take_place(struct socket *socket, const struct socket_name *name,
                              const struct location *place) {
    sleep_lock_acquire(&socket_lock);
    enum status status = socket->name.size_bytes > 0 ? STATUS_INVALID : STATUS_OK;
    if (status == STATUS_OK) {
        take_name(socket, name);
        socket->place = *place;
    }
    sleep_lock_release(&socket_lock);
    return status;
}

static uint32_t permissions_of(struct node *node) {
    sleep_lock_acquire(&node->lock);
    uint32_t permissions = node->permissions;
    sleep_lock_release(&node->lock);
    return permissions;
}

static enum status bind_path(struct file *file, const struct socket_name *name) {
    const struct socket_hooks *hooks = socket_hooks();
    const char *path = name->bytes + SOCKET_NAME_START;
    const struct node_request request = {
        .kind = NODE_SOCKET,
        .permissions = permissions_of(file->place.node),
    };
    struct location place;
    enum status status = hooks == nullptr ? STATUS_NOT_FOUND : hooks->make(path, &request, &place);
    if (status != STATUS_OK) {
        return status == STATUS_EXISTS ? STATUS_ADDRESS_IN_USE : status;
    }
    status = take_place(socket_of(file), name, &place);
    if (status != STATUS_OK) {
        hooks->unmake(path);
        location_unref(&place);
    }
    return status;
}

enum status socket_bind(struct file *file, const struct socket_name *name) {
    uint16_t family;
    memcpy(&family, name->bytes, sizeof(family));
    if (name->size_bytes == SOCKET_NAME_START && family == SOCKET_FAMILY_UNIX) {
        return socket_name_itself(socket_of(file));
    }
    enum status status = socket_check_name(name);
    if (status != STATUS_OK) {
        return status;
    }
    if (is_abstract(name)) {
        return bind_abstract(socket_of(file), name);
    }
    const struct socket_name path = with_terminator(name);
    return bind_path(file, &path);
}

/* What is told of one that has no name. */
static struct socket_name only_family(void) {
    const uint16_t family = SOCKET_FAMILY_UNIX;
    struct socket_name name = {.size_bytes = SOCKET_NAME_START};
    memcpy(name.bytes, &family, sizeof(family));
    return name;
}

static struct socket_name told_name(const struct socket *socket) REQUIRES(socket_lock) {
    return socket->name.size_bytes > 0 ? socket->name : only_family();
}

struct socket_name socket_own_name(const struct file *file) {
    sleep_lock_acquire(&socket_lock);
    struct socket_name name = told_name(socket_of(file));
    sleep_lock_release(&socket_lock);
    return name;
}

enum status socket_peer_name(const struct file *file, struct socket_name *name) {
    sleep_lock_acquire(&socket_lock);
    const struct socket *peer = socket_of(file)->peer;
    if (peer != nullptr) {
        *name = told_name(peer);
    }
    sleep_lock_release(&socket_lock);
    return peer == nullptr ? STATUS_NOT_CONNECTED : STATUS_OK;
}
