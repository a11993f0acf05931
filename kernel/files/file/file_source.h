#pragma once

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "mm/space/area.h"

/* Open files as what areas show (man 2 mmap). An area keeps its file open. */

BEGIN_C_DECLS

/* Null where the contents cannot be mapped. Lives as long as the file. */
struct area_source *file_source(struct file *file);

/* The file whose source that is; null: it is another's. */
struct file *file_of_source(const struct area_source *source);

END_C_DECLS
