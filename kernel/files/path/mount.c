#include "kernel/files/path/mount.h"

#include "lib/check.h"
#include "lib/list.h"
#include "mm/heap/heap.h"
#include "mm/lock/sleep_lock.h"

/* A file system, for as long as it is mounted somewhere. */
struct mounted {
    struct node *root;    /* its maker's reference; fixed at creation */
    uint32_t mount_count; /* atomic */
};

struct mount {
    struct list_node link;    /* guarded by mounts_lock */
    bool is_attached;         /* guarded by mounts_lock: it is in the table, or hidden */
    struct location covered;  /* owned; fixed at creation */
    uint32_t flags;           /* atomic; of MOUNT_FLAGS */
    uint32_t writer_count;    /* atomic; files that are open for writing */
    uint32_t use_count;       /* atomic: how often a path has led into it */
    uint32_t expiry;          /* atomic: the use_count of the next umount2, if nobody else comes */
    struct mounted *mounted;  /* counted; fixed at creation */
    struct node *root;        /* owned; fixed at creation */
    bool is_hidden;           /* fixed at creation */
    bool is_unbindable;       /* atomic: man 7 mount_namespaces */
    uint32_t number;          /* fixed at creation */
    uint32_t reference_count; /* atomic; 1 is the table's, and grows from 1 under mounts_lock; none
                                 is once it is detached */
};

static uint32_t last_number; /* atomic */
static struct sleep_lock mounts_lock;
static struct list_node mounts = {&mounts, &mounts}; /* guarded by mounts_lock */

static void give_back(struct mount *mount);
static void uncover(const struct mount *mount);

static void mount_ref(struct mount *mount) {
    uint32_t before = __atomic_fetch_add(&mount->reference_count, 1, __ATOMIC_RELAXED);
    CHECK(before > 0 && before < UINT32_MAX);
}

static bool drop_reference(struct mount *mount) {
    uint32_t before = __atomic_fetch_sub(&mount->reference_count, 1, __ATOMIC_ACQ_REL);
    CHECK(before > 0);
    return before == 1;
}

/* The last reference of one that is still in the table goes in mount_detach alone. */
static void mount_unref(struct mount *mount) {
    if (drop_reference(mount)) {
        give_back(mount);
    }
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
        mount_unref(location->mount);
    }
}

/* Nothing is mounted on what no path leads to any more: nobody could take it away. */
static enum status publish(struct mount *mount) {
    enum status status = STATUS_OK;
    const struct mount *below = mount->covered.mount;
    sleep_lock_acquire(&mounts_lock);
    if (below != nullptr && below->is_hidden) {
        status = STATUS_INVALID;
    } else if (below != nullptr && !below->is_attached) {
        status = STATUS_NOT_FOUND;
    } else {
        mount->is_attached = true;
        list_push_back(&mounts, &mount->link);
    }
    sleep_lock_release(&mounts_lock);
    return status;
}

/* Another mount of the system, which shows what stands at `root` of it. */
static enum status create_of(struct mounted *mounted, const struct location *covered,
                             struct node *root, struct mount **mount) {
    struct mount *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    made->covered = *covered;
    made->mounted = mounted;
    made->root = root;
    made->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
    made->reference_count = 1;
    __atomic_fetch_add(&mounted->mount_count, 1, __ATOMIC_RELAXED);
    node_ref(root);
    *mount = made;
    return STATUS_OK;
}

static enum status create(const struct location *covered, struct node *root, struct mount **mount) {
    struct mounted *mounted = heap_alloc(sizeof(*mounted));
    if (mounted == nullptr) {
        return STATUS_NO_MEMORY;
    }
    mounted->root = root;
    enum status status = create_of(mounted, covered, root, mount);
    if (status != STATUS_OK) {
        heap_free(mounted);
    }
    return status;
}

/* Frees one that has not come to be in use; its system's first mount leaves the root to its maker.
 */
static void discard(struct mount *mount) {
    struct mounted *mounted = mount->mounted;
    node_unref(mount->root);
    if (__atomic_sub_fetch(&mounted->mount_count, 1, __ATOMIC_ACQ_REL) == 0) {
        heap_free(mounted);
    }
    heap_free(mount);
}

enum status mount_create_root(struct node *root, struct mount **mount) {
    const struct location nowhere = {};
    enum status status = create(&nowhere, root, mount);
    return status == STATUS_OK ? publish(*mount) : status;
}

