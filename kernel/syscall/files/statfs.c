#include "kernel/files/file/open.h"
#include "kernel/files/memory_fs/memory_fs.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"
#include "mm/frame/frame.h"

/* struct statfs of man 2 statfs. */
struct system_stat {
    int64_t type;
    int64_t block_size_bytes;
    uint64_t block_count, free_block_count, available_block_count;
    uint64_t node_count, free_node_count;
    uint32_t id[2];
    int64_t name_length_max;
    int64_t fragment_size_bytes;
    int64_t flags;
    int64_t reserved[4];
};

static_assert(sizeof(struct system_stat) == 120);

constexpr int64_t BLOCK_SIZE = 4096;
constexpr int64_t FLAGS_ARE_VALID = 0x20;        /* ST_VALID */
constexpr int64_t TYPE_OF_NAMELESS = 0x09041934; /* ANON_INODE_FS_MAGIC */

static struct system_stat stat_of_type(int64_t type) {
    return (struct system_stat){
        .type = type,
        .block_size_bytes = BLOCK_SIZE,
        .name_length_max = NAME_LENGTH_MAX,
        .fragment_size_bytes = BLOCK_SIZE,
        .flags = FLAGS_ARE_VALID,
    };
}

/* Of what may take all memory, Linux tells nothing. */
static struct system_stat stat_of_system(const struct file_system *system) {
    struct system_stat stat = stat_of_type(system->type);
    stat.id[0] = system->device;
    if (system->type != MEMORY_FS_TYPE) {
        return stat;
    }
    struct memory_fs_usage usage = memory_fs_usage(system);
    if (usage.node_limit != MEMORY_FS_UNLIMITED) {
        stat.node_count = usage.node_limit;
        stat.free_node_count = usage.free_nodes;
    }
    if (usage.page_limit == MEMORY_FS_UNLIMITED) {
        return stat;
    }
    stat.block_count = usage.page_limit;
    stat.free_block_count = usage.page_limit - usage.page_count;
    stat.available_block_count = stat.free_block_count;
    return stat;
}

static struct system_stat stat_of_place(const struct location *place) {
    struct system_stat stat = stat_of_system(place->node->system);
    stat.flags |= mount_flags(place->mount);
    return stat;
}

int64_t call_statfs(const struct trap_frame *frame) {
    struct location found;
    enum status status = call_path_find((uint64_t)CURRENT_DIRECTORY, frame->rdi, EMPTY_PATH_IS_NONE,
                                        LAST_LINK_FOLLOW, &found);
    if (status != STATUS_OK) {
        return status;
    }
    struct system_stat stat = stat_of_place(&found);
    location_unref(&found);
    return copy_result(frame->rsi, &stat, sizeof(stat));
}

static struct system_stat stat_of_file(const struct file *file) {
    return file->place.node != nullptr ? stat_of_place(&file->place)
                                       : stat_of_type(TYPE_OF_NAMELESS);
}

int64_t call_fstatfs(const struct trap_frame *frame) {
    struct file *file;
    enum status status = any_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    struct system_stat stat = stat_of_file(file);
    file_unref(file);
    return copy_result(frame->rsi, &stat, sizeof(stat));
}

struct device_search {
    uint32_t device;
    bool is_found;
};

static void compare_device(void *context, struct mount *mount) {
    struct device_search *search = context;
    search->is_found |= mount_root(mount).node->system->device == search->device;
}

/* struct ustat of man 2 ustat: blocks of 512 bytes, and no names. */
int64_t call_ustat(const struct trap_frame *frame) {
    struct {
        int32_t free_block_count, padding;
        uint64_t free_node_count;
        char names[12], padding_2[4];
    } stat = {};
    constexpr uint64_t blocks_per_frame = BLOCK_SIZE / 512;
    struct device_search search = {.device = (uint32_t)frame->rdi};
    mount_for_each(compare_device, &search);
    if (!search.is_found) {
        return STATUS_INVALID;
    }
    stat.free_block_count = (int32_t)(frame_count().by_state[FRAME_FREE] * blocks_per_frame);
    return copy_result(frame->rsi, &stat, sizeof(stat));
}
