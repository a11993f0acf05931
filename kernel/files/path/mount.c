#include "kernel/files/path/mount.h"

#include "lib/check.h"
#include "lib/list.h"
#include "mm/heap/heap.h"
#include "mm/lock/sleep_lock.h"

struct mount {
    struct list_node link;    /* guarded by mounts_lock */
    struct location covered;  /* owned; fixed at creation */
    struct node *root;        /* its maker's reference; fixed at creation */
    bool is_hidden;           /* fixed at creation */
    uint32_t number;          /* fixed at creation */
    uint32_t reference_count; /* atomic; 1 is the table's, and grows from 1 under mounts_lock */
};

static uint32_t last_number; /* atomic */
static struct sleep_lock mounts_lock;
static struct list_node mounts = {&mounts, &mounts}; /* guarded by mounts_lock */

static void mount_ref(struct mount *mount) {
    uint32_t before = __atomic_fetch_add(&mount->reference_count, 1, __ATOMIC_RELAXED);
    CHECK(before > 0 && before < UINT32_MAX);
}

void location_ref(const struct location *location) {
    if (location->node != nullptr) {
        mount_ref(location->mount);
        node_ref(location->node);
    }
}

void location_unref(const struct location *location) {
    if (location->node != nullptr) {
        node_unref(location->node);
        uint32_t before =
            __atomic_fetch_sub(&location->mount->reference_count, 1, __ATOMIC_ACQ_REL);
        CHECK(before > 1); /* the table's goes in mount_detach alone */
    }
}

static void publish(struct mount *mount) {
    sleep_lock_acquire(&mounts_lock);
    list_push_back(&mounts, &mount->link);
    sleep_lock_release(&mounts_lock);
}

static enum status create(const struct location *covered, struct node *root, struct mount **mount) {
    struct mount *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    made->covered = *covered;
    made->root = root;
    made->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
    made->reference_count = 1;
    *mount = made;
    return STATUS_OK;
}

enum status mount_create_root(struct node *root, struct mount **mount) {
    const struct location nowhere = {};
    enum status status = create(&nowhere, root, mount);
    if (status == STATUS_OK) {
        publish(*mount);
    }
    return status;
}

enum status mount_create_hidden(struct node *root, struct mount **mount) {
    const struct location nowhere = {};
    enum status status = create(&nowhere, root, mount);
    if (status == STATUS_OK) {
        list_init(&(*mount)->link); /* as if it were on a list, which it leaves when it goes */
        (*mount)->is_hidden = true;
    }
    return status;
}

struct mount *mount_nowhere(void) {
    static struct mount nowhere = {.reference_count = 1};
    return &nowhere;
}

bool mount_is_hidden(const struct mount *mount) {
    return mount->is_hidden;
}

/* No name of a node that is covered can be removed: both are decided under its tree_lock. */
static enum status cover(struct node *node) {
    enum status status = STATUS_NOT_FOUND;
    sleep_lock_acquire(&node->system->tree_lock);
    if (node_link_count(node) > 0) {
        __atomic_fetch_add(&node->mount_count, 1, __ATOMIC_RELAXED);
        status = STATUS_OK;
    }
    sleep_lock_release(&node->system->tree_lock);
    return status;
}

enum status mount_attach(const struct location *covered, struct node *root, struct mount **mount) {
    if ((covered->node->kind == NODE_DIRECTORY) != (root->kind == NODE_DIRECTORY)) {
        return STATUS_NOT_A_DIRECTORY;
    }
    struct mount *made;
    enum status status = create(covered, root, &made);
    if (status != STATUS_OK) {
        return status;
    }
    status = cover(covered->node);
    if (status != STATUS_OK) {
        heap_free(made);
        return status;
    }
    location_ref(covered);
    publish(made);
    *mount = made;
    return STATUS_OK;
}

/* New references are taken from old ones, or by mount_cross under the lock. */
static bool unlink_unless_busy(struct mount *mount, uint32_t holder_count) {
    sleep_lock_acquire(&mounts_lock);
    bool is_free = __atomic_load_n(&mount->reference_count, __ATOMIC_ACQUIRE) == holder_count;
    if (is_free) {
        list_remove(&mount->link);
    }
    sleep_lock_release(&mounts_lock);
    return is_free;
}

static void end(struct mount *mount) {
    if (mount->covered.node != nullptr) {
        __atomic_fetch_sub(&mount->covered.node->mount_count, 1, __ATOMIC_RELAXED);
        location_unref(&mount->covered);
    }
    mount->root->system->dismantle(mount->root);
    heap_free(mount);
}

enum status mount_detach(struct mount *mount) {
    if (!unlink_unless_busy(mount, 1)) {
        return STATUS_BUSY;
    }
    end(mount);
    return STATUS_OK;
}

static enum status check_is_detachable(const struct location *root) {
    bool is_root = root->node == root->mount->root && root->mount->covered.node != nullptr;
    return is_root ? STATUS_OK : STATUS_INVALID;
}

enum status mount_detach_root(const struct location *root) {
    enum status status = check_is_detachable(root);
    if (status == STATUS_OK && !unlink_unless_busy(root->mount, 2)) {
        status = STATUS_BUSY;
    }
    if (status != STATUS_OK) {
        location_unref(root);
        return status;
    }
    node_unref(root->node);
    end(root->mount);
    return STATUS_OK;
}

uint32_t mount_number(const struct mount *mount) {
    return mount->number;
}

struct location mount_root(struct mount *mount) {
    return (struct location){mount, mount->root};
}

struct location mount_covered(const struct mount *mount) {
    return mount->covered;
}

/* The root of what covers the place, with references; null where nothing does. */
static struct location find_covering(const struct location *place) {
    struct location found = {};
    sleep_lock_acquire(&mounts_lock);
    for (struct list_node *at = mounts.next; at != &mounts; at = at->next) {
        struct mount *mount = LIST_ENTRY(at, struct mount, link);
        if (location_is(&mount->covered, place)) {
            found = mount_root(mount);
            location_ref(&found);
            break;
        }
    }
    sleep_lock_release(&mounts_lock);
    return found;
}

void mount_cross(struct location *location) {
    while (__atomic_load_n(&location->node->mount_count, __ATOMIC_RELAXED) > 0) {
        struct location above = find_covering(location);
        if (above.node == nullptr) {
            return; /* it is covered where another mount shows it */
        }
        location_unref(location);
        *location = above;
    }
}

void mount_for_each(void (*visit)(void *context, struct mount *mount), void *context) {
    sleep_lock_acquire(&mounts_lock);
    for (struct list_node *at = mounts.next; at != &mounts; at = at->next) {
        visit(context, LIST_ENTRY(at, struct mount, link));
    }
    sleep_lock_release(&mounts_lock);
}
