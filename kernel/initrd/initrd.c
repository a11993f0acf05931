#include "kernel/initrd/initrd.h"

#include "kernel/text/quote.h"
#include "kernel/text/silent.h"
#include "lib/memory.h"

/* A header is the magic and thirteen numbers of eight hexadecimal digits. */
constexpr size_t MAGIC_SIZE = 6;
constexpr size_t FIELD_SIZE = 8;
constexpr size_t FIELD_COUNT = 13;
constexpr size_t HEADER_SIZE = MAGIC_SIZE + FIELD_COUNT * FIELD_SIZE;
constexpr char MAGIC[MAGIC_SIZE] = {'0', '7', '0', '7', '0', '1'};
constexpr char TRAILER[] = "TRAILER!!!";

enum field : uint8_t {
    FIELD_INODE = 0,
    FIELD_MODE = 1,
    FIELD_USER = 2,
    FIELD_GROUP = 3,
    FIELD_LINK_COUNT = 4,
    FIELD_MODIFIED = 5,
    FIELD_FILE_SIZE = 6,
    FIELD_MAJOR = 7,
    FIELD_MINOR = 8,
    FIELD_SPECIAL_MAJOR = 9,
    FIELD_SPECIAL_MINOR = 10,
    FIELD_NAME_SIZE = 11,
};

