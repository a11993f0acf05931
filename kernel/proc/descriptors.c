#include "kernel/files/path/path.h"
#include "kernel/proc/subject.h"
#include "kernel/proc/tables.h"
#include "lib/memory.h"

/* /proc/PID/fd and fdinfo. */

constexpr uint32_t CLOSE_ON_EXEC_SHOWN = 02000000; /* O_CLOEXEC */

/* The open file that the subject tells of, with a reference. */
static enum status find_file(const struct made_subject *subject, struct file **file) {
    struct descriptor_table *files = subject_files(subject);
    if (files == nullptr) {
        return STATUS_NOT_FOUND;
    }
    enum status status = descriptor_get(files, subject->descriptor, file);
    descriptor_table_unref(files);
    return status == STATUS_OK ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status file_follow(const struct made_subject *subject, struct location *place) {
    struct file *file;
    if (!may_inspect(subject)) {
        return STATUS_ACCESS_DENIED;
    }
    enum status status = find_file(subject, &file);
    if (status != STATUS_OK) {
        return status;
    }
    if (file->place.node == nullptr) {
        status = STATUS_NO_DEVICE;
    } else {
        *place = file->place;
        location_ref(place);
    }
    file_unref(file);
    return status;
}

/* A path, or what stands for one where there is none. */
static const char *name_of(const struct file *file, char *buffer) {
    const struct node *node = file->place.node;
    if (node == nullptr) {
        return file->operations->name != nullptr ? file->operations->name : "anon_inode:[file]";
    }
    if (node->system->label == nullptr) {
        return shown_path(&file->place, buffer);
    }
    format_buffer(buffer, PATH_SIZE_MAX, "%s:[%llu]", node->system->label,
                  (unsigned long long)node->number);
    return buffer;
}

static enum status file_read_link(const struct made_subject *subject, char *text, size_t *length) {
    struct file *file;
    if (!may_inspect(subject)) {
        return STATUS_ACCESS_DENIED;
    }
    enum status status = find_file(subject, &file);
    if (status != STATUS_OK) {
        return status;
    }
    const char *path = name_of(file, text);
    *length = strlen(path);
    memmove(text, path, *length);
    file_unref(file);
    return STATUS_OK;
}

static void write_octal(const struct text_sink *sink, uint32_t value) {
    char digits[12];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 8);
        value /= 8;
    } while (value > 0);
    format_to(sink, "0%.*s", (int)(sizeof(digits) - at), digits + at);
}

static bool closes_on_exec(const struct made_subject *subject) {
    bool closes = false;
    struct descriptor_table *files = subject_files(subject);
    if (files != nullptr) {
        enum status status = descriptor_closes_on_exec(files, subject->descriptor, &closes);
        closes = status == STATUS_OK && closes;
        descriptor_table_unref(files);
    }
    return closes;
}

static enum status facts_show(const struct made_view *view, const struct text_sink *sink) {
    struct file *file;
    enum status status = find_file(view->subject, &file);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t flags = file_flags(file) | (closes_on_exec(view->subject) ? CLOSE_ON_EXEC_SHOWN : 0);
    format_to(sink, "pos:\t%llu\nflags:\t",
              (unsigned long long)__atomic_load_n(&file->position, __ATOMIC_RELAXED));
    write_octal(sink, flags);
    format_to(sink, "\nmnt_id:\t%u\nino:\t%llu\n",
              file->place.mount != nullptr ? mount_number(file->place.mount) : 0,
              (unsigned long long)(file->place.node != nullptr ? file->place.node->number : 0));
    if (file->operations->show != nullptr) {
        file->operations->show(file, sink);
    }
    file_unref(file);
    return STATUS_OK;
}

static enum status facts_open(const struct made_subject *subject, void **state) {
    (void)state;
    return may_inspect(subject) ? STATUS_OK : STATUS_ACCESS_DENIED;
}

static const struct made_entry link_entry = {
    .kind = NODE_SYMLINK,
    .read_link = file_read_link,
    .follow = file_follow,
};

static const struct made_entry facts_entry = {
    .kind = NODE_REGULAR,
    .permissions = 0444,
    .open = facts_open,
    .show = facts_show,
};

/* What an open file allows is what its link shows. */
static uint32_t permissions_of(const struct file *file) {
    return (file->access & ACCESS_OF_READING ? 0500u : 0u) |
           (file->access & ACCESS_OF_WRITING ? 0300u : 0u);
}

static enum status find(const struct made_subject *directory, uint32_t number,
                        const struct made_entry *entry, struct made_child *child) {
    struct made_subject subject = *directory;
    struct file *file;
    subject.descriptor = number;
    enum status status = find_file(&subject, &file);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_link = entry->kind == NODE_SYMLINK;
    *child = (struct made_child){entry, subject, is_link ? permissions_of(file) : 0};
    process_ref(subject_process(&subject));
    file_unref(file);
    return STATUS_OK;
}

static enum status find_link(const struct made_subject *directory, uint32_t number,
                             struct made_child *child) {
    return find(directory, number, &link_entry, child);
}

/* Which descriptors there are is for who may inspect the process, as what they are. */
static enum status find_facts(const struct made_subject *directory, uint32_t number,
                              struct made_child *child) {
    if (!may_inspect(directory)) {
        return STATUS_ACCESS_DENIED;
    }
    return find(directory, number, &facts_entry, child);
}

static bool next(const struct made_subject *directory, uint32_t from, uint32_t *number) {
    struct descriptor_table *files = may_inspect(directory) ? subject_files(directory) : nullptr;
    if (files == nullptr) {
        return false;
    }
    bool is_found = descriptor_next(files, from, number);
    descriptor_table_unref(files);
    return is_found;
}

const struct made_directory descriptor_directory = {
    .find = find_link,
    .next = next,
    .number_kind = NODE_SYMLINK,
};

const struct made_directory descriptor_facts_directory = {
    .find = find_facts,
    .next = next,
    .number_kind = NODE_REGULAR,
};
