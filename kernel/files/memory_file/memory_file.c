#include "kernel/files/memory_file/memory_file.h"

#include "kernel/files/directory/directory.h"
#include "kernel/files/file/open.h"
#include "kernel/files/memory_fs/memory_fs.h"
#include "lib/check.h"
#include "lib/memory.h"
#include "mm/lock/sleep_lock.h"

static struct sleep_lock mount_lock;
static struct mount *mount; /* guarded by mount_lock; made with the first file */

static enum status make_mount(void) REQUIRES(mount_lock) {
    struct node *root;
    const struct memory_fs_request request = {
        .root_permissions = 0700,
        .page_limit = MEMORY_FS_UNLIMITED,
        .node_limit = MEMORY_FS_UNLIMITED,
    };
    enum status status = memory_fs_create_as(&request, &root);
    if (status != STATUS_OK) {
        return status;
    }
    status = mount_create_hidden(root, &mount);
    if (status != STATUS_OK) {
        root->system->dismantle(root);
    }
    return status;
}

static enum status find_mount(struct location *top) {
    sleep_lock_acquire(&mount_lock);
    enum status status = mount == nullptr ? make_mount() : STATUS_OK;
    if (status == STATUS_OK) {
        *top = mount_root(mount);
    }
    sleep_lock_release(&mount_lock);
    return status;
}

void memory_files_end(void) {
    sleep_lock_acquire(&mount_lock);
    if (mount != nullptr && mount_detach(mount) == STATUS_OK) {
        mount = nullptr;
    }
    sleep_lock_release(&mount_lock);
}

static enum status make_node(const struct location *top, const struct memory_file_request *request,
                             struct node **node) {
    static const char prefix[] = "memfd:";
    char text[NAME_LENGTH_MAX + 1];
    constexpr size_t prefix_length = sizeof(prefix) - 1;
    size_t length = strlen(request->name);
    CHECK(length <= MEMORY_FILE_NAME_MAX);
    memcpy(text, prefix, prefix_length);
    memcpy(text + prefix_length, request->name, length);
    const struct name shown = {text, prefix_length + length};
    const struct node_request node_request = {
        .kind = NODE_REGULAR,
        .permissions = request->permissions,
        .user = request->user,
        .group = request->group,
    };
    struct node *root = top->node;
    sleep_lock_acquire(&root->system->tree_lock);
    enum status status = root->operations->make_nameless(root, shown, &node_request, node);
    sleep_lock_release(&root->system->tree_lock);
    return status;
}

enum status memory_file_create(const struct memory_file_request *request, struct file **file) {
    struct location top;
    struct node *node;
    enum status status = find_mount(&top);
    if (status == STATUS_OK) {
        status = make_node(&top, request, &node);
    }
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&node->lock);
    node->seals = request->seals;
    sleep_lock_release(&node->lock);
    const struct location place = {top.mount, node};
    status = file_open_regular(&place, request->flags, request->user, file);
    node_unref(node);
    return status;
}
