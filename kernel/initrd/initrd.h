#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * Reads the initial RAM disk: one cpio archive in the "newc" format (man 5 cpio), as it lies in
 * memory. Nothing in it is trusted, nothing is copied. Complaints are numbered lines that say what
 * is wrong and at which offset; docs/messages.md lists the numbers.
 */

BEGIN_C_DECLS

struct initrd {
    const uint8_t *bytes; /* at any alignment; outlives every entry read from it */
    size_t size_bytes;
};

constexpr uint32_t INITRD_MODE_TYPE = 0170000; /* the file-type bits of a mode (man 7 inode) */
constexpr uint32_t INITRD_MODE_REGULAR = 0100000;

struct initrd_entry {
    const char *name; /* terminated at name[name_length]; as the archive spells it */
    size_t name_length;
    const uint8_t *content;
    size_t size_bytes;
    uint32_t mode;
    uint32_t inode;
    uint64_t device; /* that it was on; the two tell which entries are links to one file */
    uint32_t link_count;
    uint32_t user, group;
    uint32_t modified_seconds;
    uint32_t special_device; /* of a device, as st_rdev has it (man 3 makedev) */
};

/*
 * Reads the entry at *offset (0: the first) and moves *offset to the next. Errors:
 * STATUS_NOT_FOUND, the archive ends here; STATUS_INVALID, it is damaged, with a complaint.
 */
enum status initrd_next(UNTRUSTED const struct initrd *initrd, size_t *offset,
                        const struct text_sink *complaints, struct initrd_entry *entry);

/*
 * Checks the archive from end to end and counts its entries. Errors: STATUS_INVALID, with a
 * complaint; `*count` entries before the damage can be used.
 */
enum status initrd_check(UNTRUSTED const struct initrd *initrd, const struct text_sink *complaints,
                         size_t *count);

/*
 * Finds the regular file at `path`, which may be written with or without "/" or "./" in front,
 * whatever the archive does; of two with one name the later counts, as when unpacking. Follows hard
 * links, not symbolic ones. Errors: STATUS_NOT_FOUND; STATUS_ACCESS_DENIED, it is not a regular
 * file; both with a complaint.
 */
enum status initrd_find(UNTRUSTED const struct initrd *initrd, const char *path,
                        const struct text_sink *complaints, struct initrd_entry *entry);

END_C_DECLS
