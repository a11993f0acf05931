#include "kernel/files/file/kinds.h"
#include "kernel/files/file/open.h"
#include "kernel/files/pipe/pipe.h"

constexpr uint32_t PIPE_FS_TYPE = 0x50495045; /* PIPEFS_MAGIC of man 2 statfs */

static struct pipe *pipe_of(const struct file *file) {
    return file->state;
}

static struct pipe_ends ends_of(const struct file *file) {
    return (struct pipe_ends){
        .has_reader = file->access & ACCESS_OF_READING,
        .has_writer = file->access & ACCESS_OF_WRITING,
    };
}

static enum status read_pipe(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)position;
    return pipe_read(pipe_of(file), transfer, file_may_wait(file));
}

static enum status write_pipe(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)position;
    return file_flags(file) & FILE_DIRECT
               ? pipe_write_packets(pipe_of(file), transfer, file_may_wait(file))
               : pipe_write(pipe_of(file), transfer, file_may_wait(file));
}

static uint32_t poll_pipe(struct file *file, struct waiter *waiter) {
    return pipe_poll(pipe_of(file), ends_of(file), file->writer_turn, waiter);
}

/* The pipe is the node's as long as any file has it open. */
static void leave_pipe(struct node *node, struct pipe *pipe) {
    sleep_lock_acquire(&node->lock);
    if (pipe_unref(pipe)) {
        node->pipe = nullptr;
    }
    sleep_lock_release(&node->lock);
}

static void release_pipe(struct file *file) {
    if (file->state != nullptr) {
        pipe_close(pipe_of(file), ends_of(file));
        leave_pipe(file->place.node, pipe_of(file));
    }
}

const struct file_operations pipe_file_operations = {
    .read = read_pipe,
    .write = write_pipe,
    .poll = poll_pipe,
    .release = release_pipe,
};

static enum status enter_fifo(const struct file *file, struct pipe **pipe) {
    struct node *node = file->place.node;
    enum status status = STATUS_OK;
    sleep_lock_acquire(&node->lock);
    if (node->pipe == nullptr) {
        status = pipe_create(file->opener, &node->pipe);
    } else {
        pipe_ref(node->pipe);
    }
    *pipe = node->pipe;
    sleep_lock_release(&node->lock);
    return status;
}

/* An end of a pipe that never had a name is opened at once, whatever became of the other end. */
static void open_at_once(struct file *file, struct pipe *pipe) {
    pipe_open(pipe, ends_of(file));
    file->state = pipe;
    file->writer_turn = UINT32_MAX; /* its end is seen at once */
}

enum status fifo_file_open(struct file *file) {
    struct node *node = file->place.node;
    struct pipe *pipe;
    enum status status = enter_fifo(file, &pipe);
    if (status != STATUS_OK) {
        return status;
    }
    if (node->system->label != nullptr) {
        open_at_once(file, pipe);
        return STATUS_OK;
    }
    file->writer_turn = pipe_writer_turn(pipe);
    status = pipe_open_fifo(pipe, ends_of(file), file_may_wait(file));
    if (status != STATUS_OK) {
        leave_pipe(node, pipe);
        return status;
    }
    file->state = pipe;
    return STATUS_OK;
}

/* A pipe is a fifo that never had a name, so that /proc/PID/fd can lead to it. */
static enum status create_node(const struct credentials *owner, struct node **node) {
    static struct file_system system = {.type = PIPE_FS_TYPE, .name = "pipefs", .label = "pipe"};
    const struct node_request request = {
        .kind = NODE_FIFO,
        .permissions = 0600,
        .user = owner->user,
        .group = owner->group,
    };
    return nameless_node_create(&system, &request, node);
}

static enum status create_end(const struct location *place, uint8_t access, uint32_t flags,
                              uint32_t opener, struct file **file) {
    struct file *made;
    enum status status = file_create(&pipe_file_operations, place, access, flags, &made);
    if (status != STATUS_OK) {
        return status;
    }
    made->opener = opener;
    status = fifo_file_open(made);
    if (status != STATUS_OK) {
        file_discard(made);
        return status;
    }
    *file = made;
    return STATUS_OK;
}

enum status file_open_pipe(const struct credentials *owner, uint32_t flags, struct file **reader,
                           struct file **writer) {
    struct location place = {.mount = mount_nowhere()};
    enum status status = create_node(owner, &place.node);
    if (status != STATUS_OK) {
        return status;
    }
    status = create_end(&place, ACCESS_OF_READING, (flags & ~FILE_DIRECT) | OPEN_READ_ONLY,
                        owner->user, reader);
    if (status == STATUS_OK) {
        status =
            create_end(&place, ACCESS_OF_WRITING, flags | OPEN_WRITE_ONLY, owner->user, writer);
        if (status != STATUS_OK) {
            file_unref(*reader);
        }
    }
    node_unref(place.node);
    return status;
}

struct pipe *file_pipe(const struct file *file) {
    return file->operations == &pipe_file_operations ? pipe_of(file) : nullptr;
}
