#include "kernel/files/file/kinds.h"
#include "kernel/files/file/open.h"
#include "kernel/files/pipe/pipe.h"

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
    return pipe_write(pipe_of(file), transfer, file_may_wait(file));
}

static uint32_t poll_pipe(struct file *file, struct waiter *waiter) {
    return pipe_poll(pipe_of(file), ends_of(file), file->writer_turn, waiter);
}

/* A fifo's pipe is the node's as long as any file has it open. */
static void leave_pipe(struct node *node, struct pipe *pipe) {
    if (node == nullptr) {
        (void)pipe_unref(pipe);
        return;
    }
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
    .mode = NODE_FIFO,
};

static enum status enter_fifo(struct node *node, struct pipe **pipe) {
    enum status status = STATUS_OK;
    sleep_lock_acquire(&node->lock);
    if (node->pipe == nullptr) {
        status = pipe_create(&node->pipe);
    } else {
        pipe_ref(node->pipe);
    }
    *pipe = node->pipe;
    sleep_lock_release(&node->lock);
    return status;
}

enum status fifo_file_open(struct file *file) {
    struct pipe *pipe;
    enum status status = enter_fifo(file->place.node, &pipe);
    if (status != STATUS_OK) {
        return status;
    }
    file->writer_turn = pipe_writer_turn(pipe);
    status = pipe_open_fifo(pipe, ends_of(file), file_may_wait(file));
    if (status != STATUS_OK) {
        leave_pipe(file->place.node, pipe);
        return status;
    }
    file->state = pipe;
    return STATUS_OK;
}

static enum status create_end(struct pipe *pipe, uint8_t access, uint32_t flags,
                              struct file **file) {
    const struct location nowhere = {};
    enum status status = file_create(&pipe_file_operations, &nowhere, access, flags, file);
    if (status == STATUS_OK) {
        pipe_ref(pipe);
        pipe_open(pipe, ends_of(*file));
        (*file)->state = pipe;
        (*file)->writer_turn = UINT32_MAX; /* its end is seen at once */
    }
    return status;
}

enum status file_open_pipe(uint32_t flags, struct file **reader, struct file **writer) {
    struct pipe *pipe;
    enum status status = pipe_create(&pipe);
    if (status != STATUS_OK) {
        return status;
    }
    status = create_end(pipe, ACCESS_OF_READING, flags | OPEN_READ_ONLY, reader);
    if (status == STATUS_OK) {
        status = create_end(pipe, ACCESS_OF_WRITING, flags | OPEN_WRITE_ONLY, writer);
        if (status != STATUS_OK) {
            file_unref(*reader);
        }
    }
    (void)pipe_unref(pipe);
    return status;
}

struct pipe *file_pipe(const struct file *file) {
    return file->operations == &pipe_file_operations ? pipe_of(file) : nullptr;
}
