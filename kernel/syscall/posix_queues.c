#include "kernel/files/file/open.h"
#include "kernel/message_file/message_file.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* man 2 mq_open, mq_unlink, mq_timedsend, mq_timedreceive, mq_notify, mq_getsetattr. */

/* Names are of one directory, which has no others in it. */
static enum status check_name(const char *text) {
    bool is_dots = strcmp(text, ".") == 0 || strcmp(text, "..") == 0;
    for (const char *at = text; *at != '\0'; at++) {
        is_dots = is_dots || *at == '/';
    }
    if (text[0] == '\0') {
        return STATUS_NOT_FOUND;
    }
    return is_dots ? STATUS_ACCESS_DENIED : STATUS_OK;
}

/* The text of a name, which is of the heap. */
static enum status take_name(uint64_t address, char **text) {
    enum status status = copy_path_text(address, text);
    if (status != STATUS_OK) {
        return status;
    }
    status = check_name(*text);
    if (status != STATUS_OK) {
        heap_free(*text);
    }
    return status;
}

int64_t call_mq_open(const struct trap_frame *frame) {
    struct posix_queue_attributes attributes;
    struct posix_queue_request request = {
        .flags = (uint32_t)frame->rsi,
        .permissions = (uint32_t)frame->rdx & PERMISSION_MASK,
    };
    if (frame->r10 != 0) {
        request.attributes = &attributes;
        if (copy_in(&attributes, frame->r10, sizeof(attributes)) != 0) {
            return STATUS_FAULT;
        }
    }
    char *text;
    enum status status = take_name(frame->rdi, &text);
    if (status != STATUS_OK) {
        return status;
    }
    struct file *file;
    request.name = (struct name){text, strlen(text)};
    status = posix_queue_open(&request, &file);
    heap_free(text);
    return status == STATUS_OK ? install_file(file, 0, true) : status;
}

int64_t call_mq_unlink(const struct trap_frame *frame) {
    char *text;
    enum status status = take_name(frame->rdi, &text);
    if (status == STATUS_OK) {
        status = posix_queue_unlink((struct name){text, strlen(text)});
        heap_free(text);
    }
    return status;
}

/* The open queue of a descriptor, with a reference, for an access; 0: any. */
static enum status queue_of(uint64_t descriptor, uint8_t access, struct file **file) {
    enum status status = open_file(descriptor, file);
    if (status != STATUS_OK) {
        return status;
    }
    if (!file_is_posix_queue(*file) || ((*file)->access & access) != access) {
        file_unref(*file);
        return STATUS_BAD_DESCRIPTOR;
    }
    return STATUS_OK;
}

static int64_t send(struct file *file, const struct trap_frame *frame, uint64_t deadline_ns) {
    uint64_t size_bytes = frame->rdx;
    if (size_bytes > (uint64_t)posix_queue_attributes(file).size_max) {
        return STATUS_MESSAGE_TOO_LONG;
    }
    struct posix_message *message = heap_alloc(sizeof(*message) + size_bytes);
    if (message == nullptr) {
        return STATUS_NO_MEMORY;
    }
    message->priority = (uint32_t)frame->r10;
    message->size_bytes = size_bytes;
    int64_t result = copy_in(message->bytes, frame->rsi, size_bytes);
    if (result == 0) {
        result = posix_queue_send(file, message, deadline_ns);
    }
    if (result != 0) {
        heap_free(message);
    }
    return result;
}

int64_t call_mq_timedsend(const struct trap_frame *frame) {
    uint64_t deadline;
    struct file *file;
    enum status status = deadline_at_from_user(frame->r8, true, &deadline);
    if (status == STATUS_OK && (uint32_t)frame->r10 >= POSIX_PRIORITY_COUNT) {
        status = STATUS_INVALID;
    }
    if (status == STATUS_OK) {
        status = queue_of(frame->rdi, ACCESS_OF_WRITING, &file);
    }
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = send(file, frame, deadline);
    file_unref(file);
    return result;
}

static int64_t receive(struct file *file, const struct trap_frame *frame, uint64_t deadline_ns) {
    struct posix_message *message;
    enum status status = posix_queue_receive(file, frame->rdx, deadline_ns, &message);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = (int64_t)message->size_bytes;
    bool is_told =
        frame->r10 == 0 || copy_out(frame->r10, &message->priority, sizeof(message->priority)) == 0;
    if (!is_told || copy_out(frame->rsi, message->bytes, message->size_bytes) != 0) {
        result = STATUS_FAULT;
    }
    heap_free(message);
    return result;
}

int64_t call_mq_timedreceive(const struct trap_frame *frame) {
    uint64_t deadline;
    struct file *file;
    enum status status = deadline_at_from_user(frame->r8, true, &deadline);
    if (status == STATUS_OK) {
        status = queue_of(frame->rdi, ACCESS_OF_READING, &file);
    }
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = receive(file, frame, deadline);
    file_unref(file);
    return result;
}

/* What struct sigevent of man 7 sigevent says of a queue. A thread's is told through a socket of
 * another family, which nobody has. */
static enum status take_notification(uint64_t address, struct posix_notification *notification) {
    enum { BY_SIGNAL, BY_NOTHING, BY_THREAD };
    struct {
        uint64_t value;
        int32_t signal, way;
        int32_t reserved[12];
    } event;
    if (copy_in(&event, address, sizeof(event)) != 0) {
        return STATUS_FAULT;
    }
    *notification = (struct posix_notification){
        .is_silent = event.way == BY_NOTHING || event.signal == 0,
        .signal = (unsigned)event.signal,
        .value = event.value,
    };
    if (event.way == BY_THREAD) {
        return STATUS_BAD_DESCRIPTOR;
    }
    bool is_signal =
        event.way == BY_SIGNAL && (event.signal == 0 || signal_is_valid((unsigned)event.signal));
    return is_signal || event.way == BY_NOTHING ? STATUS_OK : STATUS_INVALID;
}

int64_t call_mq_notify(const struct trap_frame *frame) {
    struct posix_notification notification;
    struct file *file;
    enum status status = frame->rsi == 0 ? STATUS_OK : take_notification(frame->rsi, &notification);
    if (status == STATUS_OK) {
        status = queue_of(frame->rdi, 0, &file);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = posix_queue_notify(file, frame->rsi == 0 ? nullptr : &notification);
    file_unref(file);
    return status;
}

static void set_no_wait(struct file *file, bool is_on) {
    uint32_t flags = file_flags(file);
    file_set_flags(file, is_on ? flags | FILE_NO_WAIT : flags & ~FILE_NO_WAIT);
}

int64_t call_mq_getsetattr(const struct trap_frame *frame) {
    struct posix_queue_attributes next;
    struct file *file;
    if (frame->rsi != 0 && copy_in(&next, frame->rsi, sizeof(next)) != 0) {
        return STATUS_FAULT;
    }
    if (frame->rsi != 0 && (next.flags & ~(int64_t)FILE_NO_WAIT)) {
        return STATUS_INVALID;
    }
    enum status status = queue_of(frame->rdi, 0, &file);
    if (status != STATUS_OK) {
        return status;
    }
    const struct posix_queue_attributes before = posix_queue_attributes(file);
    if (frame->rsi != 0) {
        set_no_wait(file, next.flags != 0);
    }
    file_unref(file);
    return frame->rdx == 0 ? 0 : copy_out(frame->rdx, &before, sizeof(before));
}