enum status mount_create_hidden(struct node *root, struct mount **mount) {
    const struct location nowhere = {};
    enum status status = create(&nowhere, root, mount);
    if (status == STATUS_OK) {
        list_init(&(*mount)->link); /* as if it were on a list, which it leaves when it goes */
        (*mount)->is_hidden = true;
        (*mount)->is_attached = true;
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

static enum status check_fits(const struct location *covered, const struct node *root) {
    bool fits = (covered->node->kind == NODE_DIRECTORY) == (root->kind == NODE_DIRECTORY);
    return fits ? STATUS_OK : STATUS_NOT_A_DIRECTORY;
}

/* Puts a new one over the place that it was made for. */
static enum status attach(struct mount *mount) {
    enum status status = cover(mount->covered.node);
    if (status != STATUS_OK) {
        discard(mount);
        return status;
    }
    location_ref(&mount->covered);
    status = publish(mount);
    if (status != STATUS_OK) {
        uncover(mount);
        location_unref(&mount->covered);
        discard(mount);
    }
    return status;
}

enum status mount_attach(const struct location *covered, struct node *root, uint32_t flags,
                         struct mount **mount) {
    enum status status = check_fits(covered, root);
    if (status == STATUS_OK) {
        status = create(covered, root, mount);
    }
    if (status != STATUS_OK) {
        return status;
    }
    (*mount)->flags = flags;
    return attach(*mount);
}

enum status mount_bind(const struct location *covered, const struct location *source) {
    struct mount *made;
    if (source->mount->mounted == nullptr ||
        __atomic_load_n(&source->mount->is_unbindable, __ATOMIC_RELAXED)) {
        return STATUS_INVALID;
    }
    enum status status = check_fits(covered, source->node);
    if (status == STATUS_OK) {
        status = create_of(source->mount->mounted, covered, source->node, &made);
    }
    if (status != STATUS_OK) {
        return status;
    }
    made->flags = mount_flags(source->mount);
    return attach(made);
}

void mount_set_unbindable(struct mount *mount, bool is_unbindable) {
    __atomic_store_n(&mount->is_unbindable, is_unbindable, __ATOMIC_RELAXED);
}

struct node *mount_system_root(const struct mount *mount) {
    return mount->mounted == nullptr ? nullptr : mount->mounted->root;
}

static void unlink(struct mount *mount) REQUIRES(mounts_lock) {
    list_remove(&mount->link);
    mount->is_attached = false;
}

/* New references are taken from old ones, or by mount_cross under the lock. */
static enum status unlink_unless_busy(struct mount *mount, uint32_t holder_count) {
    enum status status = STATUS_OK;
    sleep_lock_acquire(&mounts_lock);
    if (!mount->is_attached) {
        status = STATUS_INVALID;
    } else if (__atomic_load_n(&mount->reference_count, __ATOMIC_ACQUIRE) != holder_count) {
        status = STATUS_BUSY;
    } else {
        unlink(mount);
    }
    sleep_lock_release(&mounts_lock);
    return status;
}

/* Nobody refers to its system any more where it was the last mount of it. */
static void leave_system(const struct mount *mount) {
    struct mounted *mounted = mount->mounted;
    node_unref(mount->root);
    if (__atomic_sub_fetch(&mounted->mount_count, 1, __ATOMIC_ACQ_REL) == 0) {
        mounted->root->system->dismantle(mounted->root);
        heap_free(mounted);
    }
}

/* Nobody refers to it, and no path leads to it. It may have been the last to refer to the one that
 * it lies on, and so on down. */
static void give_back(struct mount *mount) {
    while (mount != nullptr) {
        const struct location covered = mount->covered;
        leave_system(mount);
        heap_free(mount);
        mount = nullptr;
        if (covered.node != nullptr) {
            node_unref(covered.node);
            mount = drop_reference(covered.mount) ? covered.mount : nullptr;
        }
    }
}

static void uncover(const struct mount *mount) {
    if (mount->covered.node != nullptr) {
        __atomic_fetch_sub(&mount->covered.node->mount_count, 1, __ATOMIC_RELAXED);
    }
}

static void end(struct mount *mount) {
    uncover(mount);
    give_back(mount);
}

enum status mount_detach(struct mount *mount) {
    enum status status = unlink_unless_busy(mount, 1);
    if (status == STATUS_OK) {
        end(mount);
    }
    return status;
}

static enum status check_is_detachable(const struct location *root) {
    bool is_root = root->node == root->mount->root && root->mount->covered.node != nullptr;
    return is_root ? STATUS_OK : STATUS_INVALID;
}

enum status mount_detach_root(const struct location *root) {
    enum status status = check_is_detachable(root);
    if (status == STATUS_OK) {
        status = unlink_unless_busy(root->mount, 2);
    }
    if (status != STATUS_OK) {
        location_unref(root);
        return status;
    }
    node_unref(root->node);
    end(root->mount);
    return STATUS_OK;
}

/* One that lies on `mount`, or deeper, and has none on it; `mount` itself where there is none. In
 * the table it comes after what it lies on. */
static struct mount *find_topmost(struct mount *mount) REQUIRES(mounts_lock) {
    struct mount *found = mount;
    for (struct list_node *at = mount->link.next; at != &mounts; at = at->next) {
        struct mount *other = LIST_ENTRY(at, struct mount, link);
        if (other->covered.node != nullptr && other->covered.mount == found) {
            found = other;
        }
    }
    return found;
}

/* Null where somebody else has taken `mount` itself. */
static struct mount *take_topmost(struct mount *mount) {
    struct mount *taken = nullptr;
    sleep_lock_acquire(&mounts_lock);
    if (mount->is_attached) {
        taken = find_topmost(mount);
        unlink(taken);
    }
    sleep_lock_release(&mounts_lock);
    return taken;
}

enum status mount_detach_all(const struct location *root) {
    enum status status = check_is_detachable(root);
    struct mount *taken = nullptr;
    while (status == STATUS_OK && taken != root->mount) {
        taken = take_topmost(root->mount);
        if (taken == nullptr) {
            status = STATUS_INVALID;
            break;
        }
        uncover(taken);
        mount_unref(taken);
    }
    location_unref(root);
    return status;
}

/* The caller's reference and the table's are the only ones. */
static bool is_unused(const struct mount *mount) {
    return __atomic_load_n(&mount->reference_count, __ATOMIC_ACQUIRE) == 2;
}

enum status mount_detach_expired(const struct location *root) {
    enum status status = check_is_detachable(root);
    if (status == STATUS_OK && !is_unused(root->mount)) {
        status = STATUS_BUSY;
    }
    uint32_t use_count = __atomic_load_n(&root->mount->use_count, __ATOMIC_RELAXED);
    if (status == STATUS_OK &&
        __atomic_exchange_n(&root->mount->expiry, use_count + 1, __ATOMIC_RELAXED) != use_count) {
        status = STATUS_TRY_AGAIN;
    }
    if (status != STATUS_OK) {
        location_unref(root);
        return status;
    }
    return mount_detach_root(root);
}

uint32_t mount_flags(const struct mount *mount) {
    return __atomic_load_n(&mount->flags, __ATOMIC_RELAXED);
}

/* Whoever begins to write counts first, and then looks: one of the two sees the other. */
enum status mount_set_flags(struct mount *mount, uint32_t flags) {
    uint32_t before = __atomic_exchange_n(&mount->flags, flags, __ATOMIC_SEQ_CST);
    bool is_written = __atomic_load_n(&mount->writer_count, __ATOMIC_SEQ_CST) > 0;
    if ((flags & MOUNT_READ_ONLY) && is_written) {
        __atomic_store_n(&mount->flags, before, __ATOMIC_SEQ_CST);
        return STATUS_BUSY;
    }
    return STATUS_OK;
}

enum status mount_check_change(const struct mount *mount) {
    bool is_read_only = __atomic_load_n(&mount->flags, __ATOMIC_SEQ_CST) & MOUNT_READ_ONLY;
    return is_read_only ? STATUS_READ_ONLY : STATUS_OK;
}

enum status mount_begin_writing(struct mount *mount) {
    __atomic_fetch_add(&mount->writer_count, 1, __ATOMIC_SEQ_CST);
    enum status status = mount_check_change(mount);
    if (status != STATUS_OK) {
        mount_end_writing(mount);
    }
    return status;
}

void mount_end_writing(struct mount *mount) {
    uint32_t before = __atomic_fetch_sub(&mount->writer_count, 1, __ATOMIC_SEQ_CST);
    CHECK(before > 0);
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
            __atomic_fetch_add(&mount->use_count, 1, __ATOMIC_RELAXED);
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
