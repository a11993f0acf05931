#pragma once

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "mm/space/area.h"

/* Open files as what areas show (man 2 mmap). An area keeps its file open. */

BEGIN_C_DECLS

/* What areas show that do not write to the file: private ones, and shared ones that never may. Null
 * where the contents cannot be mapped. Lives as long as the file. */
struct area_source *file_source(struct file *file);

/*
 * What shared areas show that may write to the file, now or later; as long as there are any, the
 * file cannot be sealed against writing (man 2 fcntl, F_SEAL_WRITE). The caller's own use ends with
 * file_source_end_writing. Errors: STATUS_NOT_PERMITTED, it is sealed so; STATUS_NO_SUCH_DEVICE, it
 * cannot be mapped.
 */
enum status file_source_begin_writing(struct file *file, struct area_source **source);
void file_source_end_writing(struct file *file);

/* The file whose source that is; null: it is another's. */
struct file *file_of_source(const struct area_source *source);

END_C_DECLS