static int digit_value(uint8_t digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    uint8_t lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool read_field(const uint8_t *header, enum field field, uint32_t *value) {
    const uint8_t *digits = header + MAGIC_SIZE + field * FIELD_SIZE;
    *value = 0;
    for (size_t i = 0; i < FIELD_SIZE; i++) {
        int digit = digit_value(digits[i]);
        if (digit < 0) {
            return false;
        }
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

static size_t round_up_to_4(size_t value) {
    return (value + 3) & ~(size_t)3;
}

struct header_numbers {
    uint32_t inode, mode, user, group, link_count, modified, file_size, name_size;
    uint32_t major, minor, special_major, special_minor;
};

static bool read_numbers(const uint8_t *header, struct header_numbers *numbers) {
    return read_field(header, FIELD_INODE, &numbers->inode) &&
           read_field(header, FIELD_MODE, &numbers->mode) &&
           read_field(header, FIELD_USER, &numbers->user) &&
           read_field(header, FIELD_GROUP, &numbers->group) &&
           read_field(header, FIELD_LINK_COUNT, &numbers->link_count) &&
           read_field(header, FIELD_MODIFIED, &numbers->modified) &&
           read_field(header, FIELD_FILE_SIZE, &numbers->file_size) &&
           read_field(header, FIELD_MAJOR, &numbers->major) &&
           read_field(header, FIELD_MINOR, &numbers->minor) &&
           read_field(header, FIELD_SPECIAL_MAJOR, &numbers->special_major) &&
           read_field(header, FIELD_SPECIAL_MINOR, &numbers->special_minor) &&
           read_field(header, FIELD_NAME_SIZE, &numbers->name_size);
}

static enum status read_header(const struct initrd *initrd, size_t offset,
                               const struct text_sink *complaints, struct header_numbers *numbers) {
    if (initrd->size_bytes - offset < HEADER_SIZE) {
        format_to(complaints, "K301: RAM disk: cut off in the header at offset %#zx of %#zx\n",
                  offset, initrd->size_bytes);
        return STATUS_INVALID;
    }
    const uint8_t *header = initrd->bytes + offset;
    if (__builtin_memcmp(header, MAGIC, MAGIC_SIZE) != 0) {
        format_to(complaints, "K302: RAM disk: no newc header at offset %#zx, but ", offset);
        quote_to(complaints, (const char *)header, MAGIC_SIZE);
        format_to(complaints, "\n");
        return STATUS_INVALID;
    }
    if (!read_numbers(header, numbers)) {
        format_to(complaints, "K303: RAM disk: the header at offset %#zx holds a non-digit\n",
                  offset);
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static enum status read_name(const struct initrd *initrd, size_t offset, uint32_t name_size,
                             const struct text_sink *complaints, struct initrd_entry *entry) {
    size_t start = offset + HEADER_SIZE;
    if (name_size == 0 || name_size > initrd->size_bytes - start ||
        initrd->bytes[start + name_size - 1] != '\0') {
        format_to(complaints, "K304: RAM disk: the name at offset %#zx has %u bytes and no end\n",
                  start, name_size);
        return STATUS_INVALID;
    }
    entry->name = (const char *)initrd->bytes + start;
    entry->name_length = name_size - 1;
    return STATUS_OK;
}

static bool is_trailer(const struct initrd_entry *entry) {
    return entry->name_length == sizeof(TRAILER) - 1 &&
           __builtin_memcmp(entry->name, TRAILER, sizeof(TRAILER)) == 0;
}

static enum status place_content(const struct initrd *initrd, size_t start, uint32_t file_size,
                                 const struct text_sink *complaints, struct initrd_entry *entry) {
    if (start > initrd->size_bytes || file_size > initrd->size_bytes - start) {
        format_to(complaints, "K305: RAM disk: %u bytes at offset %#zx leave it; they belong to ",
                  file_size, start);
        quote_to(complaints, entry->name, entry->name_length);
        format_to(complaints, "\n");
        return STATUS_INVALID;
    }
    entry->content = initrd->bytes + start;
    entry->size_bytes = file_size;
    return STATUS_OK;
}

static void describe(const struct header_numbers *numbers, struct initrd_entry *entry) {
    uint32_t minor = numbers->special_minor;
    entry->mode = numbers->mode;
    entry->inode = numbers->inode;
    entry->device = (uint64_t)numbers->major << 32 | numbers->minor;
    entry->link_count = numbers->link_count;
    entry->user = numbers->user;
    entry->group = numbers->group;
    entry->modified_seconds = numbers->modified;
    entry->special_device = (minor & 0xff) | numbers->special_major << 8 | (minor & ~0xffu) << 12;
}

enum status initrd_next(const struct initrd *initrd, size_t *offset,
                        const struct text_sink *complaints, struct initrd_entry *entry) {
    if (*offset >= initrd->size_bytes) {
        format_to(complaints, "K306: RAM disk: ends at offset %#zx without a trailer\n",
                  initrd->size_bytes);
        return STATUS_INVALID;
    }
    struct header_numbers numbers;
    enum status status = read_header(initrd, *offset, complaints, &numbers);
    if (status == STATUS_OK) {
        status = read_name(initrd, *offset, numbers.name_size, complaints, entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (is_trailer(entry)) {
        return STATUS_NOT_FOUND;
    }
    size_t content = round_up_to_4(*offset + HEADER_SIZE + numbers.name_size);
    status = place_content(initrd, content, numbers.file_size, complaints, entry);
    if (status != STATUS_OK) {
        return status;
    }
    describe(&numbers, entry);
    *offset = round_up_to_4(content + numbers.file_size);
    return STATUS_OK;
}

enum status initrd_check(const struct initrd *initrd, const struct text_sink *complaints,
                         size_t *count) {
    size_t offset = 0;
    struct initrd_entry entry;
    enum status status;
    *count = 0;
    while ((status = initrd_next(initrd, &offset, complaints, &entry)) == STATUS_OK) {
        (*count)++;
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static const char *skip_root(const char *path) {
    while (path[0] == '/' || (path[0] == '.' && path[1] == '/')) {
        path++;
    }
    return path;
}

/* Of the links to one inode only the last in the archive carries the content. */
static void follow_hard_link(const struct initrd *initrd, const struct text_sink *silent,
                             struct initrd_entry *entry) {
    size_t offset = 0;
    struct initrd_entry other;
    while (initrd_next(initrd, &offset, silent, &other) == STATUS_OK) {
        bool is_same = other.inode == entry->inode && other.device == entry->device;
        if (is_same && other.size_bytes > 0) {
            entry->content = other.content;
            entry->size_bytes = other.size_bytes;
        }
    }
}

static enum status complain_of_path(const struct text_sink *complaints, const char *number_and_text,
                                    const char *path, enum status status) {
    format_to(complaints, "%s: ", number_and_text);
    quote_to(complaints, path, strlen(path));
    format_to(complaints, "\n");
    return status;
}

enum status initrd_find(const struct initrd *initrd, const char *path,
                        const struct text_sink *complaints, struct initrd_entry *entry) {
    const struct text_sink *silent = silent_sink();
    const char *wanted = skip_root(path);
    size_t offset = 0;
    bool is_found = false;
    struct initrd_entry candidate;
    while (initrd_next(initrd, &offset, silent, &candidate) == STATUS_OK) {
        if (strcmp(skip_root(candidate.name), wanted) == 0) {
            *entry = candidate;
            is_found = true;
        }
    }
    if (!is_found) {
        return complain_of_path(complaints, "K307: RAM disk: no such file", path, STATUS_NOT_FOUND);
    }
    if ((entry->mode & INITRD_MODE_TYPE) != INITRD_MODE_REGULAR) {
        return complain_of_path(complaints, "K308: RAM disk: not a regular file", path,
                                STATUS_ACCESS_DENIED);
    }
    if (entry->link_count > 1 && entry->size_bytes == 0) {
        follow_hard_link(initrd, silent, entry);
    }
    return STATUS_OK;
}
